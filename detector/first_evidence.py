"""The moment at which the log held enough to raise the alarm: the alarmed rows of a burst, replayed send by send."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.config import Detection
from detector.estimator import COLUMNS, BurstDetector
from detector.store import Connection

Matrix = npt.NDArray[np.float64]
_DAY_US = 86_400_000_000
_DAY = COLUMNS.index("day")
_MOST_ALARMS_REPLAYED = 40
"""The first alarms of a burst are enough to find its first moment; a long one has thousands."""
_MANY_TIMES_THE_MOST = 5
"""Very many copies to one person need no statistics: so many times the most that anybody else got in a day."""


@dataclass(frozen=True)
class Span:
    """One row of `bursts`."""

    template_key: str
    burst_number: int
    rung: str
    sender: str
    started_us: int
    ended_us: int


@dataclass(frozen=True)
class Alarms:
    """What is beyond the usual, and by which settings."""

    batches: pd.DataFrame
    people: pd.DataFrame
    settings: Detection


class Histories:
    """Detectors fitted on the log up to a day, each fitted once: what the evidence was at a moment of the past."""

    def __init__(self, batches: Matrix, alarm_log10: float) -> None:
        self.batches = batches
        self.alarm_log10 = alarm_log10
        self.last_day = int(batches[:, _DAY].max())
        self.fitted: dict[int, BurstDetector] = {}

    def until(self, day: int) -> BurstDetector:
        """The detector that knows the days up to this one; a row never speaks for itself on its own day."""
        if day not in self.fitted:
            rows = self.batches[self.batches[:, _DAY] <= day]
            self.fitted[day] = BurstDetector(alarm_log10=self.alarm_log10).fit(rows)
        return self.fitted[day]


def first_evidence(db: Connection, span: Span, alarms: Alarms, histories: Histories) -> int:
    """The moment (microseconds) at which the log held enough to raise the alarm for a burst.

    Mostly that is one of its repeats, judged by the days before. If it took later days to show that the template does
    not do so all the time, it is the end of the first day that showed it.
    """
    batches = alarms.batches[alarms.batches["template_key"] == span.template_key]
    batches = batches[batches["window_start_us"].between(span.started_us - 9 * _DAY_US, span.ended_us)]
    batches = batches.sort_values(["window_start_us", "window_us", "lag_bin"]).head(_MOST_ALARMS_REPLAYED)
    people = alarms.people[alarms.people["template_key"] == span.template_key]
    people = people[people["day_us"].between(span.started_us - 9 * _DAY_US, span.ended_us)].head(_MOST_ALARMS_REPLAYED)
    replays = [(int(row["day"]), partial(_batch_moments, db, row)) for row in batches.to_dict("records")]
    replays += [
        (int(row["day"]), partial(_person_moments, db, row, alarms.settings)) for row in people.to_dict("records")
    ]
    for later in range(histories.last_day + 1):
        known = [(day + later, replay) for day, replay in replays if day + later <= histories.last_day]
        found = [us for day, replay in known for us in replay(histories.until(day))]
        found = [us for us in found if span.started_us <= us <= span.ended_us]
        if found:
            return min(found) if later == 0 else (min(day for day, _ in known) + 1) * _DAY_US
        if not known:
            break
    return span.ended_us


def _batch_moments(db: Connection, batch: dict[str, Any], detector: BurstDetector) -> list[int]:
    """The repeats of a batch at which what had been sent by then was enough."""
    bound = {name: batch[name] for name in ("template_key", "window_us", "window_start_us", "is_again")}
    bound["is_again"] = bool(bound["is_again"])
    where = "template_key = $template_key and sent_at_us - sent_at_us % $window_us = $window_start_us"
    if batch["scope"] == "organization":
        where += " and organization is not distinct from $organization"
        bound["organization"] = None if pd.isna(batch["organization"]) else batch["organization"]
    repeated = db.execute(
        f"select min(repeated_at_us) as us from binned_repeats where {where} and is_again = $is_again "  # noqa: S608
        "and lag_bin = $lag_bin group by recipient order by us limit 1000",
        {**bound, "lag_bin": batch["lag_bin"]},
    ).fetchnumpy()["us"]
    exposed = db.execute(
        f"select min(sent_at_us) as us from repeats where {where} and (copies_before > 0) = $is_again "  # noqa: S608
        f"group by recipient, {'template_key' if bound['is_again'] else 'content_key'} order by us",
        bound,
    ).fetchnumpy()["us"]
    rows = np.tile(np.array([float(batch[name]) for name in COLUMNS]), (len(repeated), 1))
    rows[:, 5] = np.searchsorted(exposed, repeated, side="right")
    rows[:, 6] = np.minimum(np.arange(1, len(repeated) + 1), rows[:, 5])
    return [int(us) for us in repeated[detector.predict(rows) < 0]] if len(rows) else []


def _person_moments(db: Connection, day: dict[str, Any], settings: Detection, detector: BurstDetector) -> list[int]:
    """The copies to one person at which that day's evidence was enough."""
    sends = db.execute(
        "select repeated_at_us, lag_bin from binned_repeats where recipient = $recipient and "
        "content_key = $content_key and sent_at_us - sent_at_us % 86400000000 = $day_us order by sent_at_us limit 2000",
        {name: day[name] for name in ("recipient", "content_key", "day_us")},
    ).fetchnumpy()
    rows = np.tile(np.array([float(day[name]) for name in COLUMNS]), (len(sends["lag_bin"]), 1))
    rows[:, 5] = np.arange(2, len(rows) + 2)
    rows[:, 6] = np.cumsum(sends["lag_bin"] == day["lag_bin"])
    if not len(rows):
        return []
    log10 = -detector.score_samples(rows)
    many = rows[:, 5] >= many_copies(day["most_elsewhere"], settings)
    return [int(us) for us in sends["repeated_at_us"][(log10 >= settings.alarm_log10) | many]]


def many_copies(most_elsewhere: Any, settings: Detection) -> Any:
    """From how many copies to one person in a day nobody needs statistics."""
    return np.maximum(settings.single_recipient_copies, _MANY_TIMES_THE_MOST * most_elsewhere)
