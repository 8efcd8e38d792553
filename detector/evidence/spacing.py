"""Time between one copy and the next of the same mail: how long, how even, growing or not; what the calendar says."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Halifax",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "America/Santiago",
)
"""Zones that stand for all that put their clocks back on the same days."""

Seconds = npt.NDArray[np.float64]
_DAY = 86_400.0
_HALF_DAY = 43_200.0
_GROWN = 1.25
"""A pause that is longer than the one before by this factor has grown."""


@dataclass(frozen=True)
class Spacing:
    """The gaps between copies of the same mail."""

    median_seconds: float = 0.0
    spread: float = 0.0
    """Interquartile range of all gaps, as a share of their median; 0 is a metronome."""
    own_spread: float | None = None
    """The same within each mail, the median of the mails with at least three gaps: a person's own rhythm."""
    shortest_seconds: float = 0.0
    """The 10th percentile of the gaps."""
    longest_seconds: float = 0.0
    """The 90th percentile."""
    step_spread: float | None = None
    """The same among the first, second, ... gaps of all mails, the median: 0 if everybody waits equally long."""
    growth: float | None = None
    """Median ratio of a gap to the gap before it, among the first four of each mail; 2: each pause is twice as long."""
    growing_share: float | None = None
    """Share of these gaps that are longer than the gap before them by a quarter or more."""
    trend: float | None = None
    """Rank correlation of a gap's number and its length within a mail, the median: 1 if each pause is longer."""
    daily_share: float = 0.0
    """Share of the gaps that are whole half-days, whole days or weeks, within ten minutes or an hour's clock change."""
    clock_change_share: float = 0.0
    """Share of the extra copies about an hour after the first, when clocks were being put back."""
    first_gap_seconds: float = 0.0
    """Median time from the rightful copy to the first extra one."""
    originals_seconds: float = 0.0
    """Time in which the rightful copies went out, its outer tenths cut off."""
    extras_seconds: float = 0.0
    """Time in which the extra copies went out, its outer tenths cut off."""
    overlap: float = 0.0
    """Share of the extra copies that went out before the last rightful one."""

    @property
    def rhythm_spread(self) -> float:
        """How even a person's rhythm is; of all gaps together, where nobody has enough for a rhythm of his own."""
        return self.spread if self.own_spread is None else self.own_spread


def space(copies: pd.DataFrame) -> Spacing:
    """The spacing of copies in time order."""
    times, mails = copies["sent_at_seconds"], copies["mail"]
    step = copies.groupby("mail").cumcount()
    gaps = times.groupby(mails).diff()
    known = gaps[step > 0]
    if not len(known):
        return Spacing()
    low, median, high = np.quantile(known, (0.25, 0.5, 0.75))
    return Spacing(
        median_seconds=round(float(median), 3),
        spread=round(float((high - low) / median), 4) if median else 0.0,
        own_spread=_spread_within(gaps, mails, at_least=3),
        shortest_seconds=round(float(np.quantile(known, 0.1)), 3),
        longest_seconds=round(float(np.quantile(known, 0.9)), 3),
        step_spread=_spread_within(gaps[step > 0], step[step > 0], at_least=3),
        **_growing(mails, gaps, step),
        daily_share=round(float(_is_daily(known.to_numpy()).mean()), 4),
        clock_change_share=_clock_change_share(times.to_numpy(), gaps.to_numpy()),
        first_gap_seconds=round(float(gaps[step == 1].median()), 3),
        originals_seconds=_inner_span(times[step == 0]),
        extras_seconds=_inner_span(times[step > 0]),
        overlap=round(float((times[step > 0] < times[step == 0].max()).mean()), 4),
    )


def _inner_span(times: "pd.Series[float]") -> float:
    """From the 10th to the 90th percentile."""
    low, high = np.quantile(times, (0.1, 0.9))
    return round(float(high - low), 3)


