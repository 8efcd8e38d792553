"""From batches to bursts: score them with the BurstDetector, mark the alarmed ones, let SQL gather their repeats, and
find the moment at which the evidence sufficed, using only what the log held by then.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

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
_DAY = COLUMNS.index("day")
_MOST_ALARMS_REPLAYED = 40
"""The first alarms of a burst are enough to find its first moment; a long one has thousands."""
_MANY_TIMES_THE_MOST = 5
"""Very many copies to one person need no statistics: so many times the most that anybody else got in a day."""
_DAYS_OF_AN_INBOX = 5
"""Who gets a template again on so many other days is a shared inbox: how busy its day is says nothing."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCALE = "case when scope = 'organization' then 0 else 2 end + case when window_us = 900000000 then 0 else 1 end"
_BATCHES = f"""
select cast(t.template as double) as template, cast({_SCALE} as double) as scale, cast(is_again as double) as is_again,
  cast(lag_bin as double) as lag_bin, cast(window_start_us // 86400000000 as double) as day,
  cast(exposed as double) as exposed, cast(repeated as double) as repeated, cast(0 as double) as own_exposed,
  cast(0 as double) as own_repeated
from batches as b
join template_numbers as t on t.template_key = b.template_key
"""  # noqa: S608 - constants above
_CANDIDATES = f"""
select t.template, {_SCALE} as scale, is_again, lag_bin, window_start_us // 86400000000 as day, exposed, repeated,
  0 as own_exposed, 0 as own_repeated, b.template_key, scope, organization, window_us, window_start_us
from batches as b
join template_numbers as t on t.template_key = b.template_key
where lag_bin > 0 and repeated >= $people
order by t.template, scope, organization, window_us, window_start_us, is_again, lag_bin
"""  # noqa: S608 - constants above
_PEOPLE = """
select t.template, 4 as scale, 1 as is_again, lag_bin, day_us // 86400000000 as day, exposed, repeated, own_exposed,
  own_repeated, d.template_key, recipient, content_key, day_us, most_elsewhere,
  own_days
from recipient_days as d
join template_numbers as t on t.template_key = d.template_key
order by recipient, content_key, day_us, lag_bin
"""
_KEYS = ["template_key", "window_us", "window_start_us", "is_again", "lag_bin"]


@dataclass(frozen=True)
class _Span:
    """One row of `bursts`."""

    template_key: str
    burst_number: int
    rung: str
    sender: str
    started_us: int
    ended_us: int


@dataclass(frozen=True)
class _Alarms:
    """What is beyond the usual, and by which settings."""

    batches: pd.DataFrame
    people: pd.DataFrame
    settings: Detection


class _Histories:
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


def find_bursts(db: Connection, settings: Detection) -> list[Burst]:
    """Score all batches and people, and return the bursts with the time of their detection."""
    db.execute(
        "create or replace table template_numbers as "
        "select template_key, row_number() over (order by template_key) as template "
        "from (select distinct template_key from repeats)"
    )
    batches, people = _batches(db), db.execute(_PEOPLE).df()
    detector = BurstDetector(alarm_log10=settings.alarm_log10)
    candidates = db.execute(_CANDIDATES, {"people": detector.people}).df()
    if not len(candidates) and not len(people):
        _save(db, candidates.assign(log10=[]), people.assign(log10=[]))
        build(db, BURSTS)
        return []
    detector.fit(batches)
    batch_alarms = _with_neighbours(_alarmed_batches(detector, candidates))
    person_alarms = _alarmed_people(detector, people, settings)
    _save(db, batch_alarms, person_alarms)
    build(db, BURSTS)
    histories, alarms = _Histories(batches, settings.alarm_log10), _Alarms(batch_alarms, person_alarms, settings)
    spans = db.execute(
        "select template_key, burst_number, rung, sender, started_at_us, ended_at_us from bursts "
        "order by started_at_us, template_key"
    ).fetchall()
    return [_burst(db, span, _first_evidence(db, span, alarms, histories)) for span in (_Span(*row) for row in spans)]


