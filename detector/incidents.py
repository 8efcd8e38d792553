"""Affairs into incidents: which known incident it is, whether it may be meant, how grave, still going or not. Pure.

Identity is matched by evidence, not recomputed: a group of bursts is the known incident whose people and time it
shares, so late rows may extend an incident but never rename it. Only a new affair gets a new id, from a hash, so that
the same logs give the same id on every machine.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detector.affairs import SHARED_PEOPLE, Burst
from detector.records import AffectedRecipient, Incident

SAME_AFFAIR = timedelta(hours=36)
"""A burst that starts within this of a known incident's end, for its people, is that incident going on."""
MOSTLY, MOSTLY_BY_SIZE, A_MAILING, A_FEW = 0.9, 0.8, 10, 3
SECOND_THOUGHTS, GOES_ON = 1200, 0.3
"""What a second mailing on purpose looks like: see `Shape.may_be_deliberate`."""
CLOCKWORK = 20
"""Nobody hits the hour to so many seconds, but a clock that is put back does."""
_ID_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Sayable over the phone: no 0 and O, no 1, I and L, no U."""


@dataclass(frozen=True)
class Known:
    """What an earlier night knew of an incident."""

    incident: Incident
    recipients: frozenset[str]


@dataclass(frozen=True)
class Feed:
    """How far the log reaches, and whether that is recent enough to speak of the present."""

    complete_through: datetime
    as_of: datetime
    stale_after: timedelta

    @property
    def is_stale(self) -> bool:
        """True if nobody can know what happens now."""
        return self.as_of - self.complete_through > self.stale_after


@dataclass(frozen=True)
class Shape:
    """What tells a second mailing on purpose from a fault."""

    mails: int
    """Of how many mails (content and person) there were extra copies,"""
    mails_sent_twice: int
    """of how many exactly one,"""
    mails_counted_down: int
    """of how many copies at ever shorter notice, whole hours apart,"""
    mails_of_one_day: int
    """of how many the first copies went out on one day,"""
    contents: int
    """of how many contents,"""
    people_written_to: int
    """how many people were sent these contents at all (0 if only the size is known: two mails may have one size),"""
    people_written_to_then: int
    """and how many on the day of the first copies;"""
    people_reached: int
    """and to how many of them what repeated it to the others was the first to send it."""
    median_gap_seconds: float
    doubt_until_us: int | None
    """When the log told of more copies than anybody sends on purpose, to a tenth of the people."""

    @property
    def may_be_deliberate(self) -> bool:
        """A mailing went out once more, after a time in which somebody may have seen what was wrong with it; or people
        were reminded of a deadline, days before it, a day, and hours.

        A mailing is written to everybody on one day; a welcome is written to somebody on any day.
        """
        mostly = MOSTLY if self.people_written_to else MOSTLY_BY_SIZE
        series = self.mails - self.mails_sent_twice  # who has done it after the first reminder gets no further one
        is_countdown = self.mails >= A_MAILING and self.mails_counted_down >= MOSTLY * max(series, self.mails / 3)
        return is_countdown or (self.is_mailing and self.mails_sent_twice >= mostly * self.mails)

    @property
    def is_mailing(self) -> bool:
        """Written to many on one day, and again after a time in which somebody may have thought about it.

        Not by what then went on to those who had nothing yet, as a job does that broke off and begins from the top.
        """
        at_once = (
            self.people_written_to_then >= MOSTLY * self.people_written_to
            if self.people_written_to
            else self.mails_of_one_day >= MOSTLY_BY_SIZE * self.mails
        )
        to_many = self.people_written_to >= A_FEW * self.contents
        goes_on = self.people_reached >= max(A_FEW, GOES_ON * self.mails)
        return self.is_thought_over and at_once and to_many and not goes_on

    @property
    def is_thought_over(self) -> bool:
        """To many, and after a time in which somebody may have seen what was wrong with it."""
        is_one_hour = abs(self.median_gap_seconds - 3600) <= CLOCKWORK
        return self.mails >= A_MAILING and self.median_gap_seconds >= SECOND_THOUGHTS and not is_one_hour


def new_id(bursts: Sequence[Burst], taken: Collection[str]) -> str:
    """An id such as INC-7F3K from what was sent and the day the extra copies began; the next hash if it is taken.

    The day and not the second, because what is known of the first copies may still grow.
    """
    first = min(bursts, key=lambda b: (b.started_at, b.template_key))
    what = first.sender if first.rung == "sender+size" else first.template_key  # one mail may have several size classes
    number = 0
    while True:
        text = f"{what}|{first.started_at:%Y-%m-%d}|{number}"
        digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        letters = ""
        for _ in range(4):
            digest, place = divmod(digest, len(_ID_LETTERS))
            letters += _ID_LETTERS[place]
        if f"INC-{letters}" not in taken:
            return f"INC-{letters}"
        number += 1


def match(groups: Sequence[Sequence[Burst]], known: Sequence[Known], merged: Collection[str] = ()) -> list[str]:
    """The incident id of each group: the known one that shares people and time, the nearest first, else a new one.

    An incident that was merged into an older one is never matched again: its id stays another name of that one.
    """
    begins = [min(burst.started_at for burst in bursts) for bursts in groups]
    alike = sorted(
        (
            *(abs(other.incident.started_at - begins[place]), _unlikeness(bursts, other)),
            *(other.incident.started_at, other.incident.incident_id, place),
        )
        for place, bursts in enumerate(groups)
        for other in known
        if other.incident.incident_id not in merged and _is_same(bursts, other)
    )
    found: dict[int, str] = {}
    for *_, incident_id, place in alike:
        if place not in found and incident_id not in found.values():
            found[place] = incident_id
    taken = {other.incident.incident_id for other in known}
    for place, bursts in enumerate(groups):
        if place not in found:
            found[place] = new_id(bursts, taken)
            taken.add(found[place])
    return [found[place] for place in range(len(groups))]


def absorbed(groups: Sequence[Sequence[Burst]], ids: Sequence[str], known: Sequence[Known]) -> dict[str, str]:
    """Known incidents that tonight are a part of another one, and which: late rows have closed the gap between them."""
    found: dict[str, str] = {}
    for other in known:
        name, started_at, ended_at = other.incident.incident_id, other.incident.started_at, other.incident.ended_at
        for place, bursts in enumerate(groups):
            spans = min(b.started_at for b in bursts) <= started_at and ended_at <= max(b.ended_at for b in bursts)
            if name not in ids and spans and _is_same(bursts, other):
                found.setdefault(name, ids[place])
    return found


def withdrawn(known: Sequence[Known], current: Collection[str]) -> list[Incident]:
    """Known incidents that the evidence no longer supports: kept, with the figures they had."""
    gone = (k.incident for k in known if k.incident.incident_id not in current)
    return [replace(incident, state="withdrawn", ongoing=False) for incident in gone]


def liveness(ended_at: datetime, median_gap_seconds: float, feed: Feed) -> tuple[str, bool | None]:
    """(state, ongoing): quiet an hour, or six usual gaps, past the last extra copy; stopped at twice that.

    A stale feed says nothing of the present, neither that it goes on nor that it stopped: blind, and nobody knows.
    """
    if feed.is_stale:
        return "blind", None
    patience = max(timedelta(hours=1), timedelta(seconds=6 * median_gap_seconds))
    silence = feed.complete_through - ended_at
    state = "active" if silence <= patience else "quiet" if silence <= 2 * patience else "stopped"
    return state, state == "active"


def severity(recipients: int, excess: int, lasted: timedelta) -> str:
    """How grave for the people hit: how many, how many extra copies, how long.

    What is left of a burst, once all is taken off that others account for, may be a copy or two: nobody calls for that.
    """
    hours = lasted.total_seconds() / 3600
    if (recipients >= 50 and excess >= 500) or excess >= 5_000:
        return "grave"
    if recipients >= 20 or excess >= 200 or (recipients >= 5 and hours >= 24):
        return "serious"
    return "minor" if max(recipients, excess) >= A_FEW else "info"


def organizations(affected: Sequence[AffectedRecipient]) -> tuple[str, ...]:
    """The clients hit, most people first."""
    counts = Counter(person.organization for person in affected if person.organization)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _unlikeness(bursts: Sequence[Burst], known: Known) -> float:
    """The share of all people of the two that only one of them has: of two that began together, the likeliest."""
    people = frozenset().union(*(burst.recipients for burst in bursts))
    return 1 - len(people & known.recipients) / max(1, len(people | known.recipients))


def _is_same(bursts: Sequence[Burst], known: Known) -> bool:
    """True if a group of bursts is the known incident: touching in time, same sender, shared people."""
    people = frozenset().union(*(burst.recipients for burst in bursts))
    begins, ends = min(b.started_at for b in bursts), max(b.ended_at for b in bursts)
    if begins - known.incident.ended_at > SAME_AFFAIR or known.incident.started_at - ends > SAME_AFFAIR:
        return False
    shared = len(people & known.recipients)
    return bool(shared) and shared >= SHARED_PEOPLE * min(len(people), len(known.recipients))
