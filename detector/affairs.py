"""Bursts into affairs: which of them one fault has made, over templates, days and languages. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")
TOUCHING = timedelta(hours=1)
"""Bursts nearer than this may be one affair; further apart they are two."""
PAUSE = timedelta(days=4)
"""The same mail to the same people may rest so long, as over a weekend, and still be one affair."""
OVERNIGHT = timedelta(hours=26)
"""The same mail repeated after about the same time on the next day is one affair: what breaks it sleeps at night."""
ALIKE, AT_ONCE = 1.5, 2.0
"""Two bursts repeat after about the same time if one median is no longer than the other by this factor; up to so many
seconds they do anyway."""
STAFF = 5
"""So many people of the sender's own domain are more than the few that machines report to."""
PARALLEL = timedelta(minutes=5)
"""Bursts of one sender that begin and end within this of each other are one affair, if they repeat alike."""
SAME_GROUP, SAME_GROUP_PEOPLE, AFTERWARDS = 0.9, 5, timedelta(days=2)
"""Other mail repeated within seconds to the same five people or more, no later than this, has one cause: it is they who
are entered twice."""
IN_STEP_FROM, IN_STEP = timedelta(minutes=10), 1.01
"""Two mails repeated after the same time to 1 %, if that is ten minutes or more, are repeated by one cause."""
SHARED_PEOPLE = 0.5
"""So much of the smaller group is in the other one if they are the same people."""

A_PART = 0.1
"""And of the larger one, if it is other mail: one of hundreds may be in two affairs."""
MANY = 4
"""So many affairs of one sender at one pace of seconds, each within a day of the next, are one: what doubles one mail
doubles all."""
SECONDS, A_MINUTE = 10.0, 60.0


@dataclass(frozen=True)
class Burst:
    """Repeats of one template that belong together in time and people."""

    template_key: str
    burst_number: int
    rung: str
    sender: str
    started_at: datetime
    ended_at: datetime
    detected_at: datetime
    recipients: frozenset[str]
    is_slow: bool = False
    """Its copies come many hours apart,"""
    is_by_a_clock: bool = False
    """or by a clock of its own, which other mail of the template meanwhile is nothing to."""
    median_gap_seconds: float = 0.0
    """0 if it is not known."""
    copies_each: float = 1.0
    """Extra copies, on average."""
    kin: str | None = None
    """What the templates share that are akin to this one."""
    domains: tuple[str, str] = ("", "")
    """The first and the last by name of those that the template ever went to."""
    quarters: frozenset[int] = frozenset()
    """Quarters of an hour (microseconds since 1970) in which several templates showed it together."""

    @property
    def is_in_house(self) -> bool:
        """True for mail of machines to a few of the sender's own staff: they report all night if need be."""
        house = self.sender.rpartition("@")[2]
        ours = [bool(house) and (f".{house}".endswith(f".{d}") or f".{d}".endswith(f".{house}")) for d in self.domains]
        return all(ours) and len(self.recipients) < STAFF

    @property
    def is_of_a_kin(self) -> bool:
        """True if templates that are akin showed it together, each of them too little."""
        return self.template_key.startswith("k:")


def group(bursts: Sequence[Burst]) -> list[tuple[Burst, ...]]:
    """One affair, one group: bursts that overlap in time and share template, people, or the size class next door; none
    of those that stay in the house."""
    ours = (burst for burst in bursts if not burst.is_in_house)
    groups = _joined(sorted(ours, key=lambda b: (b.started_at, b.template_key, b.burst_number)), _belong)
    affairs: list[list[Burst]] = []
    for many in _joined(groups, _are_of_one_pace):
        affairs += [[b for part in many for b in part]] if len(many) >= MANY else many
    ordered = (tuple(sorted(g, key=lambda b: (b.started_at, b.template_key))) for g in affairs)
    return sorted(ordered, key=lambda g: (g[0].started_at, g[0].template_key))


def _joined(items: Iterable[T], are_one: Callable[[T, T], bool]) -> list[list[T]]:
    """What is one, directly or by way of others, together."""
    groups: list[list[T]] = []
    for item in items:
        near = [g for g in groups if any(are_one(item, other) for other in g)]
        groups = [g for g in groups if g not in near]
        groups.append([*(other for g in near for other in g), item])
    return groups


def _are_of_one_pace(one: Sequence[Burst], other: Sequence[Burst]) -> bool:
    """True if in both there is mail of one sender that comes again within the same seconds, a day apart at the most."""
    return any(_double_alike(a, b) for a in one for b in other)


def _double_alike(one: Burst, other: Burst) -> bool:
    longest = max(one.median_gap_seconds, other.median_gap_seconds)
    few, many = sorted((one.copies_each, other.copies_each))
    is_alike = longest <= SECONDS and _are_alike(one, other) and many <= ALIKE * few
    return one.sender == other.sender and _apart(one, other) <= OVERNIGHT and is_alike


