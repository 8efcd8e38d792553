"""Outboxes of small schools as logs, and what a first night finds in them; some are drawn, with faults of any shape."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from conftest import build

from detector import registry, tables
from detector.config import Config
from detector.detection import find_bursts
from detector.records import AffectedRecipient, Incident
from detector.store import Connection

FIRST_DAY = datetime(2027, 3, 1, tzinfo=UTC)
Mail = tuple[datetime, str, str, str]
"""(when, to whom, template, subject)."""


def drawn_outbox(rng: Random) -> list[Mail]:
    """Some hundred mails of a week to two months, in the order of time; some logs know no templates."""
    days = rng.choice((7, 20, 60))
    people = [f"p{n}@{rng.choice('abc')}.example" for n in range(rng.choice((12, 60, 300)))]
    has_templates = rng.random() < 0.7
    mails: list[Mail] = []
    for number in range(rng.randint(1, 5)):
        template, subject = f"kind-{number}" if has_templates else "", f"Subject {number}"
        for _ in range(rng.randint(0, 40)):
            begins = FIRST_DAY + timedelta(days=rng.randrange(days), seconds=rng.randrange(86400))
            words = subject + rng.choice(("", "", f" of {begins:%d %B}", f" {rng.randrange(99)}"))
            group = rng.sample(people, rng.choice((1, 1, 2, 8)))
            mails += [(begins + timedelta(seconds=n), person, template, words) for n, person in enumerate(group)]
        for _ in range(rng.choice((0, 1, 1, 3))):
            mails += fault(rng, people, days, (template, subject))
    return sorted(mails)


def fault(rng: Random, people: list[str], days: int, mail: tuple[str, str]) -> Iterator[Mail]:
    """One mail to one or many, twice or thirty times, evenly or not, within seconds or days; some are left out."""
    moment = FIRST_DAY + timedelta(days=rng.randrange(days), seconds=rng.randrange(86400))
    group = rng.sample(people, min(len(people), rng.choice((1, 2, 5, 12, 50))))
    pause, is_even, spares = rng.choice((2, 40, 600, 7200, 86400)), rng.random() < 0.4, rng.choice((0.0, 0.0, 0.3))
    for _ in range(rng.choice((2, 3, 7, 8, 12, 30))):
        for n, person in enumerate(group):
            if rng.random() >= spares:
                yield moment + timedelta(milliseconds=700 * n), person, *mail
        moment += timedelta(seconds=pause if is_even else pause * rng.uniform(0.3, 2))


def written(folder: Path, mails: list[Mail]) -> Path:
    """The outbox as a table of its own make: other column names, times to the millisecond, ids that count."""
    path = folder / "outbox.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["sent_at", "id", "from", "to", "subject", "template"])
        for number, (moment, to, template, subject) in enumerate(sorted(mails)):
            stamp = moment.isoformat(timespec="milliseconds")
            rows.writerow([stamp, f"<{number}@school.example>", "office@school.example", to, subject, template])
    return path


def found_incidents(db: Connection, as_of: datetime) -> list[tuple[Incident, tuple[AffectedRecipient, ...]]]:
    """The incidents with their people, oldest first, as a first night at this moment writes them."""
    for table in ("incidents", "affected"):
        db.execute(f"delete from {table}")
    build(db, tables.SENDS + tables.REPEATS, as_of=as_of)
    registry.save_incidents(db, Config(), find_bursts(db, Config().detection), as_of, {})
    return [(incident, people_of(db, incident)) for incident in reversed(registry.saved_incidents(db))]


def people_of(db: Connection, incident: Incident) -> tuple[AffectedRecipient, ...]:
    rows = db.execute("select * from affected where incident_id = ?", [incident.incident_id]).fetchall()
    return tuple(AffectedRecipient(*row) for row in rows)
