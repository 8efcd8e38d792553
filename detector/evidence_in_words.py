"""Why a batch was alarmed, in sentences: how many of whom got the same again, and what that was judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from detector.batch_rows import POOLED_BINS

_LAGS = {
    1: "within 2 seconds",
    2: "after 2 to 10 seconds",
    3: "after 10 seconds to a minute",
    4: "after 1 to 10 minutes",
    5: "after 10 minutes to an hour",
    6: "after 1 to 6 hours",
    7: "after 6 to 20 hours",
    8: "about a day later",
    9: "after 1 to 3 days",
    10: "after 3 to 8 days",
    11: "after more than 8 days",
    12: "within an hour",
    13: "after more than a day",
    14: "after more than a day",
    15: "within a minute",
}
_WINDOWS = {15: "15 minutes", 1440: "day", 10080: "week"}
_MOST_POWER = 12
"""Beyond one in a million million, a greater number tells a person nothing more."""


@dataclass(frozen=True)
class Batch:
    """One row of `batch_alarms`."""

    template_key: str
    cut_by: str
    organization: str | None
    scope: str
    window_start_us: int
    window_us: int
    lag_bin: int
    is_again: bool
    """It counts people to whom the mail came once more, not those who got it for the first time."""
    exposed: int
    repeated: int
    log10: float
    company: int

    @property
    def mail(self) -> str:
        """What was sent: a template may have several subjects, and behind a kin stand many templates."""
        return f"mail of this {'kind' if self.template_key.startswith(('k:', 'i:')) else 'template'}"

    @property
    def where(self) -> str:
        """ " at Harbor Freightways", or "" for everybody."""
        return f" at {self.organization}" if self.scope == "organization" and self.organization else ""


def bins_of_most(repeats: Sequence[int]) -> list[int]:
    """The lag bins, those that stand for several included, that hold most of an incident's copies, the narrowest first;
    `repeats` are its copies in each bin. A batch may be alarmed most surely by copies of which there were few: whoever
    looks at the burst will not find them, and doubts the rest."""
    spans = {place: (place, place) for place in range(1, len(repeats) + 1)} | POOLED_BINS
    fitting = [name for name, (low, high) in spans.items() if 2 * sum(repeats[low - 1 : high]) > sum(repeats)]
    return sorted(fitting, key=lambda name: (spans[name][1] - spans[name][0], name))


def batch(batch: Batch, sent_it: int) -> str:
    """How many of whom got the same again; `sent_it` people had been sent the mail, 0 if nobody knows."""
    start = datetime.fromtimestamp(batch.window_start_us // 1_000_000, UTC)
    people = f"{batch.exposed} people{batch.where}"
    if batch.cut_by == "later":
        return (
            f"Of {people} who were sent {batch.mail} on {start:%d %b}, {batch.repeated} had been sent the same "
            "more than a day before."
        )
    when = f"In the {_WINDOWS[batch.window_us // 60_000_000]} from {start:%d %b %H:%M} UTC"
    if not batch.is_again:
        return (
            f"{when}, {batch.repeated} of {people} who had been sent {batch.mail} were sent the same again "
            f"{_LAGS[batch.lag_bin]}."
        )
    of = f"{batch.exposed} of the {sent_it} people{batch.where}" if sent_it > batch.exposed else people
    these = "all" if batch.repeated == batch.exposed else f"{batch.repeated}"
    return (
        f"{when}, {of} who had been sent {batch.mail} got it once more, and {these} of these were sent the same yet "
        f"again {_LAGS[batch.lag_bin]}."
    )


def judged(batch: Batch, *, has_other_days: bool) -> str:
    """How rare that is, and whose usual days say so."""
    whose = "their" if batch.company > 1 else "this template's"
    by = f"{whose} other days" if has_other_days else "what is usual of mail that nobody knows yet"
    return f"Judged by {by}, that happens {_rarely(batch.log10)} such batches."


def _rarely(log10: float) -> str:
    """ "at most once in 10 million", for 7.2."""
    power = int(log10)
    if power >= _MOST_POWER:
        return "less than once in a million million"
    times = f"{10 ** (power - 6):,} million" if power >= 6 else f"{10**power:,}"
    return f"at most once in {times}"
