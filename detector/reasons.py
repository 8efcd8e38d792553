"""Reads from the store why an incident is one: what was counted of the copies that raised the alarm, in sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from detector import evidence_in_words
from detector.batch_rows import DAY_US
from detector.evidence_in_words import Batch
from detector.records import LagProfile
from detector.store import Connection, read_sql


@dataclass(frozen=True)
class Told:
    """The batch by which an incident is told, and to how many people of it its mail had been sent before."""

    batch: Batch
    sent_it: int


def told(db: Connection, lags: Mapping[str, LagProfile], incident_ids: Iterable[str]) -> dict[str, Told]:
    """Of each incident that was found by its batches, the one to be told; the log is asked once for all of them."""
    found = {name: batch for name in incident_ids if (batch := _strongest(db, name, lags.get(name)))}
    sent_it = _sent_it(db, {name: batch for name, batch in found.items() if batch.is_again})
    return {name: Told(batch, sent_it.get(name, 0)) for name, batch in found.items()}


def sentences(db: Connection, incident_id: str, told: Told | None, *, has_other_days: bool) -> tuple[str, ...]:
    """Why this is an incident, one sentence per number."""
    if told is None:
        return _alone(db, incident_id)
    batch, company = told.batch, told.batch.company
    beside = f"In the same quarter of an hour, {company} kinds of mail came again like that."
    return (
        evidence_in_words.batch(batch, told.sent_it),
        *([beside] if company > 1 else []),
        evidence_in_words.judged(batch, has_other_days=has_other_days),
    )


def _strongest(db: Connection, incident_id: str, lags: LagProfile | None) -> Batch | None:
    """The strongest of the alarmed batches that tell after how long most copies came; of all, if none does. A batch may
    have begun before the incident, as long as its longest lag, the end of the last bin of those it pools, reaches into
    it. Of batches that are as strong, first copies and the client come first, and no two are left to chance: the same
    log tells the same."""
    rows = db.execute(
        "select a.template_key, a.cut_by, a.organization, a.scope, a.window_start_us, a.window_us, a.lag_bin, "
        "a.is_again, a.exposed, a.repeated, a.log10, a.company "
        "from batch_alarms as a join lag_bins as b on b.lag_bin = least(a.lag_bin, a.until_bin) "
        "join (select min(sent_at_us) as first_us, max(sent_at_us) as last_us from incident_repeats "
        "where incident_id = $id) as i on a.window_start_us between i.first_us - 691200000000 and i.last_us "
        "and a.window_start_us + a.window_us + b.until_us > i.first_us "
        "where a.template_key in (select template_key from incident_bursts where incident_id = $id) "
        "order by nullif(list_position($bins::integer[], a.lag_bin), 0) nulls last, a.log10 desc, a.window_start_us, "
        "a.lag_bin, a.is_again, a.scope desc, a.window_us, a.cut_by, a.template_key, a.organization limit 1",
        {"id": incident_id, "bins": evidence_in_words.bins_of_most(lags.repeats) if lags else []},
    ).fetchall()
    return Batch(*rows[0]) if rows else None


def _sent_it(db: Connection, batches: Mapping[str, Batch]) -> dict[str, int]:
    """People of each batch's organization who were sent its mail in the day before, or in the window itself."""
    if not batches:
        return {}
    db.execute(
        "create or replace temp table told_batches "
        "(incident_id varchar, template_key varchar, organization varchar, from_us bigint, until_us bigint)"
    )
    spans = [
        (name, b.template_key, b.organization, b.window_start_us - DAY_US, b.window_start_us + b.window_us)
        for name, b in batches.items()
    ]
    db.executemany("insert into told_batches values (?, ?, ?, ?, ?)", spans)
    return dict(db.execute(read_sql("questions/sent_it")).fetchall())


def _of_many(sends: int, alike: int, lasted_us: int, clock_us: int) -> tuple[str, ...]:
    """The same for what came to a whole group at once, by a clock, or unchanged."""
    group = f"{alike} people were sent the same mail, one of them {sends} times,"
    if lasted_us <= 3_600_000_000:
        return (f"{group} within an hour.", "No kind of mail is sent to a whole group so often by nature.")
    if not clock_us:
        return (
            f"{group} day after day, of the same size to a few bytes each time.",
            "News would differ in size, and of a reminder's readers some would have dropped out.",
        )
    return (
        f"{group} days apart and again and again from {_clock(clock_us)} UTC on, to the second.",
        "No timetable begins at such a second; a timer does that somebody's mail has started. Nobody else is "
        "sent this kind of mail like that.",
    )


def _alone(db: Connection, incident_id: str) -> tuple[str, ...]:
    """The same for what was found by looking at one person."""
    of_incident = (
        "recipient in (select recipient from incident_repeats where incident_id = $1) and content_key in "
        "(select content_key from incident_repeats where incident_id = $1)"
    )
    episodes = db.execute(
        "select copies, most_elsewhere, alike, ended_us - started_us, clock_us, server_us > 0 "  # noqa: S608
        f"from episode_alarms where {of_incident} order by alike desc, copies desc, started_us limit 1",
        [incident_id],
    ).fetchall()
    for sends, most, alike, lasted_us, clock_us, is_one_server in episodes:
        if is_one_server:
            return (
                f"{alike} people of one organization got mail of several kinds again, after pauses that are all alike.",
                "That was more than to everybody else together, and a quarter or more of all mail to them meanwhile.",
            )
        if alike > 1:
            return _of_many(sends, alike, lasted_us, clock_us)
        others = f"more than {most} copies of such a mail" if most > 1 else "such a mail twice"
        return (
            f"One person was sent {sends} copies of the same mail, never more than three days apart.",
            f"Nobody else who has been sent this kind of mail got {others} like that, shared inboxes left out.",
        )
    ((most_in_a_day,),) = db.execute(
        f"select max(exposed) from recipient_alarms where {of_incident}",  # noqa: S608
        [incident_id],
    ).fetchall()
    if not most_in_a_day:
        return ()
    return (
        f"One person was sent {most_in_a_day} copies of the same mail in one day, which this person never got before.",
    )


def _clock(us: int) -> str:
    """The time of day in UTC."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%H:%M:%S}"
