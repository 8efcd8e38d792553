"""Mail of which several come at once by nature, to who is in several courses: for days everybody gets two, three or
four times as many. So it is when a handler is registered so often, and no single number is beyond the usual then.

The people of one client are enrolled together, in the same courses: in one hour they are one witness and not many.
"""

from dataclasses import dataclass
from math import log10

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.batch_rows import DAY_US

Counts = npt.NDArray[np.int64]
_TIMES = (2, 3, 4)
_HOUR_US = 3_600_000_000
_FEWEST_BEFORE, _FEWEST_PEOPLE = 50, 5
"""So many of the days before must be known, and so many people be hit."""
_MOST_DAYS = 7
_MISSED = 0.1
"""Of those hit, so many get the usual number, or one copy of theirs gets lost."""


@dataclass(frozen=True)
class _Run:
    """Rows from one to another in which everything came so many times; by which row that was clear."""

    log10: float
    times: int
    first: int
    last: int
    enough: int


def multiplied(at_once: pd.DataFrame, alarm_log10: float) -> pd.DataFrame:
    """Of how many came at once (`questions/at_once`), all on the days on which it was several times the usual number,
    with how many people were hit and when the log had told enough of it. Who lost one of the copies is left out."""
    found = [hit for _, part in at_once.groupby("template_key") for hit in _of_template(part, alarm_log10)]
    return pd.concat([at_once.iloc[:0].assign(alike=0, alike_at_us=0), *found]).drop(columns=["client", "known_at_us"])


def _of_template(part: pd.DataFrame, alarm_log10: float) -> list[pd.DataFrame]:
    """The same of one template, whose runs of days do not overlap; the most telling first."""
    days = (part["started_us"] // DAY_US).to_numpy()
    is_first = (~part.assign(day=days).duplicated(["recipient", "day"])).to_numpy()  # a person's mails of a day are one
    runs = [run for day in np.unique(days) for run in _runs(part, days, is_first, day, alarm_log10)]
    found, taken = [], np.zeros(0, dtype=np.int64)
    for run in sorted(runs, key=lambda run: -run.log10):
        begins = days[run.first]
        if begins in taken:
            continue
        taken = np.concatenate([taken, np.arange(begins - _MOST_DAYS + 1, days[run.last] + 1)])
        hit = part.iloc[run.first : run.last + 1]
        hit = hit[(hit["copies"] > 1) & (hit["copies"] % run.times == 0)]
        told_us = int(part["known_at_us"].to_numpy()[run.first : run.enough + 1].max())
        found.append(hit.assign(alike=hit["recipient"].nunique(), alike_at_us=told_us))
    return found


def _runs(
    part: pd.DataFrame, days: Counts, is_first: npt.NDArray[np.bool_], day: int, alarm_log10: float
) -> list[_Run]:
    """What begins on that day and is beyond the line, by each number of times."""
    before = part["copies"].to_numpy()[is_first & (days < day)]
    near = np.flatnonzero((days >= day) & (days < day + _MOST_DAYS))
    near = near[~part["recipient"].iloc[near].duplicated().to_numpy()]
    if len(before) < _FEWEST_BEFORE or len(near) < _FEWEST_PEOPLE:
        return []
    copies, found = part["copies"].to_numpy()[near], []
    hours = (part["started_us"] // _HOUR_US).to_numpy()
    witness = part.iloc[near].groupby([part["client"].iloc[near], hours[near]]).ngroup().to_numpy()
    tried = log10(len(_TIMES) * len(np.unique(days)))
    for times in _TIMES:
        sums = _by_witness(_log10(copies, before, times), witness) - tried
        sums[: _FEWEST_PEOPLE - 1] = 0.0
        last = int(sums.argmax())
        if sums[last] >= alarm_log10:
            enough = int((sums >= alarm_log10).argmax())
            found.append(_Run(float(sums[last]), times, int(near[0]), int(near[last]), int(near[enough])))
    return found


def _by_witness(log10: npt.NDArray[np.float64], witness: Counts) -> npt.NDArray[np.float64]:
    """What all have told up to each row: of each witness the mean of its rows so far."""
    told = pd.Series(log10).groupby(witness)
    means = told.cumsum() / (told.cumcount() + 1)
    result: npt.NDArray[np.float64] = means.groupby(witness).diff().fillna(means).cumsum().to_numpy()
    return result


def _log10(copies: Counts, before: Counts, times: int) -> npt.NDArray[np.float64]:
    """How much likelier each number is if it is so many times a usual one: log10."""
    most = int(max(copies.max(), before.max()))
    usual = (np.bincount(before, minlength=most + 1) + 0.5) / (len(before) + 0.5 * most)
    multiple = np.where(copies % times == 0, (1 - _MISSED) * usual[copies // times], 0.0) + _MISSED * usual[copies]
    result: npt.NDArray[np.float64] = np.log10(multiple / usual[copies])
    return result