def _apart(one: Burst, other: Burst) -> timedelta:
    """From the end of the earlier to the beginning of the later; less than nothing if they overlap."""
    return max(one.started_at, other.started_at) - min(one.ended_at, other.ended_at)


def _belong(one: Burst, other: Burst) -> bool:
    """True if two bursts are one affair."""
    if one.quarters & other.quarters:
        return True
    apart = _apart(one, other)
    shared = len(one.recipients & other.recipients)
    is_shared = shared >= SHARED_PEOPLE * min(len(one.recipients), len(other.recipients))
    if one.template_key == other.template_key or _are_neighbours(one, other):
        return apart <= _pause(one, other, is_shared) and (is_shared or _are_of_a_pace(one, other))
    if _hit_the_same(one, other):
        return apart <= AFTERWARDS
    is_akin = one.kin is not None and one.kin == other.kin and apart <= timedelta(0)
    if (is_akin or _are_parallel(one, other)) and _are_alike(one, other):
        return True
    if one.is_of_a_kin and other.is_of_a_kin and one.sender == other.sender and one.is_slow == other.is_slow:
        return apart <= TOUCHING and (one.is_slow or _are_alike(one, other))
    if one.is_slow and other.is_slow and abs(one.started_at - other.started_at) > OVERNIGHT:
        return False  # within weeks of a drip others may begin for the same people
    is_shared &= shared >= A_PART * max(len(one.recipients), len(other.recipients))
    return apart <= TOUCHING and one.is_slow == other.is_slow and (is_shared or _are_in_step(one, other))


def _hit_the_same(one: Burst, other: Burst) -> bool:
    """True if both repeat at once, to one and the same group of people."""
    if max(one.median_gap_seconds, other.median_gap_seconds) > AT_ONCE:
        return False
    return _are_one_group(one, other) and _are_alike(one, other)


def _are_parallel(one: Burst, other: Burst) -> bool:
    """True if both began and ended together: one job mails some in one language and some in another."""
    ends = abs(one.ended_at - other.ended_at) <= PARALLEL
    return one.sender == other.sender and abs(one.started_at - other.started_at) <= PARALLEL and ends


def _are_of_a_pace(one: Burst, other: Burst) -> bool:
    """True if both are slow, or by a clock; or if both come again within a minute, or after about the same time, or,
    under one name, neither within a minute."""
    if one.is_slow or other.is_slow:
        return one.is_slow and other.is_slow and one.is_by_a_clock == other.is_by_a_clock
    are_quick = [each.median_gap_seconds <= A_MINUTE for each in (one, other)]
    neither = one.template_key == other.template_key and not any(are_quick)
    return all(are_quick) or neither or _are_alike(one, other)


def _pause(one: Burst, other: Burst, is_shared: bool) -> timedelta:
    """How long one mail may rest and still be one affair, by who gets it and after what time it comes again."""
    gaps = sorted((one.median_gap_seconds, other.median_gap_seconds))
    if is_shared and one.is_slow and other.is_slow:  # what comes weekly rests for a week
        return max(PAUSE, timedelta(seconds=ALIKE * gaps[0]))
    if is_shared and (one.is_slow or other.is_slow):  # a retry that has become slow
        return min(OVERNIGHT, timedelta(seconds=ALIKE * gaps[1]))
    if not _are_alike(one, other):
        return TOUCHING
    return PAUSE if _are_one_group(one, other) else OVERNIGHT


def _are_one_group(one: Burst, other: Burst) -> bool:
    """True if both went to the same people, nearly all of them, and to several."""
    shared, either = len(one.recipients & other.recipients), len(one.recipients | other.recipients)
    return shared >= SAME_GROUP_PEOPLE and shared >= SAME_GROUP * either


def _are_alike(one: Burst, other: Burst) -> bool:
    """True if both are quick, and repeat after about the same time, or within seconds."""
    gaps = sorted((one.median_gap_seconds, other.median_gap_seconds))
    return not one.is_slow and not other.is_slow and gaps[0] > 0 and gaps[1] <= ALIKE * max(gaps[0], AT_ONCE)


def _are_in_step(one: Burst, other: Burst) -> bool:
    """True if what repeats different mail to different people repeats it after the same odd time, such as an hour."""
    gaps = sorted((one.median_gap_seconds, other.median_gap_seconds))
    return gaps[0] >= IN_STEP_FROM.total_seconds() and gaps[1] <= IN_STEP * gaps[0]


def _are_neighbours(one: Burst, other: Burst) -> bool:
    """True for size classes side by side: one mail's sizes may fall on both sides of the line between them."""
    if one.rung != "sender+size" or other.rung != "sender+size" or one.sender != other.sender:
        return False
    sizes = (int(burst.template_key.rpartition("|")[2]) for burst in (one, other))
    return abs(next(sizes) - next(sizes)) <= 1
