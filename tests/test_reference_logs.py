"""Real logs of others, which lie beside the project and never in it: nothing crashes, nothing is lost, and each file
holds the sends that somebody counted by reading it, without the program; reference_counts.toml says how.

Of the largest, a second count by other means stands here. It was written before the answer of the SQL was looked at,
and agreed at once: 2450, 508 and 363 sends.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import build, emptied, ingest, one_store_for_many, rows

from detector.formats import load_formats
from detector.store import Connection

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "reference_logs"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the reference logs are not on this machine")

LARGEST = ["louisitvn_mail.log", "kdent_mail.log", "kdent_mail3.log"]
LINE = re.compile(r"^\w{3} [ \d]\d [\d:]{8} (\S+) postfix\S*/[\w-]+\[\d+\]: ([0-9A-Za-z]{6,20}): (.*)$")
DELIVERY = re.compile(r"^to=<([^>]*)>, .*?\bstatus=(\w+)(?: \((.*)\))?$")
PROBES = {"deliverable", "undeliverable"}


class Life:
    """One life of a queue id: one message."""

    def __init__(self, queue_id: str) -> None:
        self.queue_id = queue_id
        self.sender: str | None = None
        self.has_id = False
        self.replies: dict[str, list[str]] = {}


def lives_of(text: str) -> list[Life]:
    """Every message of a log, walked through line by line: an arrival opens a life, `removed` closes it."""
    lives, open_lives = [], {}

    def begin(key: tuple[str, str]) -> Life:
        lives.append(Life(key[1]))
        open_lives[key] = lives[-1]
        return lives[-1]

    for host, queue_id, rest in (match.groups() for match in map(LINE.match, text.split("\n")) if match):
        key = host, queue_id
        life = open_lives.get(key)
        if rest.startswith(("client=", "uid=")):
            begin(key)
        elif rest.startswith("message-id="):
            life = begin(key) if life is None or life.has_id else life
            life.has_id = True
        elif rest.startswith("from=<") and ", size=" in rest:
            (life or begin(key)).sender = rest[len("from=<") : rest.index(">")]
        elif rest == "removed":
            open_lives.pop(key, None)
        elif (delivery := DELIVERY.match(rest)) and delivery[2] not in PROBES:
            (life or begin(key)).replies.setdefault(delivery[1].lower(), []).append(delivery[3] or "")
    return lives


def sends_by_hand(text: str) -> int:
    """Recipients per life, without notices (from=<>), and without those only handed on to a queue id of ours."""
    lives = lives_of(text)
    ours = {life.queue_id for life in lives}
    count = 0
    for life in lives:
        for replies in life.replies.values():
            is_final = any(ours.isdisjoint(re.findall(r"queued as (\w+)", reply)) for reply in replies)
            count += is_final and life.sender != ""
    return count


@pytest.mark.parametrize("name", LARGEST)
def test_a_large_log_has_as_many_sends_as_a_count_by_hand_finds(db, name):
    path = FOLDER / "postfix" / name
    (tally,) = ingest(db, path)
    build(db)
    text = path.read_text(encoding="utf-8", errors="replace")
    (found,) = rows(db, "select count(*) as n from sends")
    assert found["n"] == sends_by_hand(text) > 300
    assert tally.records == text.count("\n")
    assert tally.rejected == 0


def test_the_whole_folder_of_postfix_logs_is_read_to_the_last_line_and_brings_nothing_twice(db):
    tallies = ingest(db, FOLDER / "postfix")  # balanced, as `ingest` asserts
    build(db)
    assert len(tallies) > 100
    read = [tally for tally in tallies if tally.format]
    assert {tally.format for tally in read} == {"postfix"}
    assert all(tally.problem for tally in tallies if not tally.format)
    for tally in read:  # what was taken is what the file holds, counted by its newlines
        lines = Path(tally.name).read_bytes().count(b"\n")
        assert tally.records + tally.known_records in {lines, lines + 1}
    assert len(rows(db, "from sends")) > 3000
    again = ingest(db, FOLDER / "postfix")
    assert sum(tally.events for tally in tallies) > 10_000
    assert sum(tally.records for tally in again) == sum(tally.held for tally in again)


COUNTED = tomllib.loads((Path(__file__).parent / "reference_counts.toml").read_text(encoding="utf-8"))["file"]
FORMATS = load_formats()
FOLDERS = sorted({str(Path(file["path"]).parent) for file in COUNTED})


def test_every_file_was_counted_and_at_least_120_logs_among_them():
    assert {file["path"] for file in COUNTED} == {
        str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file() and path.name != "PROVENANCE.md"
    }
    assert sum(file["kind"] == "log" and "found" not in file for file in COUNTED) >= 120


def unread_mail_lines(db, tally):
    """Rejects that a mailer wrote: prose, comments and JSON among the lines of a log are none."""
    if not tally.format or "lines" not in FORMATS[tally.format].FRAMINGS:
        return 0
    lines = {"lines": FORMATS[tally.format].LINES}
    ((count,),) = db.execute("select count(*) from rejects where regexp_matches(text, $lines)", lines).fetchall()
    return count


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("files")) as db:
        yield db


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_file_by_itself_holds_the_sends_that_reading_it_finds(one_store, folder):
    """(sends, of these dropped before they left); every record is accounted for, as `ingest` asserts."""
    differs = {}
    for file in (file for file in COUNTED if str(Path(file["path"]).parent) == folder):
        db = emptied(one_store)
        (tally,) = ingest(db, FOLDER / file["path"])
        found = sends_and_dropped(db) if tally.events else (0, 0)
        unread = unread_mail_lines(db, tally)
        assert tally.format or tally.problem, file["path"]
        expected = tuple(file.get("found", (file["sends"], file["dropped"])))
        if found != expected:
            differs[file["path"]] = (found, expected)
        assert unread <= 0.01 * tally.records, f"{file['path']}: {unread} mail lines could not be read"
    assert differs == {}


def sends_and_dropped(db):
    build(db)
    return db.execute("select count(*), count(*) filter (where outcome = 'dropped') from sends").fetchone()


def test_what_the_program_counts_otherwise_is_said_and_reasoned():
    otherwise = [file for file in COUNTED if "found" in file]
    assert all(file["because"] and tuple(file["found"]) != (file["sends"], file["dropped"]) for file in otherwise)
    assert len(otherwise) <= 0.06 * len(COUNTED)


def test_no_text_of_the_logs_is_in_the_derivations():
    assert not [file["path"] for file in COUNTED if "@" in file["derivation"] + file.get("because", "")]
