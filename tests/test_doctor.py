"""What `detector doctor FILE` says: which format, why, what it holds, and a mapping for a table nobody knows."""

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

ROOT = Path(__file__).parent.parent

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
    said = in_words(examine(outbox, load_config(_mapped(tmp_path)), AS_OF))
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
    source = tomllib.loads(propose_mapping(path, sniff(path)))["sources"]["out_x"]
    assert source["columns"] == {"timestamp": 'say "when"', "recipient": "who?"}


def test_a_file_that_is_no_log_says_so_and_proposes_nothing(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("The quality of mercy is not strained\nIt droppeth as the gentle rain\n", encoding="utf-8")
    examined = examine(path, NO_CONFIG, AS_OF)
    assert not examined.proposal
    assert "no format claims it" in in_words(examined)


def _head(text):
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_text(text, encoding="utf-8")
        return sniff(path)
