"""Asks the store what the pictures of one incident show: copies over time, what is usual then, who was hit when, after
which lags. Decides nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from detector.records import Heat, Incident, LagProfile, Timeline
from detector.store import Connection, read_sql

_BUCKETS_SECONDS = (60, 300, 900, 3600, 21600, 86400, 604800)
_MOST_BUCKETS = 120
_LEAST_SHARE = 1 / 3
"""Of the timeline, for the burst. First copies that went out so much earlier that it would be less are not on it."""
_SHORT = timedelta(minutes=10)
"""A burst that was over sooner is given no finer timeline."""
USUAL_DAYS = 28
FEWEST_DAYS = 3
MOST_COLUMNS = 60
MOST_ROWS = 60
_COLUMN_SECONDS = (10, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400)
_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timelines(db: Connection, incidents: Sequence[Incident]) -> dict[str, Timeline]:
    """Copies over time, from a little before the first copies of each incident, or the first extra copies if these came
    much later, to a little after the last, beside what is usual."""
    count_minutes(db)
    return {i.incident_id: with_usual(db, i.incident_id, _counted(db, i)) for i in incidents}


def count_minutes(db: Connection) -> None:
    """Count the mail of all incidents' templates by the minute, as all buckets begin at one: in `template_minutes`."""
    db.execute(f"create or replace temp table template_minutes as {read_sql('questions/template_minutes')}")


def _counted(db: Connection, incident: Incident) -> Timeline:
    """The copies of the incident and the first copies of its templates."""
    burst = max(incident.ended_at - incident.started_at, _SHORT)
    is_near = burst >= _LEAST_SHARE * (incident.ended_at - incident.first_sent_at)
    begins = incident.first_sent_at if is_near else incident.started_at
    lasted = (incident.ended_at - begins).total_seconds()
    bucket = next((b for b in _BUCKETS_SECONDS if lasted / b <= _MOST_BUCKETS), _BUCKETS_SECONDS[-1])
    step = timedelta(seconds=bucket)
    start = _EPOCH + step * ((begins - _EPOCH) // step - 3)
    count = int((incident.ended_at - start) // step) + 4
    rows = db.execute(
        read_sql("questions/timeline"),
        {"incident_id": incident.incident_id, "bucket_us": bucket * 1_000_000,
         "from_us": _us(start), "until_us": _us(start + step * count)},
    ).fetchall()  # fmt: skip
    found = {int(place): (first, extra) for place, first, extra in rows}
    return Timeline(
        bucket_seconds=bucket,
        starts_at=tuple(start + step * n for n in range(count)),
        first_copies=tuple(found.get(n, (0, 0))[0] for n in range(count)),
        extra_copies=tuple(found.get(n, (0, 0))[1] for n in range(count)),
    )


def with_usual(db: Connection, incident_id: str, timeline: Timeline) -> Timeline:
    """The timeline with what the same time of day had at most on the days before; as it is if they are too few."""
    if not timeline.starts_at:
        return timeline
    bucket_us, begins_us = timeline.bucket_seconds * 1_000_000, _us(timeline.starts_at[0])
    midnight_us = begins_us - begins_us % _DAY_US  # the day itself is none of the days before
    slots = max(1, _DAY_US // bucket_us)
    rows = db.execute(
        read_sql("questions/usual"),
        {"incident_id": incident_id, "bucket_us": bucket_us, "slots": slots,
         "from_us": midnight_us - USUAL_DAYS * _DAY_US, "until_us": midnight_us},
    ).fetchall()  # fmt: skip
    if not rows or rows[0][3] < FEWEST_DAYS:
        return timeline
    most = {slot: (firsts, extras) for slot, firsts, extras, _ in rows}
    usual = [most.get(_us(start) // bucket_us % slots, (0, 0)) for start in timeline.starts_at]
    return replace(
        timeline,
        usual_first=tuple(firsts for firsts, _ in usual),
        usual_extra=tuple(extras for _, extras in usual),
        usual_days=rows[0][3],
    )


def heat(db: Connection, incident_id: str, timeline: Timeline) -> Heat | None:
    """Copies per person and time, in at most 60 lines and columns."""
    if not timeline.starts_at:
        return None
    begins, ends = timeline.starts_at[0], timeline.starts_at[-1] + timedelta(seconds=timeline.bucket_seconds)
    seconds = next((s for s in _COLUMN_SECONDS if (ends - begins) / timedelta(seconds=s) <= MOST_COLUMNS), None)
    seconds = seconds or timeline.bucket_seconds * -(-len(timeline.starts_at) // MOST_COLUMNS)
    starts = tuple(begins + timedelta(seconds=s) for s in range(0, round((ends - begins).total_seconds()), seconds))
    rows = db.execute(
        read_sql("questions/heat"),
        {"incident_id": incident_id, "from_us": _us(starts[0]), "bucket_us": seconds * 1_000_000},
    ).fetchall()
    if not rows:
        return None
    people = rows[-1][0] + 1
    per_row = -(-people // MOST_ROWS)
    counts = [[0] * len(starts) for _ in range(-(-people // per_row))]
    names = [""] * len(counts)
    for place, recipient, bucket, copies in rows:
        counts[place // per_row][min(bucket, len(starts) - 1)] += copies
        names[place // per_row] = recipient
    if per_row > 1:
        names = [f"{n * per_row + 1} to {min(people, (n + 1) * per_row)}" for n in range(len(counts))]
    return Heat(seconds, starts, tuple(zip(names, map(tuple, counts), strict=True)), per_row)


def lags(db: Connection, incidents: Sequence[Incident]) -> dict[str, LagProfile]:
    """Of each incident that has one, the lag profile of its templates, with its own beside it."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for incident_id, *counts in sorted(db.execute(read_sql("questions/lags")).fetchall()):
        found.setdefault(incident_id, []).append(tuple(counts))
    profiles = {}
    for incident in incidents:
        _, repeats, usual_repeats, usual_sends = zip(*found.get(incident.incident_id, [(0, 0, 0, 0)]), strict=True)
        if any(repeats):
            profiles[incident.incident_id] = LagProfile(incident.sends, repeats, usual_sends[0], usual_repeats)
    return profiles


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
