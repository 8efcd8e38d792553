"""The moment at which the log held enough to raise the alarm: the alarmed rows of a burst, replayed send by send."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.alarms import Alarms, Span
from detector.batch_rows import BATCH, COLUMNS, DAY_US, LAG_BINS, POOLED_BINS, SCALES, SCATTERED, Matrix, Rows
from detector.burst_scores import BurstScores
from detector.e_values import in_company, together
from detector.episodes import WELL_KNOWN
from detector.parts import cover, uncover
from detector.store import Connection, read_sql
from detector.tables import build

_EXPOSED, _REPEATED = COLUMNS.index("exposed"), COLUMNS.index("repeated")
_IS_AGAIN, _LAG_BIN = (COLUMNS.index(name) for name in ("is_again", "lag_bin"))
_WEEKS = (SCALES["organization, week"], SCALES["all, week"])
_QUARTER_US = 900_000_000
_MOST_ALARMS_REPLAYED = 20
_MOST_QUARTERS = 3
"""The first alarms of a burst are enough to find its first moment; a long one has thousands."""


class Histories:
    """Detectors fitted on the log up to a day, each fitted once: what the evidence was at a moment of the past."""

    def __init__(self, batches: Matrix, alarms: Alarms) -> None:
        families, kins = (np.concatenate([alarms.batches[of], alarms.people[of]]) for of in ("family", "kin"))
        akin = np.isin(batches[:, COLUMNS.index("family")], families)
        self.batches = Rows.of(batches[akin | np.isin(batches[:, COLUMNS.index("template")], kins)])
        self.ends = self.batches.day + 6 * np.isin(self.batches.scale, _WEEKS)
        self.alarm_log10 = alarms.settings.alarm_log10
        self.last_day = int(batches[:, COLUMNS.index("day")].max())
        self.fitted: dict[int, BurstScores] = {}
        self.quarters: dict[tuple[str, int], int | None] = {}
        self.well_known: dict[str, list[int]] = {}

    def until(self, day: int) -> BurstScores:
        """The detector that knows the days up to this one; a row never speaks for itself on its own day."""
        if day not in self.fitted:
            known = self.batches.where(self.ends <= day)
            self.fitted[day] = BurstScores()
            self.fitted[day].learn(known if len(known.day) else Rows.of(np.zeros((1, len(COLUMNS)))))
        return self.fitted[day]


@dataclass(frozen=True)
class _Replay:
    """One alarmed row as it grew: per repeat, when the log told of it, and the row as it stood then."""

    known_us: npt.NDArray[np.int64]
    rows: Matrix


def _log10(replays: Sequence[_Replay], histories: Histories, day: int | None = None) -> list[Matrix]:
    """The evidence of each after each repeat, judged by what was known on that day (None: on each moment's own); of all
    at once, because a row costs far less than a call of the detector."""
    if not replays:
        return []
    rows, known_us = (np.concatenate(parts) for parts in zip(*((r.rows, r.known_us) for r in replays), strict=True))
    days = known_us // DAY_US if day is None else np.full(len(rows), day)
    found = np.zeros(len(rows))
    for known in np.unique(days):
        found[days == known] = -histories.until(int(known)).score_samples(rows[days == known])
    return np.split(found, np.cumsum([len(replay.rows) for replay in replays])[:-1])


def _first_alarms(
    batches: Sequence[Sequence[_Replay]], histories: Histories, day: int | None = None
) -> Iterator[int | None]:
    """When the evidence of each batch sufficed, by one of its rows or by all of them together."""
    log10 = iter(_log10([replay for batch in batches for replay in batch], histories, day))
    for batch in batches:
        times = np.unique(np.concatenate([replay.known_us for replay in batch]))
        rows = np.zeros((2, LAG_BINS + 1, len(times)))
        for replay in batch:
            place = np.searchsorted(replay.known_us, times, side="right") - 1
            now = np.where(place >= 0, next(log10)[np.maximum(place, 0)], 0.0)
            is_again, lag_bin = replay.rows[0, [_IS_AGAIN, _LAG_BIN]].astype(int)
            rows[is_again, lag_bin] = np.maximum(rows[is_again, lag_bin], now)
        enough = np.maximum(rows.max(axis=(0, 1)), together(rows[0].T, rows[1].T)) >= histories.alarm_log10
        yield int(times[enough][0]) if enough.any() else None


def first_evidence(db: Connection, span: Span, alarms: Alarms, histories: Histories) -> int:
    """The moment (microseconds) at which the log held enough to raise the alarm for a burst.

    Mostly that is when it told of one of its repeats, judged by the days before. If it took later days to show that the
    template does not do so all the time, it is the end of the first day that showed it.
    """
    batches = alarms.of(span)
    quarters = set(alarms.company_of(span)[["cut_by", "window_start_us"]].itertuples(index=False, name=None))
    batches = batches.sort_values(["window_start_us", "window_us", "lag_bin"]).head(_MOST_ALARMS_REPLAYED)
    people = alarms.people[alarms.people["template_key"] == span.template_key]
    people = people[people["day_us"].between(span.started_us - 9 * DAY_US, span.ended_us)].head(_MOST_ALARMS_REPLAYED)
    together_us = [_quarter_alarm(db, quarter, alarms, histories) for quarter in sorted(quarters)[:_MOST_QUARTERS]]
    episodes = alarms.episodes_of(span)
    from_us = min([span.started_us - 9 * DAY_US, *episodes["started_us"].astype(int)])
    until_us = max([span.ended_us + 8 * DAY_US, *episodes["ended_us"].astype(int)])
    _read(db, span.template_key, from_us, until_us)
    exposed: dict[Any, Any] = {}
    parts = batches.groupby(BATCH, dropna=False)
    replayed = [[_batch_replay(db, row, span, exposed) for row in part.to_dict("records")] for _, part in parts]
    replayed += [[_person_replay(db, row, span)] for row in people.to_dict("records")]
    whole = list(filter(None, ([replay for replay in batch if len(replay.rows)] for batch in replayed)))
    found = [us for us in _first_alarms(whole, histories) if us is not None]
    found += [us for us in together_us if us is not None]
    first = (
        episodes[episodes["copies"] >= episodes["enough_copies"]].sort_values("started_us").head(_MOST_ALARMS_REPLAYED)
    )
    found += _enough_copies(db, first.to_dict("records"), histories)
    found = [us for us in found if us >= span.started_us]  # what had shown before is of another burst
    if found:
        return min(found)
    return min((_later(batch, histories) for batch in whole), default=span.ended_us)


def read_near(db: Connection, alarms: Alarms) -> None:
    """What any replay may read, and any burst begins with, out of all repeats, read once: what went out or was repeated
    in the windows of alarms, all of which are whole quarters of an hour, and what the people got who are alarmed by
    themselves."""
    is_weekly = alarms.batches["scale"].isin(_WEEKS)  # a person's whole week counts
    is_of_all = (alarms.batches["scope"] == "all") | is_weekly
    windows = alarms.batches[["template_key", "window_start_us", "window_us", "organization"]].copy()
    windows.loc[is_of_all, "organization"] = None  # as of those who belong to no client
    windows = windows.drop_duplicates().astype({"window_start_us": np.int64, "window_us": np.int64})
    quarters = windows["window_us"].to_numpy() // _QUARTER_US
    steps = np.arange(quarters.sum()) - np.repeat(np.cumsum(quarters) - quarters, quarters)
    frame = windows[["template_key", "organization"]].iloc[np.repeat(np.arange(len(windows)), quarters)]
    starts = np.repeat(windows["window_start_us"].to_numpy(), quarters)
    db.register("alarmed_quarters", frame.assign(us=starts + steps * _QUARTER_US).drop_duplicates())
    db.register("alarmed_people", pd.concat([alarms.people, alarms.episodes])[["recipient"]].drop_duplicates())
    db.execute(f"create or replace temp table near_repeats as {read_sql('questions/near_repeats')}")
    for name in ("alarmed_quarters", "alarmed_people"):
        db.unregister(name)
    cover(db, "repeats", "near_repeats")
    build(db, ("binned_repeats",), as_part=True)
    uncover(db, ("repeats",))


def _read(db: Connection, template_key: str, from_us: int, until_us: int) -> None:
    """What the replays of a template in that time read, read once and not once per alarm."""
    bound = [template_key, from_us, until_us]
    db.execute(
        "create or replace temp table replayed_repeats as select send_id, recipient, organization, content_key, "
        "copies_before, sent_at_us, known_at_us from near_repeats where (template_key = $1 "
        "or template_key in (select template_key from kins where kin_key = $1)) and sent_at_us between $2 and $3",
        bound,
    )
    db.execute(
        "create or replace temp table replayed_binned_repeats as select recipient, organization, content_key, "
        "copies_before, lag_bin, sent_at_us, repeated_at_us, known_at_us from part_binned_repeats "
        "where template_key = $1 and repeated_at_us >= $2 and sent_at_us <= $3",
        bound,
    )


def _quarter_alarm(db: Connection, quarter: tuple[str, int], alarms: Alarms, histories: Histories) -> int | None:
    """When what several templates had shown together in a quarter of an hour sufficed, by what was known then."""
    if quarter in histories.quarters:
        return histories.quarters[quarter]
    rows = alarms.batches[alarms.batches["company"] > 1]
    rows = rows[(rows["cut_by"] == quarter[0]) & (rows["window_start_us"] == quarter[1])]
    seen = []
    for row in rows.to_dict("records"):
        _read(db, row["template_key"], quarter[1], quarter[1] + DAY_US)
        seen.append(_batch_replay(db, row, None, {}))
    seen = [replay for replay in seen if len(replay.rows)]
    times = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(replay.known_us for replay in seen)]))
    sums = np.zeros(len(times))
    for replay, log10 in zip(seen, _log10(seen, histories), strict=True):
        place = np.searchsorted(replay.known_us, times, side="right") - 1
        sums += np.where(place >= 0, in_company(log10)[np.maximum(place, 0)], 0.0)
    enough = sums >= histories.alarm_log10
    histories.quarters[quarter] = int(times[enough][0]) if enough.any() else None
    return histories.quarters[quarter]


def _later(batch: Sequence[_Replay], histories: Histories) -> int:
    """The end of the first day whose history made the evidence suffice; it did on the last one."""
    known_us = np.concatenate([replay.known_us for replay in batch])
    low, high = int(known_us.min() // DAY_US), histories.last_day
    while low < high:
        middle = (low + high) // 2
        if list(_first_alarms([batch], histories, middle)) == [None]:
            low = middle + 1
        else:
            high = middle
    return max((high + 1) * DAY_US, int(known_us.max()))


def _batch_replay(db: Connection, batch: dict[str, Any], span: Span | None, known: dict[Any, Any]) -> _Replay:
    """A batch after each of its repeated people (in the span): how many could have got it again by then, who had."""
    is_weekly, is_later = batch["scale"] in _WEEKS, batch["cut_by"] == "later"
    bound = {name: batch[name] for name in ("window_us", "window_start_us")}
    where = "true"
    if batch["scope"] == "organization":
        where += " and organization is not distinct from $organization"
        bound["organization"] = None if pd.isna(batch["organization"]) else batch["organization"]
    window = " and {0} - {0} % $window_us = $window_start_us"
    low, high = POOLED_BINS.get(int(batch["lag_bin"]), (batch["lag_bin"],) * 2)
    again = "" if is_weekly or is_later else f" and {'not ' * (not batch['is_again'])}(copies_before > 0)"
    what = "sent_at_us - sent_at_us % 900000000" if batch["lag_bin"] == SCATTERED else "recipient"
    repeated = db.execute(
        f"select us, known_us from (select repeated_at_us as us, known_at_us as known_us, row_number() over "  # noqa: S608
        f"(partition by {what} order by known_at_us) as place from replayed_binned_repeats where {where}"
        f"{window.format('repeated_at_us' if is_later else 'sent_at_us')}{again} and lag_bin "
        "between $from_bin and $until_bin) where place = $place order by known_us limit 1000",
        {**bound, "from_bin": low, "until_bin": high, "place": 2 if is_weekly else 1},
    ).fetchnumpy()
    grain = "recipient" if is_weekly or is_later or batch["is_again"] else "recipient, content_key"
    sql = (
        f"select min(known_at_us) as us from replayed_repeats where {where}{window.format('sent_at_us')}{again} "  # noqa: S608
        f"group by {grain} order by us"
    )
    of = (sql, *bound.values())
    exposed = known[of] if of in known else known.setdefault(of, db.execute(sql, bound).fetchnumpy()["us"])
    rows = np.tile(np.array([float(batch[name]) for name in COLUMNS]), (len(repeated["us"]), 1))
    rows[:, _EXPOSED] = np.searchsorted(exposed, repeated["known_us"], side="right")
    rows[:, _REPEATED] = np.minimum(np.arange(1, len(rows) + 1), rows[:, _EXPOSED])
    if span is None:
        return _Replay(repeated["known_us"], rows)
    inside = (repeated["us"] >= span.started_us) & (repeated["us"] <= span.ended_us)
    return _Replay(repeated["known_us"][inside], rows[inside])


def _person_replay(db: Connection, day: dict[str, Any], span: Span) -> _Replay:
    """One person's day after each further copy."""
    sends = db.execute(
        "select repeated_at_us as us, known_at_us as known_us, lag_bin from replayed_binned_repeats "
        "where recipient = $recipient and content_key = $content_key "
        "and sent_at_us - sent_at_us % 86400000000 = $day_us order by sent_at_us limit 2000",
        {name: day[name] for name in ("recipient", "content_key", "day_us")},
    ).fetchnumpy()
    rows = np.tile(np.array([float(day[name]) for name in COLUMNS]), (len(sends["us"]), 1))
    rows[:, _EXPOSED] = np.arange(2, len(rows) + 2)
    rows[:, _REPEATED] = np.cumsum(sends["lag_bin"] == day["lag_bin"])
    inside = (sends["us"] >= span.started_us) & (sends["us"] <= span.ended_us)
    return _Replay(sends["known_us"][inside], rows[inside])


def _enough_copies(db: Connection, episodes: Sequence[dict[str, Any]], histories: Histories) -> Iterator[int]:
    """When the log told of so many copies to one person that nobody needs statistics, for each episode; what all of
    their people got is read at once.

    Few copies, or copies to many, are enough only once the template was well known, or so many others had got as many.
    """
    if not episodes:
        return
    copies = db.execute(
        "select recipient, content_key, sent_at_us, known_at_us from replayed_repeats "
        "where recipient in (select unnest($1)) order by sent_at_us, send_id",
        [sorted({episode["recipient"] for episode in episodes})],
    ).fetchnumpy()
    for episode in episodes:
        is_its = (copies["recipient"] == episode["recipient"]) & (copies["content_key"] == episode["content_key"])
        is_its &= (copies["sent_at_us"] >= episode["started_us"]) & (copies["sent_at_us"] <= episode["ended_us"])
        yield _enough_of(db, copies["known_at_us"][is_its], episode, histories)


def _enough_of(db: Connection, known_us: npt.NDArray[np.int64], episode: dict[str, Any], histories: Histories) -> int:
    """The same of one episode, whose copies the log told of at these moments."""
    enough = int(known_us[episode["enough_copies"] - 1])
    if episode["alike_at_us"] > 0:
        return max(enough, int(episode["alike_at_us"]))
    if_new = int(episode["enough_if_new"])
    if if_new == episode["enough_copies"]:
        return enough
    template_key = episode["template_key"]
    if template_key not in histories.well_known:
        histories.well_known[template_key] = _well_known(db, template_key)
    known = histories.well_known[template_key]
    return min([max(enough, us) for us in known] + [int(us) for us in known_us[if_new - 1 : if_new]])


def _well_known(db: Connection, template_key: str) -> list[int]:
    """When so many first copies of the template had gone out that it was well known; nothing if it never was."""
    known = db.execute(
        "select known_at_us from repeats where template_key = ? and copies_before = 0 "
        "order by known_at_us limit 1 offset ?",
        [template_key, WELL_KNOWN - 1],
    ).fetchall()
    return [int(us) for (us,) in known]
