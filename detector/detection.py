"""From batches to bursts: score them with the BurstDetector, mark the alarmed ones, let SQL gather their repeats, and
find the moment at which the evidence sufficed, using only what the log held by then.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.config import Detection
from detector.estimator import COLUMNS, SCALES, BurstDetector
from detector.first_evidence import Alarms, Histories, Span, first_evidence, many_copies
from detector.incidents import Burst
from detector.store import Connection
from detector.tables import BURSTS, build

Matrix = npt.NDArray[np.float64]
_DAY_US = 86_400_000_000
_DAY = COLUMNS.index("day")
_DAYS_OF_AN_INBOX = 5
"""Who gets a template again on so many other days is a shared inbox: how busy its day is says nothing."""
_PEOPLE_IN_A_SMALL_LOOP = 2
_OFTEN = 0.1
_OFTEN_LATE = 0.03
"""From this usual share on, a repeat by itself is ordinary for its template: within 20 hours, and later."""
_EXPOSURES_TO_TELL = 20
_EVERYBODY = SCALES["all, day"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ALL_BATCHES = """
create or replace temp view all_batches as
select template_key, 'earlier' as cut_by, scope, organization, window_us, window_start_us, is_again, lag_bin, exposed,
  repeated, case when scope = 'organization' then 0 else 2 end + case when window_us = 900000000 then 0 else 1 end
  as scale
from batches
union all
select template_key, cut_by, scope, organization, window_us, window_start_us, false, lag_bin, exposed, repeated,
  case when cut_by = 'later' then 7 else 5 end + case when scope = 'organization' then 0 else 1 end
from slow_batches
"""
_TEMPLATES = """
create or replace temp table template_numbers as
select template_key, row_number() over (order by template_key) as template,
  dense_rank() over (order by min(sender)) as family,
  case when avg(case when is_reply then 1 else 0 end) >= 0.2 then 1 else 0 end as is_reply
from repeats
group by template_key
"""
_COLUMNS = """t.template, t.family, t.is_reply, b.scale, b.is_again, b.lag_bin, b.window_start_us // 86400000000 as day,
  b.exposed, b.repeated, 0 as own_exposed, 0 as own_repeated
"""
_BATCHES = f"""
select {_COLUMNS} from all_batches as b join template_numbers as t on t.template_key = b.template_key
"""  # noqa: S608 - constants above
_CANDIDATES = f"""
select {_COLUMNS}, b.template_key, b.cut_by, b.scope, b.organization, b.window_us, b.window_start_us
from all_batches as b
join template_numbers as t on t.template_key = b.template_key
where lag_bin > 0 and repeated >= $people
order by t.template, cut_by, scope, organization, window_us, window_start_us, is_again, lag_bin
"""  # noqa: S608 - constants above
_PEOPLE = """
select t.template, t.family, t.is_reply, 4 as scale, 1 as is_again, lag_bin, day_us // 86400000000 as day, exposed,
  repeated, own_exposed, own_repeated, d.template_key, recipient, content_key, day_us, own_most, own_days
from recipient_days as d
join template_numbers as t on t.template_key = d.template_key
order by recipient, content_key, day_us, lag_bin
"""
_KEYS = ["template_key", "cut_by", "window_us", "window_start_us", "is_again", "lag_bin"]


def find_bursts(db: Connection, settings: Detection) -> list[Burst]:
    """Score all batches and people, and return the bursts with the time of their detection."""
    db.execute(_TEMPLATES)
    db.execute(_ALL_BATCHES)
    batches, people = _batches(db), db.execute(_PEOPLE).df()
    detector = BurstDetector(alarm_log10=settings.alarm_log10)
    candidates = db.execute(_CANDIDATES, {"people": detector.people}).df()
    if not len(candidates) and not len(people):
        _save(db, candidates.assign(log10=[]), people.assign(log10=[]), [])
        build(db, BURSTS)
        return []
    detector.fit(batches)
    batch_alarms = _with_neighbours(_alarmed_batches(detector, candidates, settings))
    person_alarms = _alarmed_people(detector, people, batch_alarms, settings)
    alarms = Alarms(batch_alarms, person_alarms, settings)
    _save(db, batch_alarms, person_alarms, _usual_lags(batches, alarms))
    build(db, BURSTS)
    histories = Histories(batches, alarms)
    spans = db.execute(
        "select template_key, burst_number, is_slow, rung, sender, median_gap_seconds, started_at_us, ended_at_us "
        "from bursts "
        "order by started_at_us, template_key"
    ).fetchall()
    return [_burst(db, span, first_evidence(db, span, alarms, histories)) for span in (Span(*row) for row in spans)]


def _batches(db: Connection) -> Matrix:
    """All batches as the estimator's X, those with repeats in one order: sums of shares must not depend on threads."""
    columns = db.execute(_BATCHES).fetchnumpy()
    rows = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in COLUMNS])
    is_repeat = rows[:, COLUMNS.index("lag_bin")] > 0
    repeats = rows[is_repeat]
    return np.concatenate([rows[~is_repeat], repeats[np.lexsort(repeats.T)]])