def _batches(db: Connection) -> Matrix:
    """All batches as the estimator's X, those with repeats in one order: sums of shares must not depend on threads."""
    columns = db.execute(_BATCHES).fetchnumpy()
    rows = np.column_stack([columns[name] for name in COLUMNS])
    repeats = rows[rows[:, 3] > 0]
    return np.concatenate([rows[rows[:, 3] == 0], repeats[np.lexsort(repeats.T)]])


def _matrix(frame: pd.DataFrame) -> Matrix:
    """The estimator's X out of a frame that has its columns."""
    return np.asarray(frame[list(COLUMNS)], dtype=np.float64)


def _alarmed_batches(detector: BurstDetector, candidates: pd.DataFrame) -> pd.DataFrame:
    """Organizations first; then everybody else together, without the organizations that were alarmed already."""
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
    """One person's days beyond the alarm line, or with very many copies unless that is usual."""
    people = people[people["own_days"] < _DAYS_OF_AN_INBOX]
    if not len(people):
        return people.assign(log10=[])
    people = people.assign(log10=-detector.score_samples(_matrix(people)))
    many = people["exposed"] >= _many(people["most_elsewhere"], settings)
    return people[(people["log10"] >= detector.alarm_log10) | many]


def _many(most_elsewhere: Any, settings: Detection) -> Any:
    """From how many copies to one person in a day nobody needs statistics."""
    return np.maximum(settings.single_recipient_copies, _MANY_TIMES_THE_MOST * most_elsewhere)


def _with_neighbours(alarms: pd.DataFrame) -> pd.DataFrame:
    """The alarms and, for templates that are size classes, the same for the classes next door.

    One mail's sizes may fall on both sides of a line.
    """
    sized = alarms[alarms["template_key"].str.startswith("z:")]
    if not len(sized):
        return alarms
    parts = sized["template_key"].str.rpartition("|")
    near = [sized.assign(template_key=parts[0] + "|" + (parts[2].astype(int) + step).astype(str)) for step in (-1, 1)]
    return pd.concat([alarms, *near]).drop_duplicates([*_KEYS, "scope", "organization"])


def _save(db: Connection, batch_alarms: pd.DataFrame, person_alarms: pd.DataFrame) -> None:
    """The alarmed rows as tables, for the SQL that gathers their repeats and for analysts."""
    batch = batch_alarms[[*_KEYS, "scope", "organization", "exposed", "repeated", "log10"]]
    person = person_alarms[
        ["recipient", "content_key", "template_key", "day_us", "lag_bin", "exposed", "repeated", "log10"]
    ]
    db.execute(
        "create or replace table batch_alarms (template_key varchar, window_us bigint, window_start_us bigint, "
        "is_again boolean, lag_bin integer, scope varchar, organization varchar, exposed bigint, repeated "
        "bigint, log10 double)"
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


def _burst(db: Connection, span: "_Span", detected_us: int) -> Burst:
    """One burst, its people and the moment of its detection as a record."""
    people = db.execute(
        "select recipient from burst_people where template_key = ? and burst_number = ?",
        [span.template_key, span.burst_number],
    ).fetchall()
    return Burst(
        template_key=span.template_key,
        burst_number=span.burst_number,
        rung=span.rung,
        sender=span.sender,
        started_at=_at(span.started_us),
        ended_at=_at(span.ended_us),
        detected_at=_at(detected_us),
        recipients=frozenset(recipient for (recipient,) in people),
    )


def _first_evidence(db: Connection, span: "_Span", alarms: "_Alarms", histories: "_Histories") -> int:
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
    many = rows[:, 5] >= _many(day["most_elsewhere"], settings)
    return [int(us) for us in sends["repeated_at_us"][(log10 >= settings.alarm_log10) | many]]


def _at(us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=us)
