"""Copies to archives and mail that was dropped before it left are named, and counted for nobody."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import AS_OF, build, ingest, rows

from detector import kept_apart
from detector.cli import cli
from detector.config import Config
from detector.nightly import nightly
from detector.records import Archive

ROOT = Path(__file__).parent.parent
ARCHIVE = "archive@academy.example"
SENDER = "enrol@academy.example"


def postfix(path: Path, mails: list[list[str]], sender: str = SENDER, status: str = "sent (250 ok)") -> Path:
    """A mail a minute to these addresses each, as Postfix logs it, sizes a hundred bytes apart."""
    lines = []
    for n, recipients in enumerate(mails):
        stamp, queue_id = f"2026-10-27T{10 + n // 60:02}:{n % 60:02}:00Z mx1", f"{len(path.stem)}F{n:08X}"
        lines += [
            f"{stamp} postfix/smtpd[1]: {queue_id}: client=app.example[10.0.0.5]",
            f"{stamp} postfix/cleanup[2]: {queue_id}: message-id=<m{n}@{path.stem}>",
            f"{stamp} postfix/qmgr[3]: {queue_id}: from=<{sender}>, size=1234, nrcpt={len(recipients)} (queue active)",
            *(f"{stamp} postfix/smtp[4]: {queue_id}: to=<{to}>, relay=mx.example[1.2.3.4]:25, delay=1, "
              f"delays=0/0/0/1, dsn=2.0.0, status={status}" for to in recipients),
        ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def counted_for(db, *logs: Path, archives: list[str] | None = None) -> set[str]:
    """Who is counted for; the config names these archives, or leaves it to the log."""
    config = Config.model_validate({"logs": {} if archives is None else {"archives": archives}})
    ingest(db, *logs, config=config)
    build(db, config=config)
    return {row["recipient"] for row in rows(db, "select distinct recipient from sends")}


PEOPLE = [f"u{n}@x{n % 7}.example" for n in range(40)]


def test_an_address_that_rides_along_in_every_mail_is_an_archive_and_no_incident(tmp_path):
    log = postfix(tmp_path / "mail.log", [[person, ARCHIVE] for person in PEOPLE])
    said: list[str] = []
    config = Config.model_validate({"logs": {"paths": [log]}})
    night = nightly(config, state=tmp_path / "state", as_of=AS_OF, talk=said.append)
    assert (night.facts.sends, night.facts.recipients, night.facts.cases) == (40, 40, ())
    assert night.facts.archives == (Archive(ARCHIVE, SENDER, 40, is_named=False),)
    sentence = f"{ARCHIVE} rides along in nearly every mail of its sender"
    assert [line for line in said if line.startswith(sentence)]
    assert "rides along in nearly every mail" in (night.report.parent / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "sample_logs/postfix/mail.log",
        "sample_logs/exim/exim.log",
        "sample_logs/opensmtpd/opensmtpd.log",
        "sample_logs/qmail/qmail.log",
        "sample_logs/exchange/exchange.log",
        "sample_logs/m365/m365.csv",
        "tests/formats/sendmail/notices_to_the_sender.log",
    ],
)
def test_notices_from_nobody_are_in_the_log_and_no_sends(db, name):
    ingest(db, ROOT / name)
    build(db)
    notices = "select message_key from events where sender = '' and message_key is not null"
    assert rows(db, notices)
    assert rows(db, "select 1 from sends")
    assert rows(db, f"select * from sends where message_key in ({notices})") == []


def test_what_is_written_to_the_archives_address_by_others_is_counted(db, tmp_path):
    bcc = postfix(tmp_path / "mail.log", [[person, ARCHIVE] for person in PEOPLE])
    asked = postfix(tmp_path / "asked.log", [[ARCHIVE]] * 3, sender="help@academy.example")
    assert counted_for(db, bcc, asked) == {*PEOPLE, ARCHIVE}
    assert len(rows(db, f"select 1 from sends where recipient = '{ARCHIVE}'")) == 3


def test_an_archive_named_in_the_config_is_none_of_the_counted_however_little_it_gets(db, tmp_path):
    log = postfix(tmp_path / "mail.log", [["ann@x.example", ARCHIVE], ["ben@x.example", ARCHIVE]])
    assert counted_for(db, log, archives=[ARCHIVE.upper()]) == {"ann@x.example", "ben@x.example"}
    assert kept_apart.archives(db) == (Archive(ARCHIVE, SENDER, 2, is_named=True),)


def test_an_empty_list_of_archives_means_that_there_are_none(db, tmp_path):
    log = postfix(tmp_path / "mail.log", [[person, ARCHIVE] for person in PEOPLE])
    assert counted_for(db, log, archives=[]) == {*PEOPLE, ARCHIVE}


@pytest.mark.parametrize(
    ("mails", "why"),
    [
        ([[person, "boss@x.example"] for person in ("a@x.example", "b@x.example", "c@x.example", "d@x.example",
          "e@x.example", "f@x.example") * 4], "a supervisor of those mailed"),
        ([[f"{name}@{name}.example" for name in ("ann", "ben", "cleo", "dora", "emil", "fay")]] * 30, "a whole class"),
        ([[person, ARCHIVE] for person in PEOPLE[:9]], "nine mails"),
        ([[person, ARCHIVE] for person in PEOPLE[:20]] + [[person] for person in PEOPLE[:21]], "half of its mails"),
        ([[person, ARCHIVE] for person in PEOPLE[:20]] + [[p, f"q{p}"] for p in PEOPLE[:3]], "too few of the shared"),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)  # fmt: skip
def test_who_is_copied_in_for_another_reason_is_counted(db, tmp_path, mails, why):
    people = {person for mail in mails for person in mail}
    assert counted_for(db, postfix(tmp_path / "mail.log", mails)) == people, why


def test_an_archive_is_found_by_the_providers_log_as_well(db, tmp_path):
    lines = [
        f'{{"eventType":"Send","mail":{{"timestamp":"2026-10-27T10:{n:02}:00Z","messageId":"0100-{n}","source":"{SENDER}",'
        f'"destination":["{person}","{ARCHIVE}"]}}}}'
        for n, person in enumerate(PEOPLE)
    ]
    log = tmp_path / "ses.jsonl"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert counted_for(db, log) == set(PEOPLE)


# --- dropped ------------------------------------------------------------------------------------------------------


def test_dropped_mail_is_in_no_number_of_sends_and_twenty_to_one_person_are_said(tmp_path):
    left = postfix(tmp_path / "mail.log", [[person] for person in PEOPLE[:5]])
    gone = postfix(
        tmp_path / "gone.log", [["ann@x.example"]] * 20, status="sent (250 2.7.0 Ok, discarded, id=1 - SPAM)"
    )
    config = Config.model_validate({"logs": {"paths": [left, gone]}})
    night = nightly(config, state=tmp_path / "state", as_of=AS_OF, talk=lambda _: None).facts
    assert (night.sends, night.recipients, night.dropped) == (5, 5, 20)
    assert night.dropped_most == ("ann@x.example", 20, datetime(2026, 10, 27, tzinfo=UTC))
    assert [sends for _, sends, _ in night.daily_sends] == [5]
    (report,) = (tmp_path / "state" / "reports").glob("2026*/report.md")
    said = report.read_text(encoding="utf-8")
    assert "It holds 5 mails of 1 kind to 5 people" in said
    assert "20 more mails were dropped before leaving." in said
    feed = said.partition("## Health of the feed")[2]
    assert "20 mails to `ann@x.example` of 27 Oct 2026 were dropped before leaving" in feed


def test_doctor_and_summary_leave_out_dropped_mail_and_name_it(tmp_path):
    gone = ["disc@x.example"]
    log = postfix(tmp_path / "mail.log", [gone, gone], status="sent (250 2.7.0 Ok, discarded, id=1 - SPAM)")
    with log.open("a", encoding="utf-8") as more:
        more.write(postfix(tmp_path / "more.log", [["ann@x.example"]]).read_text(encoding="utf-8").replace("4F", "5F"))
    looked = CliRunner().invoke(cli, ["doctor", str(log)])
    assert "sends: 1 to 1 recipient; 2 more dropped before they left" in looked.output
    state = ["--state", str(tmp_path / "state"), "--as-of", "2026-10-28T00:00:00Z", "--summary"]
    told = CliRunner().invoke(cli, ["nightly", str(log), *state])
    assert "1 send to 1 person; 2 more dropped before they left" in told.output
