"""Mail of which several come at once by nature, to who is in several courses: for days everybody gets two, three or
four times as many. So it is when a handler is registered so often, and no single number is beyond the usual then.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.batch_rows import DAY_US

_TIMES = (2, 3, 4)
_FEWEST_BEFORE, _FEWEST_PEOPLE = 50, 5
"""So many of the days before must be known, and so many people be hit."""
_MOST_DAYS = 7
_MISSED = 0.1
"""Of those hit, so many get the usual number, or one copy of theirs gets lost."""
_TRIED_LOG10 = 2.0
"""Looked for on some thirty days with three numbers: what is found by looking so often must be so much stranger."""


def multiplied(at_once: pd.DataFrame, alarm_log10: float) -> pd.DataFrame:
    """Of how many came at once (`questions/at_once`), all on the days on which it was several times the usual number,
    with how many people were hit and when the log had told enough of it."""
    found = [_of_template(part, alarm_log10) for _, part in at_once.groupby("template_key")]
    return pd.concat([at_once.iloc[:0].assign(alike=0, alike_at_us=0), *found]).drop(columns="known_at_us")


def _of_template(part: pd.DataFrame, alarm_log10: float) -> pd.DataFrame:
    """The same of one template, its most telling days."""
    days = part["started_us"].to_numpy() // DAY_US
    first = (~part.assign(day=days).duplicated(["recipient", "day"])).to_numpy()  # a person's mails of a day are one
    best, chosen = 0.0, (0, 0, 0)
    for day in np.unique(days):
        before = part["copies"].to_numpy()[first & (days < day)]
        near = np.flatnonzero(first & (days >= day) & (days < day + _MOST_DAYS))
        if len(before) < _FEWEST_BEFORE or len(near) < _FEWEST_PEOPLE:
            continue
        copies = part["copies"].to_numpy()[near]
        for times in _TIMES:
            log10 = _log10(copies, before, times).cumsum() - _TRIED_LOG10
            last = int(log10.argmax())
            if log10[last] > best and last + 1 >= _FEWEST_PEOPLE:
                enough = int((log10 >= min(alarm_log10, log10[last])).argmax())
                best, chosen = float(log10[last]), (int(near[0]), int(near[last]), int(near[enough]))
    if best < alarm_log10:
        return part.iloc[:0]
    first_row, last_row, enough_row = chosen
    hit = part.iloc[first_row : last_row + 1]
    hit = hit[hit["copies"] > 1]
    told_us = int(part["known_at_us"].to_numpy()[first_row : enough_row + 1].max())
    return hit.assign(alike=hit["recipient"].nunique(), alike_at_us=told_us)


def _log10(copies: npt.NDArray[np.int64], before: npt.NDArray[np.int64], times: int) -> npt.NDArray[np.float64]:
    """How much likelier each number is if it is so many times a usual one: log10."""
    most = int(max(copies.max(), before.max()))
    usual = (np.bincount(before, minlength=most + 1) + 0.5) / (len(before) + 0.5 * most)
    whole = copies % times == 0
    multiple = np.where(whole, (1 - _MISSED) * usual[copies // times], 0.0) + _MISSED * usual[copies]
    result: npt.NDArray[np.float64] = np.log10(multiple / usual[copies])
    return result
