"""The roster behind the welcomes: a row per enrollment, which is what the detector may know about how many were due.

Every welcome stands for an enrollment moments before it, but the extra copies of a burst, and those that somebody asked
for within a day.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from random import Random

from detector.simulate.messages import DAY, MINUTE, Message, iso
from detector.simulate.traffic import DayOfMail

ROSTER = "roster.csv"
COLUMNS = ("enrolled_at", "recipient", "course", "organization")
PREFIX = "Welcome to "


def write_roster(days: Iterable[DayOfMail], path: Path, seed: int) -> None:
    """Write the enrollments behind these days of mail."""
    rng, last_ms = Random(f"{seed}/roster"), dict[tuple[str, str], int]()
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for message in (message for day in days for message in day.messages if message.subject.startswith(PREFIX)):
            key = (message.recipients[0], message.subject)
            if _is_due(message, last_ms.get(key)):
                enrolled_at = iso(message.sent_at_ms - rng.randrange(80, MINUTE))
                rows.writerow((enrolled_at, key[0], message.subject.removeprefix(PREFIX), message.organization))
            last_ms[key] = message.sent_at_ms


def _is_due(message: Message, before_ms: int | None) -> bool:
    """Whether an enrollment stands behind a welcome, given when the same person last got the same."""
    if before_ms is None:
        return True
    return not message.burst and message.sent_at_ms - before_ms > DAY