def _matrix(frame: pd.DataFrame) -> Matrix:
    """The estimator's X out of a frame that has its columns."""
    return np.asarray(frame[list(COLUMNS)], dtype=np.float64)


def _alarmed_batches(detector: BurstDetector, candidates: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """Organizations first; then everybody else together, without the organizations that were alarmed already."""
    if not len(candidates):
        return candidates.assign(log10=[])
    ours = candidates[candidates["scope"] == "organization"]
    ours = ours.assign(log10=-detector.score_samples(_matrix(ours)) if len(ours) else [])
    ours = ours[ours["log10"] >= settings.alarm_log10]
    rest = candidates[candidates["scope"] == "all"].merge(
        ours.groupby(_KEYS, as_index=False)[["exposed", "repeated"]].sum(), on=_KEYS, how="left", suffixes=("", "_ours")
    )
    rest["exposed"] -= rest.pop("exposed_ours").fillna(0)
    rest["repeated"] -= rest.pop("repeated_ours").fillna(0)
    rest = rest[rest["repeated"] >= detector.people]
    rest = rest.assign(log10=-detector.score_samples(_matrix(rest)) if len(rest) else [])
    return pd.concat([ours, rest[rest["log10"] >= settings.alarm_log10]], ignore_index=True)


def _alarmed_people(
    detector: BurstDetector, people: pd.DataFrame, batch_alarms: pd.DataFrame, settings: Detection
) -> pd.DataFrame:
    """One person's days beyond the alarm line, or with very many copies unless that is usual."""
    people = people[people["own_days"] < _DAYS_OF_AN_INBOX]
    if not len(people):
        return people.assign(log10=[])
    people = people.assign(log10=-detector.score_samples(_matrix(people)))
    people["most_elsewhere"] = _most_elsewhere(people, batch_alarms, settings)
    many = people["exposed"] >= many_copies(people["most_elsewhere"], settings)
    return people[(people["log10"] >= settings.alarm_log10) | many]


def _most_elsewhere(people: pd.DataFrame, batch_alarms: pd.DataFrame, settings: Detection) -> list[float]:
    """The most copies that anybody got of a template in a day, as far as it is no part of the same affair.

    Left out are days with an alarm of a whole group, the days next to this one, and of the others on this very day the
    two with most: a loop over three people is one, twenty people with twelve posts each are a lively forum.
    """
    alarmed = set(batch_alarms[["template", "day"]].drop_duplicates().itertuples(index=False, name=None))
    days = people[["template", "day", "recipient", "exposed"]].drop_duplicates().sort_values("exposed", ascending=False)
    of_template = {key: list(rows.itertuples(index=False, name=None)) for key, rows in days.groupby("template")}

    def most(template: int, day: int, recipient: str, exposed: int, own: float) -> float:
        if exposed < settings.single_recipient_copies:
            return own
        same_affair = 0
        for _, other_day, who, copies in of_template[template]:
            if (template, other_day) in alarmed or (who == recipient and abs(other_day - day) <= 1):
                continue
            same_affair += abs(other_day - day) <= 1
            if abs(other_day - day) > 1 or same_affair > _PEOPLE_IN_A_SMALL_LOOP:
                return float(max(copies, own))
        return own

    rows = people[["template", "day", "recipient", "exposed", "own_most"]].itertuples(index=False, name=None)
    return [most(*row) for row in rows]


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


def _usual_lags(batches: Matrix, alarms: Alarms) -> list[tuple[str, int]]:
    """Template and lag bin wherever an alarmed template repeats so often that a repeat alone says nothing.

    Judged by the days without an alarm, and not next to one: an affair that lasts for days must not excuse itself.
    """
    columns = ["template_key", "template", "day"]
    days = pd.concat([alarms.batches[columns], alarms.people[columns]]).drop_duplicates()
    names = dict(zip(days["template"], days["template_key"], strict=True))
    place = [COLUMNS.index(name) for name in ("template", "scale", "lag_bin", "exposed", "repeated")]
    template, scale, lag_bin, exposed, repeated = batches[:, place].T
    alarmed = np.concatenate([days["template"] * 65536 + days["day"] + step for step in (-1, 0, 1)])
    known = (scale == _EVERYBODY) & np.isin(template, list(names))
    known &= ~np.isin(template * 65536 + batches[:, _DAY], alarmed)
    sums = pd.DataFrame({"template": template, "lag_bin": lag_bin, "exposed": exposed, "repeated": repeated})[known]
    sums = sums.groupby(["template", "lag_bin"], as_index=False).sum()
    sizes = sums[sums["lag_bin"] == 0].set_index("template")["exposed"]
    sums = sums[sums["lag_bin"] > 0]
    share = sums["repeated"] / (sums["template"].map(sizes).fillna(0) + _EXPOSURES_TO_TELL)
    often = sums[share >= np.where(sums["lag_bin"] < 8, _OFTEN, _OFTEN_LATE)]
    return sorted((names[key], int(lag)) for key, lag in zip(often["template"], often["lag_bin"], strict=True))


def _save(
    db: Connection, batch_alarms: pd.DataFrame, person_alarms: pd.DataFrame, usual: list[tuple[str, int]]
) -> None:
    """The alarmed rows as tables, for the SQL that gathers their repeats and for analysts."""
    batch = batch_alarms[[*_KEYS, "scope", "organization", "exposed", "repeated", "log10"]]
    person = person_alarms[
        ["recipient", "content_key", "template_key", "day_us", "lag_bin", "exposed", "repeated", "log10"]
    ]
    db.execute(
        "create or replace table batch_alarms (template_key varchar, cut_by varchar, window_us bigint, "
        "window_start_us bigint, "
        "is_again boolean, lag_bin integer, scope varchar, organization varchar, exposed bigint, repeated "
        "bigint, log10 double)"
    )
    db.execute(
        "create or replace table recipient_alarms (recipient varchar, content_key varchar, template_key varchar, "
        "day_us bigint, lag_bin integer, exposed bigint, repeated bigint, log10 double)"
    )
    db.execute("create or replace table usual_lags (template_key varchar, lag_bin integer)")
    if usual:
        db.executemany("insert into usual_lags values (?, ?)", usual)
    for table, frame in (("batch_alarms", batch), ("recipient_alarms", person)):
        if len(frame):
            db.register("alarmed_rows", frame)
            db.execute(f"insert into {table} select * from alarmed_rows")  # noqa: S608 - two names of our own
            db.unregister("alarmed_rows")


def _burst(db: Connection, span: Span, detected_us: int) -> Burst:
    """One burst, its people and the moment of its detection as a record."""
    people = db.execute(
        "select recipient from burst_people where template_key = ? and burst_number = ?",
        [span.template_key, span.burst_number],
    ).fetchall()
    return Burst(
        template_key=span.template_key,
        burst_number=span.burst_number,
        is_slow=span.is_slow,
        median_gap_seconds=span.median_gap_seconds,
        rung=span.rung,
        sender=span.sender,
        started_at=_at(span.started_us),
        ended_at=_at(span.ended_us),
        detected_at=_at(detected_us),
        recipients=frozenset(recipient for (recipient,) in people),
    )


def _at(us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=us)
