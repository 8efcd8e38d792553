"""How a cause weighs evidence: signs with points. No cause, but what all of them are written with.

A sign that holds adds its points and its sentence to what speaks for the cause; one that does not hold takes points
away and says what speaks against it; one that the log cannot tell (None) does neither. Two points are about "three
times as likely as not".
"""

from dataclasses import dataclass

_TIMERS_SECONDS = (
    *(5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1200, 1800),
    *(3600, 7200, 10800, 14400, 21600, 28800, 43200),  # one hour to twelve
)
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True)
class Sign:
    """One thing to look for."""

    holds: bool | None
    """None if the log cannot tell."""
    points: float
    supporting: str = ""
    """Said if it holds; "" if that goes without saying."""
    loses: float = 0.0
    """Points lost if it does not hold."""
    contradicting: str = ""


@dataclass(frozen=True)
class Judgement:
    """How well a cause fits, and why."""

    score: float
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()


def weigh(*signs: Sign) -> Judgement:
    """The sum of what holds and what does not."""
    held, missed = [s for s in signs if s.holds], [s for s in signs if s.holds is False]
    return Judgement(
        score=round(sum(s.points for s in held) - sum(s.loses for s in missed), 3),
        supporting=tuple(s.supporting for s in held if s.supporting),
        contradicting=tuple(s.contradicting for s in missed if s.contradicting),
    )


def usual_timer(seconds: float) -> int | None:
    """The timeout that people configure and that this is, within 3 %; None if it is nobody's."""
    near = min(_TIMERS_SECONDS, key=lambda timer: abs(timer - seconds))
    return near if abs(near - seconds) <= 0.03 * near else None


def is_an_hour(seconds: float) -> bool:
    """An hour to within 20 seconds, which nobody keeps by hand."""
    return abs(seconds - 3600) <= 20


def at_least(value: float | None, limit: float) -> bool | None:
    """None stays None."""
    return None if value is None else value >= limit


def at_most(value: float | None, limit: float) -> bool | None:
    """None stays None."""
    return None if value is None else value <= limit


def duration(seconds: float) -> str:
    """In words: "0.4 seconds", "90 seconds", "5 minutes", "1 hour", "2.5 days"."""
    if seconds < 0.1:
        return "less than 0.1 seconds"
    for length, unit in _UNITS:
        if seconds >= 2 * length or abs(seconds - length) < 0.02 * length:
            return _counted(round(seconds / length, 1), unit)
    return _counted(round(seconds, 1 if seconds < 10 else 0), "second")


def share(value: float | None) -> str:
    """ "35 %"; nothing for what is not known."""
    return "" if value is None else f"{100 * value:.0f} %"


def ranged(least: int, most: int) -> str:
    """ "70 to 72", or "70" if that is all."""
    return f"{least}" if least == most else f"{least} to {most}"


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}" + ("" if number == 1 else "s")
