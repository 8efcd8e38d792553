"""From batches to bursts: score them, mark the alarmed ones, let SQL gather their repeats, and
find the moment at which the evidence sufficed, using only what the log held by then.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from detector.affairs import Burst
from detector.alarms import Alarms, Span
from detector.batch_alarms import BATCH_KEYS, LEAST_PART, alarmed_batches, matrix, with_neighbours
from detector.batch_rows import COLUMNS, DAY_US, POOLED_BINS, Matrix
from detector.burst_scores import BurstScores
from detector.config import Detection
from detector.e_values import BY_ITSELF
from detector.episodes import DAYS_OF_AN_INBOX, FEW_COPIES, Episodes, alarmed_episodes, with_groups
from detector.first_evidence import Histories, first_evidence, read_near
from detector.multiples import multiplied
from detector.parts import cover, uncover
from detector.store import Connection, read_sql
from detector.tables import BURSTS, build
from detector.template_kinds import TEMPLATES
from detector.usual_lags import usual_lags

_LAG_BIN, _REPEATED = COLUMNS.index("lag_bin"), COLUMNS.index("repeated")
_OF_GROUPS = ("own_clock", "unchanged_series", "everybody_again", "back_off", "at_one_pace", "storms")
_OF_SENDERS = ("one_server", "same_message", "stretches")
"""What these find is no blind copy of other mail, though it goes out beside it."""
_NO_COPIES = ("blind_copies", "notices_of_each", "other_sizes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ALL_BATCHES = """
create or replace temp view all_batches as
with cut as (
  select template_key, 'earlier' as cut_by, scope, organization, window_us, window_start_us, is_again, lag_bin, exposed,
    repeated
  from batches
  union all
  select template_key, cut_by, scope, organization, window_us, window_start_us, false, lag_bin, exposed, repeated
  from slow_batches
)
select c.*, s.scale
from cut as c
join batch_scales as s on s.cut_by = c.cut_by and s.scope = c.scope and s.window_us = c.window_us
"""
_BATCHES = """
select t.template, t.kin, t.family, t.kind, b.scale, b.is_again, b.lag_bin, b.day, b.exposed, b.repeated,
  0 as own_exposed, 0 as own_repeated, b.alike
from alike_batches as b
join template_numbers as t on t.template_key = b.template_key
order by t.template, b.scale, b.is_again, b.lag_bin, b.day, b.alike, b.exposed, b.repeated
"""
_CANDIDATES = """
with hot_days as (
  select template, day, 'all' as scope from judged where log10 >= $enough
  union
  select kin, day, 'all' from judged where log10 >= $enough
)
select t.template, t.kin, t.family, t.kind, b.scale, b.is_again, b.lag_bin, b.window_start_us // 86400000000 as day,
  b.exposed, b.repeated, 0 as own_exposed, 0 as own_repeated, 1 as alike,
  b.template_key, t.kin_key, b.cut_by, b.scope, b.organization, b.window_us, b.window_start_us
from all_batches as b
join template_numbers as t on t.template_key = b.template_key
left join judged as j on j.template = t.template and j.scale = b.scale and j.is_again = b.is_again
  and j.lag_bin = b.lag_bin and j.day = b.window_start_us // 86400000000 and j.exposed = b.exposed
  and j.repeated = b.repeated
left join hot_days as h on h.scope = b.scope and h.template = t.template and h.day = b.window_start_us // 86400000000
where b.lag_bin > 0 and b.repeated >= $people and (j.template is not null or h.template is not null)
order by t.template, cut_by, scope, organization, window_us, window_start_us, b.is_again, b.lag_bin
"""
_PEOPLE = """
select t.template, t.kin, t.family, t.kind, 4 as scale, 1 as is_again, lag_bin, day_us // 86400000000 as day, exposed,
  repeated, own_exposed, own_repeated, 1 as alike, d.template_key, recipient, content_key, day_us, own_days
from recipient_days as d
join template_numbers as t on t.template_key = d.template_key
order by recipient, content_key, day_us, lag_bin
"""
_EPISODES = """
select recipient, content_key, template_key, started_us, ended_us, copies, busiest_day, is_even,
  coalesce(clock_us, started_us) as even_from_us, own_days
