"""What `detector doctor FILE` says: which format, why, what it holds, and a mapping for a table nobody knows."""

import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import AS_OF, NO_CONFIG, build, ingest, rows

from detector.cli import cli
from detector.config import load_config
from detector.doctor import examine, propose_mapping
from detector.documents.examination import in_words
from detector.errors import ConfigError
from detector.framings import sniff
from detector.mapping_proposal import propose_zone

ROOT = Path(__file__).parent.parent
LOUISITVN = ROOT.resolve().parent / "shared/reference_logs/postfix/louisitvn_mail.log"

OUTBOX = """\
Zeitpunkt;Empfaenger;Zustand;Betreff
27.10.2026 18:04;ada@harbor.example;Verschickt;Willkommen
27.10.2026 18:05;bo@harbor.example;Verschickt;Willkommen
27.10.2026 18:06;cy@harbor.example;Verworfen;Willkommen
"""


MAPPED = """\
[sources.our_lms]
files = "outbox*.csv"
time_format = "%d.%m.%Y %H:%M"
columns = { timestamp = "Zeitpunkt", recipient = "Empf\u00e4nger", subject = "Betreff", event = "Zustand" }
words = { "Verschickt" = "sent", "Verworfen" = "dropped" }
"""


@pytest.fixture
def outbox(tmp_path):
    path = tmp_path / "outbox-2026-10-27.csv"
    path.write_text(OUTBOX, encoding="utf-8")
    return path


def test_a_known_log_is_told_with_its_format_counts_assumptions_and_first_events():
    examined = examine(ROOT / "sample_logs/postfix/mail.log", NO_CONFIG, AS_OF)
    assert examined.claims[0][0] == examined.tally.format == "postfix"
    assert examined.tally.is_balanced
    assert len(examined.rows) == 5
    said = in_words(examined)
    assert f"sends: {examined.sends:,} to {examined.recipients:,} recipients" in said
    assert f"{examined.tally.rejected} rejected" in said


def test_the_counts_are_those_of_a_night(db):
    path = ROOT / "sample_logs/plain/2026-10-29.csv"
    examined = examine(path, NO_CONFIG, AS_OF)
    ingest(db, path)
    build(db)
    (found,) = rows(db, "select count(*) as sends, count(distinct recipient) as recipients from sends")
    assert (examined.sends, examined.recipients) == (found["sends"], found["recipients"])


def test_a_table_nobody_knows_gets_a_mapping_that_only_lacks_what_a_person_must_say(outbox):
    proposal = tomllib.loads(propose_mapping(outbox, sniff(outbox)))
    source = proposal["sources"]["outbox"]
    assert source["files"] == "outbox-*.csv"
    assert source["time_format"] == "%d.%m.%Y %H:%M"
    assert source["columns"] == {
        "timestamp": "Zeitpunkt", "recipient": "Empfaenger", "event": "Zustand", "subject": "Betreff",
    }  # fmt: skip
    assert source["words"] == {"Verschickt": "", "Verworfen": ""}


