"""Mailboxes and wrapped lines: what their samples in tests/formats cannot say."""

import json
from pathlib import Path

import duckdb
import pytest
from conftest import build, fresh_store, ingest, rows

from detector.formats import COLUMNS, load_formats, mbox
from detector.framings import Head, sniff

FOLDER = Path(__file__).parent / "formats"
SHIPPED = Path(__file__).parent.parent / "sample_logs"
RECEIVED = (
    "Received: from mail.academy.example by mx.harbor.example (Postfix) with ESMTP id {here};\n"
    "\tTue, 27 Oct 2026 18:0{minute}:11 +0000\n"
    "Received: from app by mail.academy.example (Postfix) with ESMTP id {there};\n"
    "\tTue, 27 Oct 2026 18:0{minute}:10 +0000\n"
)


def mail(name: str, *, minute: int = 4, there: str = "4XyZ", box: str = "ann@harbor.example", more: str = "") -> str:
    """One message of a mailbox at the client."""
    received = RECEIVED.format(here=f"{there}{box[0]}", there=there, minute=minute)
    return (
        f"From bounces@academy.example Tue Oct 27 18:0{minute}:11 2026\nDelivered-To: {box}\n{received}"
        f"Message-ID: <{name}@academy.example>\nFrom: Academy <welcome@academy.example>\nTo: ann@harbor.example\n"
        f"Subject: Welcome\n{more}\nHello {name}\n\n"
    )


def sends(db, *paths: Path) -> list[tuple]:
    """(recipient, second of the send) of all sends of the files."""
    ingest(db, *paths)
    build(db)
    found = rows(
        db, "select recipient, epoch(sent_at)::bigint % 3600 as at, sent_at from sends order by sent_at, recipient"
    )
    return [(row["recipient"], row["at"]) for row in found]


def test_a_mailbox_cut_at_any_place_and_read_again_when_it_is_whole_holds_the_same_sends(tmp_path):
    whole = "".join(mail(f"w-{n}", minute=n, there=f"4Xy{n}") for n in (1, 2, 3))
    path = tmp_path / "ann.mbox"
    for cut in range(1, len(whole), 97):
        with fresh_store(tmp_path / f"state-{cut}") as db:
            path.write_text(whole[:cut])
            ingest(db, path)
            path.write_text(whole)
            assert sends(db, path) == [("ann@harbor.example", 60 * minute + 11) for minute in (1, 2, 3)]


def test_copies_in_many_mailboxes_are_one_message_in_any_order_and_a_second_submission_is_another(tmp_path):
    boxes = {"ann": "ann@harbor.example", "ben": "ben@harbor.example"}
    for name, box in boxes.items():
        twice = mail("w-1", box=box) + mail("w-1", there="4XyQ", minute=5, box=box)
        (tmp_path / f"{name}.mbox").write_text(twice)
    expected = [(box, 60 * minute + 11) for minute in (4, 5) for box in boxes.values()]
    for number, names in enumerate((("ann", "ben"), ("ben", "ann"), ("ann", "ben", "ann"))):
        with fresh_store(tmp_path / str(number)) as db:
            assert sends(db, *(tmp_path / f"{name}.mbox" for name in names)) == expected


def test_a_return_path_of_its_own_for_each_mail_does_not_make_the_copies_different_mails(db, tmp_path):
    path = tmp_path / "ann.mbox"
    path.write_text(
        "".join(mail(f"w-{n}", minute=n, more=f"Return-Path: <0102{n}@bounce.example>\n") for n in range(5))
    )
    ingest(db, path)
    build(db)
    (found,) = rows(db, "select count(*) as n, count(distinct sender) as senders, min(sender) as sender from sends")
    assert found == {"n": 5, "senders": 1, "sender": "welcome@academy.example"}


def test_ids_that_are_unique_to_a_mail_or_common_to_all_are_no_template(db, tmp_path):
    path = tmp_path / "ann.mbox"
    more = "X-Entity-Ref-ID: {0}\nX-SES-Outgoing: 2026.10.27-192.0.2.1\nFeedback-ID: ::1.eu-west-1.x=:AmazonSES\n"
    path.write_text("".join(mail(f"w-{n}", minute=n, more=more.format(n)) for n in range(3)))
    ingest(db, path)
    build(db)
    assert rows(db, "select distinct template from sends") == [{"template": None}]


