"""From batches to bursts: score them with the BurstDetector, mark the alarmed ones, let SQL gather their repeats, and
find the moment at which the evidence sufficed, using only what the log held by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.config import Detection
from detector.estimator import COLUMNS, BurstDetector
from detector.incidents import Burst
from detector.store import Connection
from detector.tables import BURSTS, build

Matrix = npt.NDArray[np.float64]
_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_BATCHES = """
select t.template, case when scope = 'organization' then 0 else 2 end + case when window_us = 900000000 then 0 else 1 end
    as scale, cast(is_again as integer) as is_again, lag_bin, window_start_us // 86400000000 as day, exposed, repeated,
  0 as own_exposed, 0 as own_repeated, b.template_key, scope, organization, window_us, window_start_us
from batches as b
join template_numbers as t on t.template_key = b.template_key
order by t.template, scope, organization, window_us, window_start_us, is_again, lag_bin
"""
_PEOPLE = """
select t.template, 4 as scale, 1 as is_again, lag_bin, day_us // 86400000000 as day, exposed, repeated, own_exposed,
  own_repeated, d.template_key, recipient, content_key, day_us
from recipient_days as d
join template_numbers as t on t.template_key = d.template_key
order by recipient, content_key, day_us, lag_bin
"""
_KEYS = ["template_key", "window_us", "window_start_us", "is_again", "lag_bin"]


class _Histories:
    """Detectors fitted on the log up to a day, each fitted once: what the evidence was at a moment of the past."""

    def __init__(self, batches: pd.DataFrame, alarm_log10: float) -> None:
        self.batches = batches
        self.alarm_log10 = alarm_log10
        self.fitted: dict[int, BurstDetector] = {}

    def until(self, day: int) -> BurstDetector:
        """The detector that knows the days up to this one; a row never speaks for itself on its own day."""
        if day not in self.fitted:
            rows = self.batches[self.batches["day"] <= day]
            self.fitted[day] = BurstDetector(alarm_log10=self.alarm_log10).fit(_matrix(rows))
        return self.fitted[day]


def find_bursts(db: Connection, settings: Detection) -> list[Burst]:
    """Score all batches and people, and return the bursts with the time of their detection."""
    db.execute(
        "create or replace table template_numbers as "
        "select template_key, row_number() over (order by template_key) as template "
        "from (select distinct template_key from repeats)"
    )
    batches, people = db.execute(_BATCHES).df(), db.execute(_PEOPLE).df()
    if not len(batches):
        _save(db, batches.assign(log10=[]), people.assign(log10=[]))
        build(db, BURSTS)
        return []
    detector = BurstDetector(alarm_log10=settings.alarm_log10).fit(_matrix(batches))
    batch_alarms = _alarmed_batches(detector, batches)
    person_alarms = _alarmed_people(detector, people, settings)
    _save(db, batch_alarms, person_alarms)
    build(db, BURSTS)
    histories = _Histories(batches, settings.alarm_log10)
    last_day = int(batches["day"].max())
    return [
        _burst(db, row, _first_evidence(db, row, batch_alarms, person_alarms, histories, settings, last_day))
        for row in db.execute("select * from bursts order by started_at_us, template_key").fetchall()
    ]


def _matrix(frame: pd.DataFrame) -> Matrix:
    """The estimator's X out of a frame that has its columns."""
    return frame[list(COLUMNS)].to_numpy(dtype=np.float64)


def _alarmed_batches(detector: BurstDetector, batches: pd.DataFrame) -> pd.DataFrame:
    """Organizations first; then everybody else together, without the organizations that were alarmed already."""
    candidates = batches[(batches["lag_bin"] > 0) & (batches["repeated"] >= detector.people)]
    if not len(candidates):
        return candidates.assign(log10=[])
    ours = candidates[candidates["scope"] == "organization"]
    ours = ours.assign(log10=-detector.score_samples(_matrix(ours)) if len(ours) else [])
    ours = ours[ours["log10"] >= detector.alarm_log10]
    rest = candidates[candidates["scope"] == "all"].merge(
        ours.groupby(_KEYS, as_index=False)[["exposed", "repeated"]].sum(), on=_KEYS, how="left", suffixes=("", "_ours")
    )
    rest["exposed"] -= rest.pop("exposed_ours").fillna(0)
    rest["repeated"] -= rest.pop("repeated_ours").fillna(0)
    rest = rest[rest["repeated"] >= detector.people]
    rest = rest.assign(log10=-detector.score_samples(_matrix(rest)) if len(rest) else [])
    return pd.concat([ours, rest[rest["log10"] >= detector.alarm_log10]], ignore_index=True)


