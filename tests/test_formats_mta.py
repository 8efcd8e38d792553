"""Exim, Sendmail, OpenSMTPD and qmail: what their samples cannot say."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from conftest import build, ingest, rows

from detector.config import Config
from detector.formats import load_formats
from detector.framings import Head, sniff

FORMATS = load_formats()
NAMES = ["exim", "opensmtpd", "qmail", "sendmail"]
SAMPLES = Path(__file__).parent / "formats"
ROOT = Path(__file__).resolve().parent.parent
DAYS = [ROOT / "sample_logs" / name / f"{name}.log" for name in NAMES]


def sends(db: Any, *paths: Path, config: Config | None = None) -> list[tuple[Any, ...]]:
    """The sends of files, without the files' names."""
    ingest(db, *paths, **({"config": config} if config else {}))
    build(db)
    found = rows(db, "select recipient, sender, size, outcome, attempts, sent_at from sends order by all")
    return [tuple(row.values()) for row in found]


def people(found: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Who got something, and what became of it."""
    return [(recipient, outcome) for recipient, _, _, outcome, *_ in found]


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def lines_of(name: str) -> list[str]:
    """All lines of a format's samples."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((SAMPLES / name).glob("*.log"))]
    return [line for text in texts for line in text.splitlines()]


def parsed(module: ModuleType, lines: list[str]) -> list[tuple[int, int, str, str]]:
    """What a format's SELECT makes of lines: record number, part, outcome, reason."""
    head = Head("lines", tuple(lines))
    select = module.select(head, "Europe/Berlin", None)
    with duckdb.connect() as memory:
        memory.execute("set timezone = 'UTC'")
        memory.execute("create table records (record_number bigint, text varchar)")
        memory.executemany("insert into records values (?, ?)", list(enumerate(lines, 1)))
        sql = f"select record_number, part, outcome, reason from ({select.sql})"
        return memory.execute(sql, dict(select.parameters)).fetchall()


# --- whose lines --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "postfix"])
def test_no_line_of_one_mailer_looks_like_a_line_of_another(name):
    for line in lines_of(name):
        owners = [other for other in [*NAMES, "postfix"] if re.search(FORMATS[other].LINES, line)]
        assert owners in ([], [name])


@pytest.mark.parametrize("host", ["exim", "sendmail", "smtpd", "qmail", "MTA"])
def test_a_host_may_be_named_like_a_mailer(host):
    line = f"Oct 27 18:00:00 {host} postfix/qmgr[99]: AAAA010000: removed"
    assert [name for name in NAMES if re.search(FORMATS[name].LINES, line)] == []


def test_the_patterns_of_lines_mean_the_same_to_the_database():
    lines = [line for name in NAMES for line in lines_of(name)]
    with duckdb.connect() as memory:
        memory.execute("create table texts (n bigint, text varchar)")
        memory.executemany("insert into texts values (?, ?)", list(enumerate(lines)))
        for name in NAMES:
            sql = "select n from texts where regexp_matches(text, $lines) order by n"
            found = [n for (n,) in memory.execute(sql, {"lines": FORMATS[name].LINES}).fetchall()]
            assert found == [n for n, line in enumerate(lines) if re.search(FORMATS[name].LINES, line)]


def test_a_mail_that_qmail_hands_to_our_postfix_in_one_syslog_file_is_one_send(db, tmp_path):
    log = write(
        tmp_path / "mail.log",
        "Oct 27 18:00:00 web1 qmail: 1793124000.100000 new msg 53",
        "Oct 27 18:00:00 web1 qmail: 1793124000.110000 info msg 53: bytes 5210 from <a@academy.example> qp 7 uid 3",
        "Oct 27 18:00:00 mx1 postfix/smtpd[311]: AAAA010000: client=web1.academy.example[10.20.0.11]",
        "Oct 27 18:00:00 web1 qmail: 1793124000.120000 starting delivery 1: msg 53 to remote ann@harbor.example",
        "Oct 27 18:00:01 web1 qmail: 1793124001.100000 delivery 1: success: Remote_said:_250_Ok:_queued_as_AAAA010000/",
        "Oct 27 18:00:01 mx1 postfix/qmgr[99]: AAAA010000: from=<a@academy.example>, size=5410, nrcpt=1 (queue active)",
        "Oct 27 18:00:02 mx1 postfix/smtp[313]: AAAA010000: to=<ann@harbor.example>, relay=mx[192.0.2.25]:25, delay=1, "
        "delays=0.1/0/0.5/0.4, dsn=5.1.1, status=bounced (550 no)",
    )
    # the qmail delivery that names AAAA010000 left nothing; the accepted start of it is the same send
    assert people(sends(db, log)) == [("ann@harbor.example", "bounced")]


# --- hostile and broken text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_line_cut_anywhere_costs_itself_at_most(name):
    whole = list(dict.fromkeys(lines_of(name)))
    cut = [line[:length] for line in whole for length in range(0, len(line), 7)]
    odd = [
        "'",
        '"',
        "\\",
        "<",
        "=> ",
        "\u2028",
        "\ufeff",
        "%s",
        "[1/2] ",
        "<22>1 ",
        "@4000",
        "to=",
        "Oct 27 18:00:00 ",
        "\x02why\x02x",
    ]
    records = [*cut, *(line + tail for line in whole for tail in odd), *odd]
    found = parsed(FORMATS[name], records)
    assert {number for number, part, *_ in found if part == 1} == set(range(1, len(records) + 1))
    assert all((reason is not None) == (outcome == "rejected") for _, _, outcome, reason in found)


REASONS = {
    "exim": {
        1: "an Exim line without a stamp that can be read",
        2: "an Exim line without a stamp that can be read",
        4: "an Exim delivery line without an address",
    },
    "sendmail": {
        1: "a Sendmail delivery line without a readable status",
        2: "a Sendmail delivery line without an address",
        3: "a Sendmail line without a stamp that can be read",
        4: "a Sendmail line that names a sender but no size",
    },
    "opensmtpd": {
        1: "an OpenSMTPD delivery line without a readable recipient and result",
        2: "an OpenSMTPD line without a stamp that can be read",
    },
    "qmail": {
        1: "a qmail line without a stamp that can be read",
        2: "a qmail line without a stamp that can be read",
        3: "a qmail line that is cut off",
        5: "a qmail line that is cut off",
        6: "a qmail line without a stamp that can be read",
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_read_says_why(db, name):
    ingest(db, SAMPLES / name / "torn_lines.log")
    assert {row["record_number"]: row["reason"] for row in rows(db, "from rejects")} == REASONS[name]


# --- one set of lines, however it comes ---------------------------------------------------------------------------


@pytest.mark.parametrize("day", DAYS, ids=NAMES)
def test_a_day_pasted_twice_into_one_file_is_that_day(db, tmp_path, day):
    text = day.read_text(encoding="utf-8")
    twice = tmp_path / "twice.log"
    twice.write_text(text + text, encoding="utf-8")
    once = sends(db, day)
    assert len(once) >= 14
    ingest(db, twice)
    build(db)
    found = rows(db, "select recipient, sender, size, outcome, attempts, sent_at from sends order by all")
    assert [tuple(row.values()) for row in found] == once


@pytest.mark.parametrize("day", DAYS, ids=NAMES)
def test_a_day_rotated_after_any_line_is_that_day(db, tmp_path, day):
    lines = day.read_text(encoding="utf-8").splitlines()
    once = {(recipient, size, sent_at) for recipient, _, size, _, _, sent_at in sends(db, day)}
    for cut in range(1, len(lines), 3):  # nothing is read twice, so all these files together are still that day
        older, newer = write(tmp_path / f"{cut}.1", *lines[:cut]), write(tmp_path / f"{cut}.0", *lines[cut:])
        ingest(db, newer, older)
    build(db)
    found = rows(db, "select recipient, size, sent_at from sends")
    assert {tuple(row.values()) for row in found} == once
    assert len(found) == len(once)


# --- time ---------------------------------------------------------------------------------------------------------


def test_exims_stamps_are_read_in_the_zone_of_the_config_unless_they_carry_one(db, tmp_path):
    log = write(
        tmp_path / "mainlog",
        "2026-10-27 18:00:00 1vDH2a-0004Xy-7Q => ann@harbor.example R=dnslookup T=remote_smtp",
        "2026-10-27 18:00:00 +0000 1vDH2a-0004Xy-8R => ben@harbor.example R=dnslookup T=remote_smtp",
    )
    found = sends(db, log, config=Config.model_validate({"logs": {"zone": "Europe/Berlin"}}))
    # Berlin is an hour ahead since 25 October
    assert [(recipient, sent_at.hour) for recipient, *_, sent_at in found] == [
        ("ann@harbor.example", 17),
        ("ben@harbor.example", 18),
    ]


@pytest.mark.parametrize(
    ("name", "line", "is_said"),
    [
        ("exim", "2026-10-27 18:00:00 1vDH2a-0004Xy-7Q Completed", True),
        ("exim", "2026-10-27 18:00:00.123 [17] 1vDH2a-0004Xy-7Q Completed", True),
        ("exim", "2026-10-27 18:00:00 +0100 1vDH2a-0004Xy-7Q Completed", False),
        ("sendmail", "Oct 27 18:00:00 mx1 sm-mta[1]: starting daemon", True),
        ("sendmail", "2026-10-27T18:00:00+01:00 mx1 sm-mta[1]: starting daemon", False),
        ("sendmail", "2026-10-27T18:00:00 mx1 sm-mta[1]: starting daemon", True),
        ("opensmtpd", "<22>Oct 27 18:00:00 mx1 smtpd[1]: info: OpenSMTPD 7.5.0 starting", True),
        ("qmail", "@400000006ae0f1c5075bca00 new msg 53", False),
        ("qmail", "Oct 27 18:00:00 mx1 qmail: 1793124000.100000 new msg 53", False),
        ("qmail", "Oct 27 18:00:00 mx1 qmail: new msg 53", True),
        ("qmail", "2026-10-27 18:00:00.100000500 new msg 53", True),
    ],
)
def test_a_zone_that_had_to_be_assumed_is_said(name, line, is_said):
    said = FORMATS[name].select(Head("lines", (line,)), "UTC", None).assumptions
    assert said == (("stamps without a zone were read as UTC",) if is_said else ())


def test_tai64n_is_ten_seconds_and_two_to_the_sixty_second_ahead_of_1970(db, tmp_path):
    # 0x4000000000000000 is 1970-01-01 less ten seconds; 0x5a497a0a is 1514764810
    log = write(
        tmp_path / "current",
        "@400000005a497a0a1dcd6500 starting delivery 1: msg 1 to local ann@harbor.example",
    )
    ((*_, sent_at),) = sends(db, log)
    assert sent_at.isoformat() == "2018-01-01T00:00:00.500000"


def test_a_line_of_an_hour_that_does_not_exist_is_still_read(db, tmp_path):
    config = Config.model_validate({"logs": {"zone": "Europe/Berlin"}})
    log = write(tmp_path / "mainlog", "2026-03-29 02:30:00 1vDH2a-0004Xy-7Q => ann@harbor.example R=r T=t")
    assert len(sends(db, log, config=config)) == 1


# --- each mailer --------------------------------------------------------------------------------------------------


def test_an_exim_id_is_one_message_on_each_host_that_names_itself(db, tmp_path):
    line = "1vDH2a-0004Xy-7Q => ann@harbor.example R=dnslookup T=remote_smtp"
    log = write(tmp_path / "mail.log", *(f"Oct 27 18:00:00 {host} exim[1]: {line}" for host in ("mx1", "mx2", "mx1")))
    assert len(sends(db, log)) == 2


def test_exims_main_log_and_its_lines_in_syslog_name_a_host_or_none(db, tmp_path):
    line = "1vDH2a-0004Xy-7Q => ann@harbor.example R=dnslookup T=remote_smtp"
    ingest(db, write(tmp_path / "a.log", f"2026-10-27 18:00:00 {line}", f"Oct 27 18:00:00 mx1 exim[1]: {line}"))
    keys = [row["message_key"] for row in rows(db, "from events order by record_number")]
    assert keys == ["- 1vDH2a-0004Xy-7Q", "mx1 1vDH2a-0004Xy-7Q"]


def test_a_subject_of_broken_bytes_is_read_as_latin_1(db, tmp_path):
    log = write(
        tmp_path / "mainlog",
        r'2026-10-27 18:00:00 1vDH2a-0004Xy-7Q <= a@academy.example S=1 T="Gr\374\337e \000\\" for ann@harbor.example',
    )
    sends(db, log)
    assert rows(db, "select subject from sends") == [{"subject": "Grüße  \\"}]


def test_a_delivery_of_qmail_whose_start_was_read_before_adds_nothing(db, tmp_path):
    log = write(
        tmp_path / "current",
        "@400000006ae0f1c5075bca00 new msg 53",
        "@400000006ae0f1c5075bca00 info msg 53: bytes 5210 from <noreply@academy.example> qp 7 uid 33",
        "@400000006ae0f1c5075bca01 starting delivery 7: msg 53 to remote ann@harbor.example",
    )
    assert people(sends(db, log)) == [("ann@harbor.example", "accepted")]
    with log.open("a") as grown:
        grown.write("@400000006ae0f1c6075bca00 delivery 7: success: done/\n")
    (tally,) = ingest(db, log)
    build(db)
    assert (tally.events, tally.ignored) == (0, 1)
    assert len(rows(db, "from sends")) == 1


def test_a_retry_of_qmail_is_an_attempt_and_no_second_send(db, tmp_path):
    # 1 start + deferral, 1 start + success: two attempts of one send, although qmail starts it twice
    log = write(
        tmp_path / "current",
        "@400000006ae0f1c5075bca00 new msg 53",
        "@400000006ae0f1c5075bca01 starting delivery 7: msg 53 to remote ann@harbor.example",
        "@400000006ae0f1c6075bca00 delivery 7: deferral: later/",
        "@400000006ae0f1d5075bca00 starting delivery 8: msg 53 to remote ann@harbor.example",
        "@400000006ae0f1d6075bca00 delivery 8: success: done/",
    )
    ((_, _, _, outcome, attempts, _),) = sends(db, log)
    assert (outcome, attempts) == ("delivered", 2)


def test_the_samples_of_real_days_are_claimed_by_their_mailer_alone():
    for day in DAYS:
        head = sniff(day)
        claims = {name: module.claims(head) for name, module in FORMATS.items() if head.framing in module.FRAMINGS}
        assert [name for name, count in claims.items() if count] == [day.stem]


# --- real logs of others ------------------------------------------------------------------------------------------

REFERENCE = ROOT.parent / "shared" / "reference_logs"
real = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference logs are not on this machine")

EXIM_LINE = re.compile(
    r"^[\d-]{10} [\d:.]+ (?:[+-]\d{4} )?(?:\[\d+\] )?(\w{6}-\w{6}-\w\w|\w{6}-\w{11}-\w{4}) (<=|[=*>-]>|==|\*\*) (.*)$"
)


def exim_sends_by_hand(text: str) -> set[tuple[str, str]]:
    """Message ids and recipients: what stands in `<>` before the router, else the first word; and `for` lists."""
    senders, found = {}, set()
    for match in filter(None, map(EXIM_LINE.match, text.split("\n"))):
        name, flag, rest = match.groups()
        listed = re.search(r" for ((?:\S+@\S+ ?)+)$", rest)
        original = re.search(r" <([^>]+)>(?=$|:| )", re.split(r" (?:R|T|P|F)=", rest)[0])
        if flag == "<=":
            senders[name] = rest.split(" ")[0]
            found |= {(name, address.lower()) for address in listed[1].split()} if listed else set()
        elif not rest.startswith("blackhole ("):
            found.add((name, (original[1] if original else rest.split(" ")[0].rstrip(":")).lower()))
    return {(name, recipient) for name, recipient in found if senders.get(name) != "<>"}


@real
@pytest.mark.parametrize("name", ["0101", "0357", "0476", "0553", "0611", "0640", "1090"])
def test_a_log_of_exims_own_test_suite_holds_the_sends_of_a_count_by_hand(db, name):
    path = REFERENCE / "exim" / "exim_testsuite" / f"{name}.mainlog"
    (tally,) = ingest(db, path)
    assert tally.rejected == 0
    found = rows(
        db,
        "select distinct split_part(message_key, ' ', 2) as name, recipient from events where recipient is not null "
        "and message_key not in (select message_key from events where sender = '')",
    )
    by_hand = exim_sends_by_hand(path.read_text(encoding="utf-8", errors="backslashreplace"))
    assert {(row["name"], row["recipient"]) for row in found} == by_hand


@real
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("exim/paris_rotated", 13),
        ("exim/teliten_rotated_gz", 10),  # one a day to one root
        ("exim/paste_cpanel_deferred_by_load.mainlog", 2),  # => and ->
        ("exim/fail2ban_exim", 0),
        ("sendmail/russbrown_maillog", 4),  # eight lines say Sent
        ("sendmail/fail2ban_sendmail-reject", 0),
        ("opensmtpd/poolp_local_delivery.log", 1),
        ("qmail/indimail_multilog_human.log", 1),
        ("qmail/fail2ban_qmail", 0),
    ],
)
def test_a_real_log_holds_as_many_sends_as_were_counted_by_reading_it(db, name, count):
    tallies = ingest(db, REFERENCE / name)
    build(db)
    assert {tally.format for tally in tallies if tally.records} == {name.split("/")[0]}
    assert sum(tally.rejected for tally in tallies) == 0
    assert len(rows(db, "from sends")) == count