def test_an_archive_is_told_by_one_address_that_no_mail_names(tmp_path):
    def recipients(count: int, box: str) -> set[str]:
        path = tmp_path / "sent.mbox"
        path.write_text("".join(mail(f"w-{n}", there=f"4Xy{n}", box=box) for n in range(count)))
        with fresh_store(tmp_path / f"{count}-{box}") as db:
            return {recipient for recipient, _ in sends(db, path)}

    assert recipients(5, "archive@academy.example") == {"ann@harbor.example"}
    assert recipients(4, "archive@academy.example") == {"archive@academy.example"}
    assert recipients(5, "ann@harbor.example") == {"ann@harbor.example"}


def test_no_other_format_claims_mail_and_mail_claims_nothing_else():
    head = sniff(SHIPPED / "mbox/mbox.mbox")
    claims = {name: module.claims(head) for name, module in load_formats().items() if head.framing in module.FRAMINGS}
    assert claims == {"mbox": len(head.records)}
    for log in ("postfix/mail.log", "journald/postfix_day.json", "exim/exim.log"):
        assert not (SHIPPED / log).exists() or sniff(SHIPPED / log).framing == "lines"


@pytest.mark.parametrize(
    "text",
    ["", "x", "\x02torn\x02From x", "{}", "[]", '{"headers": 1}', '{"headers": {"received": []}, "addresses": []}'],
)
def test_no_record_makes_the_select_fail(text):
    select = mbox.select(Head("mbox", ()), "UTC", None)
    with duckdb.connect() as memory:
        memory.execute("set timezone = 'UTC'")
        memory.execute("create table records (record_number bigint, text varchar)")
        memory.execute("insert into records values (1, ?)", [text])
        (row,) = memory.execute(f"select {', '.join(COLUMNS)} from ({select.sql})", dict(select.parameters)).fetchall()
    assert row[2] == ("rejected" if text else "blank")


def test_the_shipped_journal_is_the_one_whose_sends_are_accepted():
    assert (SHIPPED / "journald/postfix_day.json").read_bytes() == (FOLDER / "postfix/journald_day.json").read_bytes()


@pytest.mark.parametrize("wrapped", ["wrapped_by_docker.json", "wrapped_by_filebeat.json", "prefixed_by_compose.log"])
def test_a_wrapped_log_holds_what_the_log_itself_holds(tmp_path, wrapped):
    plain = tmp_path / "mail.log"
    lines = (FOLDER / "postfix" / wrapped).read_text().splitlines()
    inner = [unwrapped(line) for line in lines]
    plain.write_text("".join(f"{line}\n" for line in inner))
    with fresh_store(tmp_path / "plain") as db:
        expected = sends(db, plain)
    with fresh_store(tmp_path / "wrapped") as db:
        assert sends(db, FOLDER / "postfix" / wrapped) == expected
    assert len(expected) == 7


def unwrapped(line: str) -> str:
    """The line inside, taken out by other means."""
    if not line.startswith("{"):
        return line.partition(" | ")[2]
    entry = json.loads(line)
    return (entry["message"] if "message" in entry else entry["log"]).rstrip("\n")


@pytest.mark.parametrize("fold", ["", "\n "], ids=["on one line", "folded"])
def test_a_mail_whose_first_header_is_a_subject_of_two_megabytes_is_a_mail(db, tmp_path, fold):
    subject = fold.join(["word " * 14] * 28_600)  # 28,600 * 70 = 2,002,000
    path = tmp_path / "first.eml"
    path.write_text(
        f"Subject: {subject}\nFrom: a@academy.example\nTo: ann@client.example\nDate: Tue, 20 Oct 2026 09:00:00 +0000\n"
        "Message-ID: <1@academy.example>\n\nHello\n"
    )
    (tally,) = ingest(db, path)
    assert (tally.format, tally.records, tally.events, tally.problem) == ("mbox", 1, 1, None)
    notes = tmp_path / "notes.txt"
    notes.write_text(f"Subject: {subject}\nwhat we said\n")
    (tally,) = ingest(db, notes)
    assert "no log format" in tally.problem
