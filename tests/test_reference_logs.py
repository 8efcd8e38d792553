"""Real logs of others, which lie beside the project and never in it: nothing crashes, nothing is lost, and the sends of
the largest are those that a count by other means finds.

The count by hand was written before the answer of the SQL was looked at, and agreed at once: 2450, 508 and 363 sends.
"""

import csv
import re
from pathlib import Path

import pytest
from conftest import build, ingest, rows

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


@pytest.mark.parametrize(
    "folder", ["amazon_ses", "plain_csv", "mailchimp", "hubspot", "sendgrid", "exim", "m365_message_trace"]
)
def test_logs_of_other_systems_are_read_or_refused_but_never_fatal(db, folder):
    tallies = ingest(db, FOLDER / folder)
    build(db)
    assert tallies
    assert all(tally.format or tally.problem for tally in tallies)
    assert all(tally.format == "ses" for tally in tallies if folder == "amazon_ses")


def test_the_sends_of_the_examples_in_the_manual_of_ses_are_their_messages_and_recipients(db):
    (tally,) = ingest(db, FOLDER / "amazon_ses" / "awsdocs_firehose_events.ndjson")
    build(db)
    assert tally.rejected == 0
    by_hand = rows(db, "select distinct message_key, recipient from events where recipient is not null")
    assert len(rows(db, "from sends")) == len(by_hand) > 0


def test_rows_that_were_skipped_before_they_left_are_attempts_and_no_mail(db):
    path = FOLDER / "plain_csv" / "bluecopperwire_email_log.csv"
    ingest(db, path)
    build(db)
    with path.open(encoding="utf-8", newline="") as file:
        sent = [row["Email Address"] for row in csv.DictReader(file) if row["Status"] == "SENT"]
    by_hand = sum(len(re.findall(r"[^\s,;<>]+@[^\s,;<>]+", cell)) for cell in sent)
    assert len(rows(db, "from sends where outcome <> 'dropped'")) == by_hand >= len(sent) == 64


def test_a_table_without_times_is_refused_and_told(db):
    (tally,) = ingest(db, FOLDER / "plain_csv" / "chanchalmahor_email_log.csv")
    assert tally.format is None
    assert "column for the time" in tally.problem
