"""A chart with everything that must come with it: two sizes, a text alternative, and the same figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detector.documents import phrases, plots
from detector.documents.templates import Safe
from detector.records import CaseFacts, Timeline

TABLE_ROWS = 400
"""A chart has fewer buckets than this; should one have more, the table says that it stops."""


@dataclass(frozen=True)
class Chart:
    """One picture and its twins; `wide` is empty if there is nothing to draw."""

    wide: Safe
    narrow: Safe
    alt: str
    caption: str
    summary: str
    table_caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, *tuple[int, ...]], ...]


def timeline_chart(case: CaseFacts) -> Chart:
    """Extra copies over time, with the first copies below."""
    timeline, incident = case.timeline, case.incident
    alt = timeline_alt(case)
    wide, narrow = (
        plots.timeline_svg(
            timeline, alarm_at=incident.detected_at, log_end=case.log_complete_through, alt=alt, narrow=is_narrow
        )
        for is_narrow in (False, True)
    )
    rows = timeline_rows(timeline)
    size = phrases.duration(timeline.bucket_seconds)
    return Chart(
        wide=Safe(wide),
        narrow=Safe(narrow),
        alt=alt,
        caption=(
            "Above: extra copies in this incident. Below, on a scale of its own: first copies of the same mail to "
            "anybody, which were due. From the upright line on, the log alone was enough to raise the alarm."
        ),
        summary="The same as a table",
        table_caption=f"Copies per {size}, times in UTC; rows without any are left out{_cut(rows)}",
        columns=("From", "Extra copies", "First copies"),
        rows=rows[:TABLE_ROWS],
    )


def timeline_alt(case: CaseFacts) -> str:
    """What the picture shows, for those who cannot see it."""
    incident, timeline = case.incident, case.timeline
    most = max(timeline.extra_copies, default=0)
    return (
        f"{phrases.counted(incident.excess, 'extra copy', 'extra copies')} to "
        f"{phrases.counted(incident.recipients, 'person', 'people')}, "
        f"{phrases.span(incident.started_at, incident.ended_at)}, at most {phrases.number(most)} "
        f"in {phrases.duration(timeline.bucket_seconds)}."
    )


def timeline_rows(timeline: Timeline) -> tuple[tuple[str, int, int], ...]:
    """(time, extra copies, first copies) of each bucket in which anything was sent."""
    label = phrases.clock if timeline.bucket_seconds % 60 == 0 else phrases.second
    buckets = zip(timeline.starts_at, timeline.extra_copies, timeline.first_copies, strict=True)
    return tuple(
        (f"{phrases.short_day(start)} {label(start)}", extra, first)
        for start, extra, first in buckets
        if extra or first
    )


def month_chart(days: Sequence[tuple[datetime, int, int]]) -> Chart:
    """Mails per day, those with extra copies marked."""
    marked = [day for day in days if day[2]]
    explanation = " The marked part is extra copies that belong to incidents."
    alt = (
        f"Mails per day from {phrases.day(days[0][0])} to {phrases.day(days[-1][0])}; "
        f"{phrases.counted(len(marked), 'day')} with extra copies."
        if days
        else ""
    )
    return Chart(
        wide=Safe(plots.month_svg(days, alt=alt)),
        narrow=Safe(plots.month_svg(days, alt=alt, narrow=True)),
        alt=alt,
        caption=f"All mail the log knows of, day by day in UTC.{explanation if marked else ''}",
        summary="The same as a table",
        table_caption="Mails per day (UTC)",
        columns=("Day", "Mails", "Extra copies"),
        rows=tuple((phrases.day(day), sends, extra) for day, sends, extra in days),
    )


def _cut(rows: Sequence[object]) -> str:
    return f"; the first {phrases.number(TABLE_ROWS)} of {phrases.number(len(rows))}" if len(rows) > TABLE_ROWS else ""
