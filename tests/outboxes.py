"""Drawn outboxes of small schools: a few kinds of mail, and a few faults of any shape, also such as nobody has had."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

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