def _spread_within(gaps: "pd.Series[float]", groups: "pd.Series[int]", *, at_least: int) -> float | None:
    """Interquartile range over median in each group of enough gaps, the median of the groups; None without one."""
    quantiles = gaps.groupby(groups).quantile([0.25, 0.5, 0.75]).unstack()
    quantiles = quantiles[(gaps.groupby(groups).count() >= at_least) & (quantiles[0.5] > 0)]
    if not len(quantiles):
        return None
    return round(float(((quantiles[0.75] - quantiles[0.25]) / quantiles[0.5]).median()), 4)


def _growing(mails: "pd.Series[int]", gaps: "pd.Series[float]", step: "pd.Series[int]") -> dict[str, float]:
    """What says that the pauses get longer and longer; gaps below a second tell nothing of that."""
    before = gaps.groupby(mails).shift()
    ratios = (gaps / before.clip(lower=1.0))[(step >= 2) & (step <= 4)]
    if not len(ratios):
        return {}
    found = {
        "growth": round(float(ratios.median()), 3),
        "growing_share": round(float((ratios >= _GROWN).mean()), 4),
    }
    trends = _trends(mails[step > 0], step[step > 0], gaps[step > 0])
    if len(trends):
        found["trend"] = round(float(trends.median()), 4)
    return found


def _trends(mails: "pd.Series[int]", step: "pd.Series[int]", gaps: "pd.Series[float]") -> "pd.Series[float]":
    """Spearman's correlation of number and length of the gaps, for each mail with at least three that differ."""
    x, y = step - step.groupby(mails).transform("mean"), gaps.groupby(mails).rank()
    y -= y.groupby(mails).transform("mean")
    sums = pd.DataFrame({"xy": x * y, "xx": x * x, "yy": y * y, "gaps": 1}).groupby(mails).sum()
    sums = sums[(sums["gaps"] >= 3) & (sums["yy"] > 0)]
    return sums["xy"] / np.sqrt(sums["xx"] * sums["yy"])


def _is_daily(gaps: Seconds) -> npt.NDArray[np.bool_]:
    """Whether each gap is a number of half-days, days or weeks, as a timetable makes them."""
    halves = np.maximum(np.round(gaps / _HALF_DAY), 1)
    off = np.abs(gaps - halves * _HALF_DAY)
    return np.asarray((off <= 600) | (np.abs(off - 3600) <= 300) & (gaps > 0.9 * _DAY))


def _clock_change_share(times: Seconds, gaps: Seconds) -> float:
    """Extra copies an hour after the copy before, in the hours in which some zone's clocks were put back."""
    is_hour = np.abs(gaps - 3600) <= 600
    if not is_hour.any():
        return 0.0
    repeated = np.zeros(len(times), dtype=bool)
    years = range(_year(times.min()), _year(times.max()) + 1)
    for moment in sorted({moment for year in years for moment in clocks_put_back(year)}):
        repeated |= (times >= moment - 600) & (times < moment + 3 * 3600)
    return round(float((is_hour & repeated).sum() / np.isfinite(gaps).sum()), 4)


def _year(seconds: float) -> int:
    return datetime.fromtimestamp(float(seconds), UTC).year


@lru_cache(maxsize=64)
def clocks_put_back(year: int) -> tuple[float, ...]:
    """The moments of a year, in seconds since 1970, at which the clocks of a zone show an hour for the second time."""
    moments = set()
    for name in ZONES:
        zone, hour = ZoneInfo(name), timedelta(hours=1)
        for number in range(366):
            day = datetime(year, 1, 1, tzinfo=UTC) + number * timedelta(days=1)
            if _offset(day, zone) > _offset(day + timedelta(days=1), zone):
                hours = (day + n * hour for n in range(25))
                moments.add(next(at for at in hours if _offset(at, zone) < _offset(day, zone)).timestamp())
    return tuple(sorted(moments))


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