from recipient_episodes
where {}
order by template_key, copies desc, recipient, content_key, started_us
"""


def find_bursts(db: Connection, settings: Detection) -> list[Burst]:
    """Score all batches and people, and return the bursts with the time of their detection."""
    db.execute(TEMPLATES)
    db.execute(_ALL_BATCHES)
    batches, people = _batches(db), db.execute(_PEOPLE).df()
    detector = BurstScores(alarm_log10=settings.alarm_log10)
    worth_judging = batches[(batches[:, _LAG_BIN] > 0) & (batches[:, _REPEATED] >= detector.people)]
    if len(worth_judging) or len(people):
        detector.fit(batches)
    candidates = _candidates(db, detector, worth_judging, settings)
    numbers = dict(db.execute("select template_key, template from template_numbers").fetchall())
    batch_alarms = with_neighbours(alarmed_batches(detector, candidates, settings), numbers)
    batch_alarms = _without_ordinary_mailings(db, _with_bins(batch_alarms))
    person_alarms = _alarmed_people(detector, people, settings)
    episodes = alarmed_episodes(_episodes(db), batch_alarms, settings)
    episodes = with_groups(_without_timetables(db, episodes, settings), _asked(db, _OF_GROUPS))
    person_alarms, episodes = _without_blind_copies(db, person_alarms, episodes)
    at_once = multiplied(db.execute(read_sql("questions/at_once")).df(), settings.alarm_log10)
    episodes = with_groups(episodes, [*_asked(db, _OF_SENDERS), at_once])
    alarms = Alarms(batch_alarms, person_alarms, episodes, settings)
    _save(db, alarms, usual_lags(batches, alarms, numbers))
    read_near(db, alarms)
    _build_bursts(db)
    spans = db.execute(
        "select template_key, burst_number, is_slow, rung, sender, median_gap_seconds, started_at_us, ended_at_us, "
        "excess / recipients, kin_key, first_domain, last_domain "
        "from bursts "
        "order by started_at_us, template_key"
    ).fetchall()
    if not spans:
        return []
    histories = Histories(batches, alarms)
    return [_burst(db, span, alarms, histories) for span in (Span(*row) for row in spans)]


def _batches(db: Connection) -> Matrix:
    """All batches as the estimator's X, those alike once (most are of one mail), by the keys that they are learned
    under, as it sorts them often, and then in one order: sums of shares must not depend on threads."""
    columns = db.execute(_BATCHES).fetchnumpy()
    return np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in COLUMNS])


def _candidates(db: Connection, detector: BurstScores, rows: Matrix, settings: Detection) -> pd.DataFrame:
    """The batches on which an alarm can rest, out of millions that are alike in hundreds of thousands of rows: those in
    which the detector sees anything; and of everybody's the others of such days, of which alarmed parts are taken away.
    """
    enough = min(BY_ITSELF, settings.alarm_log10)
    judged = pd.DataFrame(rows, columns=list(COLUMNS)).astype(np.int64)
    judged["log10"] = -detector.score_samples(rows) if len(rows) else 0.0
    db.register("judged", judged[judged["log10"] >= min(LEAST_PART, enough)])
    candidates = db.execute(_CANDIDATES, {"people": detector.people, "enough": enough}).df()
    db.unregister("judged")
    return candidates


def _alarmed_people(detector: BurstScores, people: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """One person's days beyond the alarm line."""
    people = people[people["own_days"] < DAYS_OF_AN_INBOX]
    people = people.assign(log10=-detector.score_samples(matrix(people)) if len(people) else [])
    return people[people["log10"] >= settings.alarm_log10]


def _episodes(db: Connection) -> Episodes:
    """What people got again and again, and of how many mails of the template."""
    ((begins_us,),) = db.execute("select min(sent_at_us) from repeats").fetchall()
    mails = db.execute(
        "select template_key, count(*) from repeats where copies_before = 0 group by template_key"
    ).fetchall()
    rows, pairs = _EPISODES.format("copies > 2"), _EPISODES.format("copies = 2 and template_key = ?")
    return Episodes(db.execute(rows).df(), lambda key: db.execute(pairs, [key]).df(), dict(mails), begins_us or 0)


def _asked(db: Connection, names: Sequence[str]) -> list[pd.DataFrame]:
    """The answers to these questions."""
    return [db.execute(read_sql(f"questions/{name}")).df() for name in names]