def _alarmed_people(detector: BurstDetector, people: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """One person's days beyond the alarm line, or with so many copies that a person must look, unless it is their usual."""
    if not len(people):
        return people.assign(log10=[])
    people = people.assign(log10=-detector.score_samples(_matrix(people)))
    many = (people["exposed"] >= settings.single_recipient_copies) & (people["log10"] >= 2)
    return people[(people["log10"] >= detector.alarm_log10) | many]


def _save(db: Connection, batch_alarms: pd.DataFrame, person_alarms: pd.DataFrame) -> None:
    """The alarmed rows as tables, for the SQL that gathers their repeats and for analysts."""
    batch = batch_alarms[[*_KEYS, "scope", "organization", "exposed", "repeated", "log10"]]
    person = person_alarms[["recipient", "content_key", "template_key", "day_us", "lag_bin", "exposed", "repeated", "log10"]]
    db.execute(
        "create or replace table batch_alarms (template_key varchar, window_us bigint, window_start_us bigint, "
        "is_again boolean, lag_bin integer, scope varchar, organization varchar, exposed bigint, repeated bigint, log10 double)"
    )
    db.execute(
        "create or replace table recipient_alarms (recipient varchar, content_key varchar, template_key varchar, "
        "day_us bigint, lag_bin integer, exposed bigint, repeated bigint, log10 double)"
    )
    for table, frame in (("batch_alarms", batch), ("recipient_alarms", person)):
        if len(frame):
            db.register("alarmed_rows", frame)
            db.execute(f"insert into {table} select * from alarmed_rows")  # noqa: S608 - two names of our own
            db.unregister("alarmed_rows")


def _burst(db: Connection, row: Sequence[object], detected_us: int) -> Burst:
    """One row of `bursts`, its people and the moment of its detection as a record."""
    key, number, rung, sender, started_us, ended_us, *_ = row
    people = db.execute(
        "select recipient, organization from burst_people where template_key = ? and burst_number = ?", [key, number]
    ).fetchall()
    return Burst(
        template_key=str(key),
        burst_number=int(str(number)),
        rung=str(rung),
        sender=str(sender),
        started_at=_at(int(str(started_us))),
        ended_at=_at(int(str(ended_us))),
        detected_at=_at(detected_us),
        recipients=frozenset(recipient for recipient, _ in people),
    )


def _first_evidence(
    db: Connection, row: Sequence[object], batches: pd.DataFrame, people: pd.DataFrame, histories: _Histories,
    settings: Detection, last_day: int,
) -> int:  # fmt: skip
    """The first repeat (microseconds) of a burst at which the log up to that moment crossed the alarm line."""
    key, _, _, _, started_us, ended_us, *_ = row
    candidates = batches[(batches["template_key"] == key) & (batches["window_start_us"] <= ended_us)]
    candidates = candidates[candidates["window_start_us"] + candidates["window_us"] + 8 * _DAY_US >= started_us]
    candidates = candidates.sort_values(["window_start_us", "window_us", "lag_bin"]).head(40)
    alone = people[(people["template_key"] == key) & (people["day_us"].between(started_us - 9 * _DAY_US, ended_us))].head(40)
    rows = [(int(batch["day"]), lambda d, b=batch: _batch_moment(db, b, d)) for batch in candidates.to_dict("records")]
    rows += [(int(one["day"]), lambda d, p=one: _person_moment(db, p, d, settings)) for one in alone.to_dict("records")]
    for later in range(last_day + 1):
        moments = [moment(histories.until(day + later)) for day, moment in rows if day + later <= last_day]
        found = [us for us in moments if us is not None and started_us <= us <= ended_us]
        if found:
            return min(found) if later == 0 else min(day + later + 1 for day, _ in rows) * _DAY_US
        if not moments:
            break
    return int(str(ended_us))


def _batch_moment(db: Connection, batch: dict[str, object], detector: BurstDetector) -> int | None:
    """When the first so many of a batch had got it again, was that enough already?"""
    where = "template_key = $template_key and sent_at_us - sent_at_us % $window_us = $window_start_us"
    if batch["scope"] == "organization":
        where += " and organization is not distinct from $organization"
    bound = {name: batch[name] for name in ("template_key", "window_us", "window_start_us", "organization")}
    if pd.isna(bound["organization"]):
        bound["organization"] = None
    if batch["scope"] != "organization":
        bound.pop("organization")
    again = f"{where} and is_again = $is_again and lag_bin = $lag_bin"
    repeated = db.execute(
        f"select min(repeated_at_us) from binned_repeats where {again} group by recipient order by 1 limit 1000",
        {**bound, "is_again": bool(batch["is_again"]), "lag_bin": batch["lag_bin"]},
    ).fetchnumpy()
    exposed = db.execute(
        f"select min(sent_at_us) from repeats where {where} and (copies_before > 0) = $is_again "
        f"group by recipient{'' if batch['is_again'] else ', content_key'} order by 1",
        {**bound, "is_again": bool(batch["is_again"])},
    ).fetchnumpy()
    times = np.asarray(next(iter(repeated.values())), dtype=np.int64)
    starts = np.asarray(next(iter(exposed.values())), dtype=np.int64)
    rows = np.tile(np.array([float(str(batch[name])) for name in COLUMNS]), (len(times), 1))
    rows[:, 5] = np.searchsorted(starts, times, side="right")
    rows[:, 6] = np.minimum(np.arange(1, len(times) + 1), rows[:, 5])
    crossed = np.flatnonzero(detector.predict(rows) < 0)
    return int(times[crossed[0]]) if len(crossed) else None


def _person_moment(
    db: Connection, day: dict[str, object], detector: BurstDetector, settings: Detection
) -> int | None:
    """The copy to one person at which that day's evidence sufficed."""
    times = db.execute(
        "select sent_at_us, repeated_at_us, lag_bin from binned_repeats where recipient = $recipient and "
        "content_key = $content_key and sent_at_us - sent_at_us % 86400000000 = $day_us order by 1 limit 2000",
        {name: day[name] for name in ("recipient", "content_key", "day_us")},
    ).fetchnumpy()
    in_bin = times["lag_bin"] == day["lag_bin"]
    rows = np.tile(np.array([float(str(day[name])) for name in COLUMNS]), (len(in_bin), 1))
    rows[:, 5] = np.arange(2, len(in_bin) + 2)
    rows[:, 6] = np.cumsum(in_bin)
    log10 = -detector.score_samples(rows)
    many = (rows[:, 5] >= settings.single_recipient_copies) & (log10 >= 2)
    crossed = np.flatnonzero((log10 >= settings.alarm_log10) | many)
    return int(times["repeated_at_us"][crossed[0]]) if len(crossed) else None


def _at(us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=us)
