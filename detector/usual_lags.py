"""Which lags say nothing in an alarmed template: its mail comes again after them anyway."""

import numpy as np
import pandas as pd

from detector.alarms import Alarms
from detector.batch_rows import COLUMNS, DAY_US, SCALES, SINGLE_BINS, VAGUE, Matrix

_DAY, _TEMPLATE, _KIND = (COLUMNS.index(name) for name in ("day", "template", "kind"))
_OFTEN = 0.1
_OFTEN_LATE = 0.03
"""From this usual share on, a repeat by itself is ordinary for its template: within 20 hours, and later."""
_EXPOSURES_TO_TELL, _DAYS_OF_A_HABIT = 20, 3
_LATE = range(8, SINGLE_BINS + 1)
_EVERYBODY = SCALES["all, day"]


def usual_lags(batches: Matrix, alarms: Alarms, numbers: dict[str, int]) -> list[tuple[str, int, bool]]:
    """Template and lag bin wherever an alarmed template repeats so often that a repeat alone says nothing.

    Judged by the days without an alarm, and not next to one: an affair that lasts for days must not excuse itself.
    And, `beside_quick` bursts only, the late lags of what writes to groups again and again by nature: an issue may look
    like one of weeks ago.
    """
    columns = ["template_key", "template", "day"]
    episodes = alarms.episodes.assign(
        template=alarms.episodes["template_key"].map(numbers), day=alarms.episodes["started_us"] // DAY_US
    )
    days = pd.concat([part[columns] for part in (alarms.batches, alarms.people, episodes)]).drop_duplicates()
    names = dict(zip(days["template"], days["template_key"], strict=True))
    place = [COLUMNS.index(name) for name in ("template", "scale", "lag_bin", "exposed", "repeated", "alike")]
    template, scale, lag_bin, exposed, repeated, alike = batches[:, place].T
    alarmed = np.concatenate([days["template"] * 65536 + days["day"] + step for step in (-1, 0, 1)])
    known = (scale == _EVERYBODY) & np.isin(template, list(names))
    known &= ~np.isin(template * 65536 + batches[:, _DAY], alarmed)
    sums = pd.DataFrame(
        {"template": template, "lag_bin": lag_bin, "exposed": exposed * alike, "repeated": repeated * alike}
    )[known]
    sums = (
        sums.assign(day=batches[known, _DAY])
        .groupby(["template", "lag_bin"], as_index=False)
        .agg({"exposed": "sum", "repeated": "sum", "day": "nunique"})
    )
    sizes = sums[sums["lag_bin"] == 0].set_index("template")["exposed"]
    sums = sums[(sums["lag_bin"] > 0) & (sums["day"] >= _DAYS_OF_A_HABIT)]
    share = sums["repeated"] / (sums["template"].map(sizes).fillna(0) + _EXPOSURES_TO_TELL)
    often = sums[share >= np.where(sums["lag_bin"] < 8, _OFTEN, _OFTEN_LATE)]
    usual = {(names[key], int(lag)) for key, lag in zip(often["template"], often["lag_bin"], strict=True)}
    kinds = np.unique(batches[known][:, [_TEMPLATE, _KIND]].astype(int), axis=0)
    issues = {(names[key], lag) for key, kind in kinds for lag in _LATE if VAGUE[kind, lag]}
    return sorted((*key, key not in usual) for key in usual | issues)