def _without_timetables(db: Connection, episodes: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """Without the few copies, over days, that came to somebody from the very runs that send the template to others."""
    is_drip = (episodes["ended_us"] - episodes["started_us"] >= DAY_US) & (episodes["busiest_day"] < FEW_COPIES)
    drips = episodes[is_drip & (episodes["copies"] < settings.single_recipient_copies)]
    if not len(drips):
        return episodes
    db.register("drips", drips[["recipient", "content_key", "started_us", "ended_us", "copies"]])
    due = db.execute(read_sql("questions/timetables")).df()
    db.unregister("drips")
    kept = episodes.merge(due, how="left", indicator="is_due")
    return kept[kept.pop("is_due") == "left_only"]


def _without_blind_copies(
    db: Connection, people: pd.DataFrame, episodes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is alarmed by one person's copies, but for archives and offices: what they get is other people's mail."""
    suspects = pd.concat(
        [
            people.assign(from_us=people["day_us"], until_us=people["day_us"] + 2 * DAY_US),
            episodes.assign(from_us=episodes["started_us"], until_us=episodes["ended_us"]),
        ]
    )
    if not len(suspects):
        return people, episodes
    db.register("suspects", suspects[["recipient", "content_key", "from_us", "until_us"]])
    blind = pd.concat(_asked(db, _NO_COPIES)).drop_duplicates()
    db.unregister("suspects")
    kept = (frame.merge(blind, how="left", indicator="is_blind") for frame in (people, episodes))
    people, episodes = (frame[frame.pop("is_blind") == "left_only"] for frame in kept)
    return people, episodes


def _with_bins(alarms: pd.DataFrame) -> pd.DataFrame:
    """With the lag bins of which repeats belong to each: the next to its own as well, or those that it pools."""
    bins = [POOLED_BINS.get(lag, (lag - 1, lag + 1)) for lag in alarms["lag_bin"].astype(int)]
    return alarms.assign(from_bin=[low for low, _ in bins], until_bin=[high for _, high in bins])


def _without_ordinary_mailings(db: Connection, alarms: pd.DataFrame) -> pd.DataFrame:
    """Without the batches of a mail that was edited in between, or of the smaller part of a mailing."""
    if not len(alarms):
        return alarms
    alarms = alarms.reset_index(drop=True)
    names = [*BATCH_KEYS, "from_bin", "until_bin", "scope", "organization"]
    db.register("suspected", alarms[names].assign(place=alarms.index))
    ordinary = db.execute(read_sql("questions/ordinary_mailings")).df()
    db.unregister("suspected")
    return alarms.drop(index=ordinary["place"])


def _save(db: Connection, alarms: Alarms, usual: list[tuple[str, int, bool]]) -> None:
    """The alarmed rows as tables, for the SQL that gathers their repeats and for analysts."""
    person = ["recipient", "content_key", "template_key"]
    frames = {
        "batch_alarms": alarms.batches[
            [*BATCH_KEYS, "from_bin", "until_bin", "scope", "organization", "exposed", "repeated", "log10", "company"]
        ],
        "recipient_alarms": alarms.people[[*person, "day_us", "lag_bin", "exposed", "repeated", "log10"]],
        "episode_alarms": alarms.episodes[
            [*person, "started_us", "ended_us", "copies", "most_elsewhere", "alike", "clock_us", "server_us"]
        ],
    }
    db.execute(
        "create or replace table batch_alarms (template_key varchar, cut_by varchar, window_us bigint, "
        "window_start_us bigint, is_again boolean, lag_bin integer, from_bin integer, until_bin integer, "
        "scope varchar, organization varchar, exposed bigint, repeated bigint, log10 double, company bigint)"
    )
    db.execute(
        "create or replace table recipient_alarms (recipient varchar, content_key varchar, template_key varchar, "
        "day_us bigint, lag_bin integer, exposed bigint, repeated bigint, log10 double)"
    )
    db.execute(
        "create or replace table episode_alarms (recipient varchar, content_key varchar, template_key varchar, "
        "started_us bigint, ended_us bigint, copies bigint, most_elsewhere bigint, alike bigint, clock_us bigint, "
        "server_us bigint)"
    )
    db.execute("create or replace table usual_lags (template_key varchar, lag_bin integer, beside_quick boolean)")
    if usual:
        db.executemany("insert into usual_lags values (?, ?, ?)", usual)
    for table, frame in frames.items():
        if len(frame):
            db.register("alarmed_rows", frame)
            db.execute(f"insert into {table} select * from alarmed_rows")  # noqa: S608 - names of our own
            db.unregister("alarmed_rows")


def _build_bursts(db: Connection) -> None:
    """The tables of bursts: the seeds from the repeats near an alarm, and what goes with them from those of their time.
    Of all repeats of a template, which may be millions, `binned_repeats` is not kept."""
    db.execute("drop table if exists temp.binned_repeats")
    cover(db, "binned_repeats")
    build(db, BURSTS[:1])
    uncover(db, ("binned_repeats",))
    db.execute(f"create or replace temp table part_repeats as {read_sql('questions/beside_seeds')}")
    cover(db, "repeats")
    build(db, ("binned_repeats",))
    uncover(db, ("repeats",))
    build(db, BURSTS[1:])


def _burst(db: Connection, span: Span, alarms: Alarms, histories: Histories) -> Burst:
    """One burst, its people and the moment of its detection as a record."""
    people = db.execute(
        "select recipient from burst_people where template_key = ? and burst_number = ?",
        [span.template_key, span.burst_number],
    ).fetchall()
    return Burst(
        template_key=span.template_key,
        burst_number=span.burst_number,
        is_slow=span.is_slow,
        is_by_a_clock=span.is_by_a_clock,
        median_gap_seconds=max(span.median_gap_seconds, 0.001),  # 0 would say that it is not known
        copies_each=span.copies_each,
        rung=span.rung,
        sender=span.sender,
        started_at=_at(span.started_us),
        ended_at=_at(span.ended_us),
        detected_at=_at(first_evidence(db, span, alarms, histories)),
        recipients=frozenset(recipient for (recipient,) in people),
        kin=span.kin,
        domains=(span.first_domain or "", span.last_domain or ""),
        quarters=alarms.quarters_of(span),
    )


def _at(us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=us)
