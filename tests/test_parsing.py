"""One syslog file may hold several mailers' lines: each line is read by the format whose mailer wrote it."""

from pathlib import Path

import pytest
from conftest import build, fresh_store, ingest, rows

from detector.formats import load_formats

SAMPLES = Path(__file__).parent / "formats"
GATEWAY = Path(__file__).parent / "logs" / "two_mailers.log"


def sends(db):
    found = rows(db, "select recipient, source, outcome from sends order by recipient")
    return [(row["recipient"], row["source"], row["outcome"]) for row in found]


def test_the_lines_of_two_mailers_go_to_two_formats_and_a_hand_off_between_them_is_one_send(db):
    """Postfix hands Ann's mail to the Sendmail beside it (one send), sends Ben's itself, and cron mails by Sendmail."""
    (tally,) = ingest(db, GATEWAY)
    build(db)
    assert (tally.records, tally.rejected) == (10, 0)
    assert sends(db) == [
        ("ann@harbor.example", "postfix", "delivered"),
        ("ben@larkspur.example", "postfix", "delivered"),
        ("ops@academy.example", "sendmail", "delivered"),
    ]


def test_the_order_of_the_lines_decides_nothing(tmp_path):
    lines = GATEWAY.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, some in enumerate((lines, lines[3:4] + lines[7:] + lines[:3] + lines[4:7])):
        path = tmp_path / f"{number}.log"
        path.write_text("".join(some), encoding="utf-8")
        with fresh_store(tmp_path / f"s{number}") as db:
            ingest(db, path)
            build(db)
            assert len(sends(db)) == 3


def test_a_mailer_whose_lines_come_after_a_long_beginning_of_others_is_found(db, tmp_path):
    """The first 200 records, by which a file is claimed, are a login daemon's here."""
    path = tmp_path / "messages"
    login = "Oct 27 17:00:{:02} gw1 dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=10.0.0.1\n"
    path.write_text("".join(login.format(n % 60) for n in range(300)) + GATEWAY.read_text(encoding="utf-8"))
    (tally,) = ingest(db, path)
    build(db)
    assert (tally.records, tally.ignored) == (310, 301)  # the logins, and Postfix's "removed"
    assert len(sends(db)) == 3


def test_a_file_of_nobodys_lines_is_refused(db, tmp_path):
    path = tmp_path / "messages"
    path.write_text("Oct 27 17:00:00 gw1 dovecot: imap-login: Login: user=<ann>, method=PLAIN\n" * 3)
    (tally,) = ingest(db, path)
    assert "claimed by no log format" in tally.problem


MAILERS = [name for name, module in load_formats().items() if "lines" in module.FRAMINGS]


@pytest.mark.parametrize("name", MAILERS)
def test_a_mailers_lines_are_no_other_mailers(db, name):
    """RE2 is what counts; a pattern that matched another's lines would steal what that one has no use for."""
    others = [n for n in MAILERS if n != name]
    pattern = load_formats()[name].LINES
    lines = [
        line
        for other in others
        for path in (SAMPLES / other).glob("*.log")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    assert len(lines) > 100
    db.execute("create temp table lines (text varchar)")
    db.executemany("insert into lines values (?)", [[line] for line in lines])
    matched = db.execute("select text from lines where regexp_matches(text, ?)", [pattern]).fetchall()
    assert matched == []