def test_the_mapping_printed_makes_the_file_readable_once_it_is_pasted(outbox, tmp_path):
    shown = CliRunner().invoke(cli, ["doctor", str(outbox)])
    assert shown.exit_code == 3
    config = tmp_path / "detector.toml"
    config.write_text(shown.stdout, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words.*Verschickt: Input should be 'sent', 'queued'"):  # not yet said
        load_config(config)
    said = shown.stdout.replace('"Verschickt" = ""', '"Verschickt" = "sent"')
    config.write_text(said.replace('"Verworfen" = ""', '"Verworfen" = "dropped"'), encoding="utf-8")
    examined = examine(outbox, load_config(config), AS_OF)
    assert examined.mapping == "outbox"
    assert (examined.sends, examined.dropped, examined.tally.rejected) == (2, 1, 0)
    assert [row[4] for row in examined.rows] == ["Willkommen"] * 3
    assert not examined.proposal


def test_the_outbox_of_moodle_gets_its_subject_and_its_states_to_sort(tmp_path):
    path = tmp_path / "moodle.csv"
    path.write_text(
        "id,userid,email,fullmessage_subj,timecreated,state\n"
        "1,7,a@x.example,Welcome,1793959200,1\n2,8,b@x.example,Welcome,1793959300,0\n",
        encoding="utf-8",
    )
    text = propose_mapping(path, sniff(path))
    source = tomllib.loads(text)["sources"]["moodle"]
    assert source["columns"] == {
        "timestamp": "timecreated", "recipient": "email", "event": "state", "subject": "fullmessage_subj",
    }  # fmt: skip
    assert source["words"] == {"0": "", "1": ""}
    assert '# not used: "id", "userid"' in text


def test_a_table_without_a_subject_is_told_what_that_means(tmp_path):
    path = tmp_path / "queue.csv"
    path.write_text("when,rcpt\n2026-10-27,a@x.example\n", encoding="utf-8")
    assert '# subject = ""  # or template: without both' in propose_mapping(path, sniff(path))


def proposal_for(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return propose_mapping(path, sniff(path))


def test_without_a_column_for_time_or_people_the_proposal_says_that_there_is_none(tmp_path):
    text = proposal_for(tmp_path, "status.csv", "email,status\na@x.example,Success\nb@x.example,Success\n")
    assert 'timestamp = ""  # required: no column holds times; without any no repeat can be told' in text
    text = proposal_for(tmp_path, "times.csv", "timestamp,subject\n2026-10-27 10:00,Hello\n")
    assert 'recipient = ""  # required, and no column holds addresses; without people no copies can be counted' in text


def test_days_as_spreadsheets_count_them_are_recognized_and_not_taken_for_times(tmp_path):
    text = proposal_for(tmp_path, "sheet.csv", "When,Who\n46322.75278,a@x.example\n46322.75347,b@x.example\n")
    assert '"When" counts days as spreadsheets do; format it as date and time, and export again' in text


def test_of_several_times_the_one_at_which_a_mail_was_sent_is_proposed_and_the_other_named(tmp_path):
    rows = "27.10.2026 18:01;27.10.2026 18:04;a@x.example;Hallo\n27.10.2026 18:02;27.10.2026 18:05;b@x.example;Hallo\n"
    text = proposal_for(tmp_path, "post.csv", f"Erstellt;Versendet;Mail;Titel\n{rows}")
    assert 'timestamp = "Versendet"  # or "Erstellt": times as well' in text


def examined_as_proposed(path):
    """What doctor makes of a table with the mapping that it proposed for it."""
    config = path.with_name("detector.toml")
    config.write_text(propose_mapping(path, sniff(path)), encoding="utf-8")
    return examine(path, load_config(config), AS_OF)


def test_a_day_and_a_time_in_two_columns_are_proposed_as_one_moment_and_read_as_one(tmp_path):
    path = tmp_path / "post.csv"
    path.write_text(
        "Datum;Uhrzeit;An;Betreff\n27.10.2026;18:04:05;a@x.example;Hallo\n28.10.2026;9:05:00;b@x.example;Hi\n"
    )
    examined = examined_as_proposed(path)
    assert [row[0] for row in examined.rows] == ["2026-10-27 18:04:05", "2026-10-28 09:05:00"]
    assert examined.unused == ()


@pytest.mark.parametrize(
    ("titles", "day", "time"),
    [
        ("date,time", "2026-10-27", "18:04:05"),
        ("Date,Time", "10/27/2026", "6:04:05 PM"),
        ("sent_date,sent_time", "2026-10-27 00:00:00", "18:04:05"),
        ("date,time", "2026-10-27 18:04:05", "00:10"),
        ("date,time", "2026-10-27", "2026-10-27T18:04:05Z"),
    ],
)
def test_day_and_time_under_their_usual_names_need_no_mapping(tmp_path, titles, day, time):
    path = tmp_path / "post.csv"
    path.write_text(f"{titles},to,subject\n{day},{time},a@x.example,Hello\n", encoding="utf-8")
    (row,) = examine(path, NO_CONFIG, AS_OF).rows
    assert row[0] == "2026-10-27 18:04:05"


def test_rows_of_objects_in_objects_can_be_mapped_and_the_proposal_does(tmp_path):
    path = tmp_path / "api.json"
    path.write_text(
        '[{"id": 1, "attributes": {"sentAt": "2026-10-27T18:04:05Z", "toAddress": "a@x.example", "subject": "Hi"}}]'
    )
    examined = examined_as_proposed(path)
    assert examined.rows == (("2026-10-27 18:04:05", "accepted", "a@x.example", "", "Hi", ""),)


def test_rows_that_lie_inside_one_object_are_to_be_made_lines_first(tmp_path):
    text = proposal_for(tmp_path, "it's.json", '{"meta": 1, "data": [{"when": "2026-10-27", "to": "a@x.example"}]}')
    assert text.startswith('# the rows lie inside "data"; make lines of them, then ask again:  jq -c \'.["data"][]\' ')
    assert len(text.splitlines()) == 1
    assert tomllib.loads(text) == {}


def test_a_known_table_with_strange_words_gets_a_mapping_for_them(tmp_path):
    path = tmp_path / "queue.csv"
    path.write_text("timestamp,recipient,subject,event\n2026-10-27T18:00:00Z,a@x.example,Hi,dispatched-ok\n")
    examined = examine(path, NO_CONFIG, AS_OF)
    assert 'words = { "dispatched-ok" = "" }' in examined.proposal
    assert "its event column has words that nobody knows; put this into the config" in in_words(examined)
    (tmp_path / "detector.toml").write_text(examined.proposal.replace('" = ""', '" = "sent"'), encoding="utf-8")
    again = examine(path, load_config(tmp_path / "detector.toml"), AS_OF)
    assert (again.sends, again.proposal) == (1, "")


def test_what_a_table_holds_beyond_what_is_read_is_named_and_people_in_bcc_above_all(tmp_path):
    path = tmp_path / "queue.csv"
    path.write_text("sent_at,to,bcc,subject,mood\n2026-10-27T18:00:00Z,desk@x.example,a@x.example,Hi,good\n")
    said = in_words(examine(path, NO_CONFIG, AS_OF))
    assert "not used: 'bcc', 'mood'" in said
    assert "the people in 'bcc' are not counted: map it as recipient if it names those who got the mail" in said


def test_a_log_of_nobodys_format_is_told_which_formats_there_are(tmp_path):
    (tmp_path / "diary.log").write_text("Dear diary,\ntoday nothing was sent.\n")
    said = in_words(examine(tmp_path / "diary.log", NO_CONFIG, AS_OF))
    assert "problem: " in said
    assert "formats that are known: brevo, exchange, exim, " in said


def test_a_spreadsheets_table_in_windows_1252_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "outbox.csv"
    path.write_bytes(
        OUTBOX.replace("Empfaenger", "Empf\u00e4nger")
        .replace("Willkommen", "B\u00fcro \u2013 5 \u20ac")
        .encode("cp1252")
    )
    assert (
        tomllib.loads(propose_mapping(path, sniff(path)))["sources"]["outbox"]["columns"]["recipient"]
        == "Empf\u00e4nger"
    )
    config = tmp_path / "detector.toml"
    config.write_text(MAPPED, encoding="utf-8")
    examined = examine(path, load_config(config), AS_OF)
    assert [row[4] for row in examined.rows] == ["B\u00fcro \u2013 5 \u20ac"] * 3
    assert "assumed: bytes that are not UTF-8 were read as Windows-1252" in in_words(examined)


def test_words_that_no_one_knows_are_listed_for_the_person_to_sort(tmp_path):
    path = tmp_path / "queue.csv"
    path.write_text("when_sent,rcpt,status\n2026-10-27,a@x.example,Verschickt\n2026-10-27,b@x.example,sent\n")
    text = propose_mapping(path, sniff(path))
    assert 'words = { "Verschickt" = "" }  # say of each: sent, queued,' in text


def test_a_mapping_to_a_column_without_addresses_is_doubted(outbox, tmp_path):
    config = tmp_path / "detector.toml"
    config.write_text(MAPPED.replace("Empfänger", "Betreff").replace('subject = "Betreff", ', ""), encoding="utf-8")
    said = in_words(examine(outbox, load_config(config), AS_OF))
    assert "assumed: no recipient of the first 3 is an address: is 'Betreff' the right column?" in said
    assert "no recipient of" not in in_words(examine(outbox, load_config(_mapped(tmp_path)), AS_OF))


def test_a_mapped_table_is_said_to_be_read_because_of_its_mapping(outbox, tmp_path):
    outbox.write_text(OUTBOX.replace("Zeitpunkt", "Wann"), encoding="utf-8")
    config = tmp_path / "wann.toml"
    config.write_text(_mapped(tmp_path).read_text(encoding="utf-8").replace("Zeitpunkt", "Wann"), encoding="utf-8")
    said = in_words(examine(outbox, load_config(config), AS_OF))
    assert "framing csv; plain, because a mapping of the config names the file" in said


def _mapped(folder):
    path = folder / "mapped.toml"
    path.write_text(MAPPED.replace("Empfänger", "Empfaenger"), encoding="utf-8")
    return path


def test_stamps_that_fit_two_ways_of_writing_are_said_to():
    path = ROOT / "tests" / "nothing.csv"
    assert "both fit" in propose_mapping(path, _head("when,rcpt\n01/02/2026 10:00,a@x.example\n"))
    assert "both fit" not in propose_mapping(path, _head("when,rcpt\n13/02/2026 10:00,a@x.example\n"))


def test_names_with_quotes_and_stars_make_no_broken_toml(tmp_path):
    path = tmp_path / 'out[1]*"x".csv'
    path.write_text('"say ""when""","who?"\n2026-10-27,a@x.example\n2026-10-28,b@x.example\n', encoding="utf-8")
    source = tomllib.loads(propose_mapping(path, sniff(path)))["sources"]["out_1_x"]
    assert source["columns"] == {"timestamp": 'say "when"', "recipient": "who?"}


def test_a_file_that_is_no_log_says_so_and_proposes_nothing(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("The quality of mercy is not strained\nIt droppeth as the gentle rain\n", encoding="utf-8")
    examined = examine(path, NO_CONFIG, AS_OF)
    assert not examined.proposal
    assert "no format claims it" in in_words(examined)


PEOPLE = [f"person{number}@harbor.example" for number in range(30)]


def letters(folder, titles, name="ausgang.csv", encoding="utf-8"):
    """A table in which the academy writes to thirty people; under each title stands what it says."""
    cells = {"day": "27.10.2026", "time": "18:04:{:02}", "to": "", "from": "academy@school.example", "subject": "Hallo"}
    kinds = [kind for _, kind in titles]
    lines = [";".join(title for title, _ in titles)]
    for number, person in enumerate(PEOPLE):
        row = cells | {"time": f"18:04:{number:02}", "to": person}
        lines.append(";".join(row[kind] for kind in kinds))
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("is_swapped", [False, True])
@pytest.mark.parametrize(
    ("to", "sender"),
    [
        ("Empf\u00e4nger", "Absender"),
        ("Empfaenger", "Absender"),
        ("EMPF\u00c4NGER-E-MAIL", "Absender (E-Mail)"),
        ("Empf\u00e4ngeradresse", "Absenderadresse"),
        ("E-Mail", "Gesendet von"),
        ("Mail an", "Absender"),
        ("Kunde", "Absender"),
        ("Adresse der Teilnehmerin", "Mail von"),
        ("An", "Von"),
        ("Destinataire", "Exp\u00e9diteur"),
        ("\u00c0", "De"),
        ("Correo del destinatario", "Remitente"),
        ("Para", "De"),
        ("Indirizzo destinatario", "Mittente"),
        ("Ontvanger", "Afzender"),
        ("toAddress", "fromAddress"),
    ],
)
def test_a_sender_is_never_proposed_as_the_one_who_got_the_mail(tmp_path, to, sender, is_swapped, encoding):
    ends = [(to, "to"), ("Betreff", "subject"), (sender, "from")]
    titles = [("Datum", "day"), ("Uhrzeit", "time"), *(reversed(ends) if is_swapped else ends)]
    path = letters(tmp_path, titles, encoding=encoding)
    columns = tomllib.loads(propose_mapping(path, sniff(path)))["sources"]["ausgang"]["columns"]
    assert columns == {"timestamp": "Datum", "time": "Uhrzeit", "recipient": to, "sender": sender, "subject": "Betreff"}


def test_between_columns_of_addresses_that_say_nothing_the_one_with_most_people_is_proposed(tmp_path):
    path = letters(tmp_path, [("Tag", "day"), ("Zeit", "time"), ("Konto", "from"), ("Person", "to"), ("B", "subject")])
    columns = tomllib.loads(propose_mapping(path, sniff(path)))["sources"]["ausgang"]["columns"]
    assert columns["recipient"] == "Person"


def test_a_table_with_only_a_sender_has_nobody_to_count(tmp_path):
    path = letters(tmp_path, [("Datum", "day"), ("Absender", "from"), ("Betreff", "subject")])
    assert 'recipient = ""  # required, and no column holds addresses' in propose_mapping(path, sniff(path))


@pytest.mark.parametrize(
    "titles",
    [
        "Datum;Uhrzeit;Empf\u00e4nger;Betreff;Absender",
        "Versanddatum;Versandzeit;E-Mail-Adresse;Betreffzeile;Absenderadresse",
        "Date;Heure;Destinataire;Objet;Exp\u00e9diteur",
        "Fecha;Hora;Destinatario;Asunto;Remitente",
        "Data;Ora;Destinatario;Oggetto;Mittente",
        "Datum;Tijd;Ontvanger;Onderwerp;Afzender",
    ],
)
def test_a_table_in_another_language_needs_no_mapping_and_its_names_are_said_as_understood(tmp_path, titles):
    kinds = ("day", "time", "to", "subject", "from")
    examined = examine(letters(tmp_path, list(zip(titles.split(";"), kinds, strict=True))), NO_CONFIG, AS_OF)
    assert examined.rows[0] == ("2026-10-27 18:04:00", "accepted", PEOPLE[0], "academy@school.example", "Hallo", "")
    assert (examined.sends, examined.recipients, examined.unused, examined.proposal) == (30, 30, (), "")
    assert f"'{titles.split(';')[2]}' as recipient" in in_words(examined)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("u8.csv", "u8.csv"),
        ("outbox_2.csv", "outbox_2.csv"),
        ("outbox-2026-10-27.csv", "outbox-*.csv"),
        ("outbox_27.10.26.csv", "outbox_*.csv"),
        ("export1043.csv", "export*.csv"),
    ],
)
def test_only_dates_and_long_numbers_in_a_files_name_are_left_open(tmp_path, name, files):
    path = letters(tmp_path, [("Wann", "day"), ("Wer", "to")], name)
    ((_, source),) = tomllib.loads(propose_mapping(path, sniff(path)))["sources"].items()
    assert source["files"] == files


def test_beside_the_proposal_stand_the_rows_as_it_reads_them_and_how_to_name_the_config(tmp_path):
    titles = [("Wann", "day"), ("Uhr", "time"), ("Wer", "to"), ("Von wem", "from"), ("Betreff", "subject")]
    path = letters(tmp_path, titles)
    shown = CliRunner().invoke(cli, ["doctor", str(path)])
    assert "--config detector.toml" in shown.stderr
    assert "the first rows, as this mapping reads them" in shown.stderr
    assert f"2026-10-27 18:04:00  {PEOPLE[0]}  academy@school.example  Hallo" in shown.stderr
    assert (
        f"# read with the config that this stands in:  detector nightly {path} --config detector.toml" in shown.stdout
    )


STRANGE = "Mailed,Wann,Thema\na@x.example,2026-10-27 10:00:00,Hi\nb@x.example,2026-10-27 10:01:00,Hi\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with two tables that nobody knows, in which the commands are typed."""
    monkeypatch.chdir(tmp_path)
    for name in ("exp2.csv", "exp3.csv"):
        (tmp_path / name).write_text(STRANGE, encoding="utf-8")
    return tmp_path


def append(run, config="detector.toml"):
    """What `>> detector.toml` does."""
    with Path(config).open("a", encoding="utf-8") as file:
        file.write(run.out)


def test_what_is_appended_for_one_table_after_another_is_valid_and_reads_both(here, detector):
    for name in ("exp2.csv", "exp3.csv"):
        append(detector("doctor", name))
    assert list(load_config(here / "detector.toml").sources) == ["exp2", "exp3"]
    told = detector("doctor", "exp2.csv", "exp3.csv", "--config", "detector.toml")
    assert told == (0, "exp2.csv: plain, 2 sends to 2 recipients\nexp3.csv: plain, 2 sends to 2 recipients\n", "")


def test_a_name_that_is_taken_and_a_line_without_an_end_make_no_broken_toml(here, detector):
    Path("detector.toml").write_text('[sources.exp2]\nfiles = "old.csv"', encoding="utf-8")
    append(detector("doctor", "exp2.csv"))
    assert list(load_config(here / "detector.toml").sources) == ["exp2", "exp2_2"]


def test_the_mapping_of_a_config_that_lies_here_is_used_and_said_not_to_be_used_elsewhere(here, detector):
    append(detector("doctor", "exp2.csv"))
    told = detector("doctor", "exp2.csv")
    assert told.code == 0
    assert "mapping: [sources.exp2] of the config applies" in told.out
    assert told.err == (
        "detector: read with detector.toml, which has [sources.exp2]; other commands need to be told: "
        "--config detector.toml\n"
    )
    assert "no format knows this table" in detector("doctor", "exp3.csv").err


SALIDAS = """\
[sources.salidas]
files = "salidas.csv"
columns = { timestamp = "Fecha", recipient = "Para", event = "Situaci\u00f3n" }
words = { "En cola" = "queued" }
"""


def test_words_that_a_mapping_lacks_are_printed_with_those_that_it_has_and_then_all_is_read(here, detector):
    """560 rows queued, then three of two other words, far beyond the rows that are shown to formats."""
    days = [f"2026-10-{day:02},a{n}@x.example,En cola" for day in range(1, 29) for n in range(20)]
    rows = ["2026-10-30,b@x.example,Rebotado", "2026-10-30,c@x.example,Enviado", "2026-10-30,d@x.example,Enviado"]
    Path("salidas.csv").write_text("\n".join(["Fecha,Para,Situaci\u00f3n", *days, *rows, ""]), encoding="utf-8")
    Path("d3.toml").write_text(SALIDAS, encoding="utf-8")
    told = detector("doctor", "salidas.csv", "--config", "d3.toml")
    assert told.code == 3
    (line,) = (line for line in told.out.splitlines() if line.startswith("words = "))
    assert line.startswith('words = { "En cola" = "queued", "Enviado" = "", "Rebotado" = "" }  # say of each: sent, ')
    assert "put this into [sources.salidas] of the config, in place of `words`" in told.out
    said = line.replace('"Enviado" = ""', '"Enviado" = "sent"').replace('"Rebotado" = ""', '"Rebotado" = "bounced"')
    Path("d3.toml").write_text(SALIDAS.replace('words = { "En cola" = "queued" }', said), encoding="utf-8")
    again = detector("doctor", "salidas.csv", "--config", "d3.toml")
    assert (again.code, "words = " in again.out, "563 events" in again.out) == (0, False, True)  # 28 * 20 + 3


def test_of_a_folder_with_a_single_file_all_is_said(here, detector):
    (here / "exports").mkdir()
    shutil.copy("exp2.csv", "exports")
    assert detector("doctor", "exports").out.startswith("[sources.exp2]\n")


def test_a_folder_without_a_state_is_said_to_have_none_yet_and_is_not_made(here, detector):
    told = detector("doctor", "--state", "nowhere")
    assert "state      nowhere: there is no state yet, the first night makes it; " in told.out
    assert not (here / "nowhere").exists()
    (here / "state/work").mkdir(parents=True)
    assert "no state yet" not in detector("doctor", "--state", "state").out


def test_of_a_folder_each_file_is_told_in_a_line_and_how_many_need_a_look(here, detector):
    shutil.copy(ROOT / "sample_logs/resend/resend.ndjson", "known.jsonl")
    (here / "notes.txt").write_text("call the vendor\n")
    told = detector("doctor", here)
    lines = [line.removeprefix(f"{here}/") for line in told.out.splitlines()]
    assert [line.split(":")[0] for line in lines] == ["exp2.csv", "exp3.csv", "known.jsonl", "notes.txt"]
    assert lines[2].startswith("known.jsonl: resend, ")
    assert lines[3] == "notes.txt: claimed by no log format, so not read."
    assert "proposes a mapping" in lines[0]
    assert told.code == 3
    assert told.err == "detector: 3 of 4 files need a look: name one alone, and all is said of it.\n"


def test_a_folder_with_nothing_in_it_and_a_file_that_is_not_there_are_said(here, detector):
    (here / "empty").mkdir()
    assert detector("doctor", "empty") == (3, "", "detector: there is no file to read.\n")
    told = detector("doctor", "exp2.csv", "nowhere.csv")
    assert told.out.splitlines()[1] == "nowhere.csv does not exist. Check the path."


@pytest.mark.skipif(not LOUISITVN.exists(), reason="needs the reference logs")
def test_the_zone_that_a_log_proves_is_printed_ready_to_paste_and_then_all_is_well(here, detector):
    at = ("--as-of", "2015-01-01")
    first = detector("doctor", LOUISITVN, *at)
    assert first.code == 3
    assert "prove that this is 11 h too late: they are of UTC+11:00" in first.err
    append(first)
    assert tomllib.loads(first.out)["sources"] == {"louisitvn_mail": {"files": "louisitvn_mail.log*", "zone": "+11:00"}}
    second = detector("doctor", LOUISITVN, *at, "--config", "detector.toml")
    assert second.code == 0
    assert "assumed: stamps without a zone were read as UTC+11:00" in second.out
    assert "problem" not in second.out


def test_a_proved_zone_that_is_no_whole_hour_is_left_to_the_name_of_a_place(tmp_path):
    text = propose_zone(tmp_path / "mail.log.2.gz", "+05:30", taken={"mail"})
    assert tomllib.loads(text)["sources"] == {"mail_2": {"files": "mail.log*", "zone": ""}}
    assert "# UTC+05:30: the name of the place" in text


def _head(text):
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(text, encoding="utf-8")
        return sniff(path)
