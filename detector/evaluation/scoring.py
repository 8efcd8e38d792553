"""What was found against what was true. Pure: two lists in, one score out; scores of many logs add up.

A finding answers for one affair at most, the one it resembles most: it overlaps in time, and half of the people of the
smaller of the two are in the other. So two affairs that are reported as one count as one found, and one affair that is
reported in three parts counts as found in three pieces. What is marked `info` is no alarm: it is neither a find nor a
false one. Figures about people, copies and causes are about the affairs that were found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from statistics import fmean, median

SLACK = timedelta(hours=1)
"""Clocks of a log and of its truth may differ a little, and hourly methods know only the hour."""
SHARED_PEOPLE = 0.5


@dataclass(frozen=True)
class Affair:
    """A burst of the truth."""

    name: str
    cause: str
    is_fault: bool
    """False for what somebody did on purpose: to raise an alarm for it is a mistake."""
    started_at: datetime
    """The first extra copy."""
    ended_at: datetime
    people: Mapping[str, int]
    """recipient -> extra copies."""

    @property
    def excess(self) -> int:
        """All extra copies."""
        return sum(self.people.values())


@dataclass(frozen=True)
class Finding:
    """What a method reports, in the same terms."""

    name: str
    started_at: datetime
    ended_at: datetime
    detected_at: datetime
    """When the method could have said so."""
    people: Mapping[str, int]
    causes: tuple[str, ...] = ()
    """Slugs, the best first; empty for a method that names no cause."""
    is_alarm: bool = True
    """False for severity `info`."""
    extra_copies: Sequence[tuple[str, datetime]] = field(default=(), repr=False)
    """(recipient, time) of every copy that the method takes for an extra one."""


@dataclass(frozen=True)
class Score:
    """Counts that add up over logs, and the figures that follow from them."""

    days: float = 0.0
    faults: int = 0
    found: int = 0
    right_findings: int = 0
    """Findings that answer for a fault: the pieces of what was found."""
    false_findings: int = 0
    people_right: int = 0
    people_wrong: int = 0
    people_missed: int = 0
    causes_named: int = 0
    """Found faults for which any cause was given."""
    cause_first: int = 0
    cause_second: int = 0
    """The true cause was the second of the candidates."""
    excess_errors: tuple[float, ...] = ()
    """Per found fault, as a share of the true excess."""
    copies_before_alarm: tuple[float, ...] = ()
    """Per found fault: extra copies of the median person by the time of the alarm."""
    missed: tuple[str, ...] = ()
    false: tuple[str, ...] = ()

    def __add__(self, other: "Score") -> "Score":
        """The score of both together."""
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Score(**sums)

    @property
    def figures(self) -> dict[str, float | None]:
        """The scoreboard's columns; None where there is nothing to measure."""
        named = self.people_right + self.people_wrong
        true_people = self.people_right + self.people_missed
        return {
            "found": _share(self.found, self.faults),
            "false_per_30_days": _share(30 * self.false_findings, self.days),
            "precision": _share(self.right_findings, self.right_findings + self.false_findings),
            "people_precision": _share(self.people_right, named),
            "people_recall": _share(self.people_right, true_people),
            "excess_error": fmean(self.excess_errors) if self.excess_errors else None,
            "cause_top1": _share(self.cause_first, self.found) if self.causes_named else None,
            "cause_top2": _share(self.cause_first + self.cause_second, self.found) if self.causes_named else None,
            "pieces": _share(self.right_findings, self.found),
            "copies_before_alarm": median(self.copies_before_alarm) if self.copies_before_alarm else None,
        }


def total(scores: Iterable[Score]) -> Score:
    """All scores together."""
    return reduce(add, scores, Score())


def match(affairs: Sequence[Affair], findings: Sequence[Finding], *, days: float, log: str = "") -> Score:
    """The score of a method's findings on one log of so many days; `log` precedes the names of misses and mistakes."""
    pieces: dict[str, list[Finding]] = {affair.name: [] for affair in affairs if affair.is_fault}
    false: list[str] = []
    for finding in findings:
        if not finding.is_alarm:
            continue
        affair = _nearest(finding, affairs)
        if affair is not None and affair.is_fault:
            pieces[affair.name].append(finding)
        else:
            at = f"{finding.started_at:%Y-%m-%d %H:%M}"
            false.append(f"{log}{finding.name} at {at}" + (f" ({affair.name})" if affair else ""))
    faults = [affair for affair in affairs if affair.is_fault]
    misses = tuple(f"{log}{affair.name}" for affair in faults if not pieces[affair.name])
    none_found = Score(days=days, faults=len(faults), false_findings=len(false), missed=misses, false=tuple(false))
    return total([none_found, *(_found(affair, pieces[affair.name]) for affair in faults if pieces[affair.name])])


def _nearest(finding: Finding, affairs: Sequence[Affair]) -> Affair | None:
    """The affair that a finding answers for."""
    alike = [(_likeness(finding, affair), affair) for affair in affairs if _is_about(finding, affair)]
    return max(alike, key=lambda pair: pair[0])[1] if alike else None


def _is_about(finding: Finding, affair: Affair) -> bool:
    if finding.started_at > affair.ended_at + SLACK or finding.ended_at < affair.started_at - SLACK:
        return False
    shared = len(finding.people.keys() & affair.people.keys())
    return shared >= SHARED_PEOPLE * max(1, min(len(finding.people), len(affair.people)))


def _likeness(finding: Finding, affair: Affair) -> tuple[float, float]:
    """Share of all people of the two that both have; then nearness of the beginnings."""
    shared, either = finding.people.keys() & affair.people.keys(), finding.people.keys() | affair.people.keys()
    return len(shared) / max(1, len(either)), -abs((finding.started_at - affair.started_at).total_seconds())


def _found(affair: Affair, pieces: Sequence[Finding]) -> Score:
    """The score of one affair that was found in these pieces."""
    people = frozenset().union(*(piece.people for piece in pieces))
    right = len(people & affair.people.keys())
    excess = sum(sum(piece.people.values()) for piece in pieces)
    causes = max(pieces, key=lambda piece: len(piece.people)).causes
    return Score(
        found=1,
        right_findings=len(pieces),
        people_right=right,
        people_wrong=len(people) - right,
        people_missed=len(affair.people) - right,
        causes_named=bool(causes),
        cause_first=causes[:1] == (affair.cause,),
        cause_second=causes[1:2] == (affair.cause,) and causes[0] != affair.cause,
        excess_errors=(abs(excess - affair.excess) / affair.excess,),
        copies_before_alarm=(_copies_before_alarm(affair, pieces),),
    )


def _copies_before_alarm(affair: Affair, pieces: Sequence[Finding]) -> float:
    """Extra copies that the median person of an affair had when the first piece was detected."""
    alarm_at = min(piece.detected_at for piece in pieces)
    copies = dict.fromkeys(affair.people, 0)
    for recipient, at in {copy for piece in pieces for copy in piece.extra_copies}:
        if recipient in copies and affair.started_at <= at <= min(alarm_at, affair.ended_at):
            copies[recipient] += 1
    return float(median(copies.values()))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
