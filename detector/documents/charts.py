"""A chart with everything that must come with it: two sizes, a text alternative, and the same figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from detector.documents import burst_plots, phrases, plots
from detector.documents.album import Album, picture
from detector.documents.drawing import Drawing
from detector.documents.templates import Safe
from detector.records import CaseFacts, Timeline

TABLE_ROWS = 400
"""A chart has fewer buckets than this; should one have more, the table says that it stops."""
_WIDE, _NARROW = 7.4, 3.7


@dataclass(frozen=True)
class Chart:
    """One picture and its twins."""

    title: str
    pictures: tuple[Safe, ...]
    """For a desk and for a telephone; none if there is nothing to draw."""
    caption: str
    table_caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """Words first, then numbers."""
    is_broad: bool = False
    """The table has more columns than a page is wide."""


def timeline_chart(case: CaseFacts, album: Album) -> Chart:
    """Extra copies over time, with the first copies below, beside what is usual at that time of day."""
    timeline, incident = case.timeline, case.incident
    pictures: tuple[Safe, ...] = ()
    if timeline.starts_at:
        ends = timeline.starts_at[-1] + timedelta(seconds=timeline.bucket_seconds)
        facts = (timeline, incident.detected_at, min(case.log_complete_through, ends))
        pictures = _sizes(album, (3.1, 2.9), timeline_alt(case), plots.timeline_plot, *facts)
    rows = timeline_rows(timeline)
    size = phrases.duration(timeline.bucket_seconds)
    usual = _usual(timeline)
    return Chart(
        title="Copies over time",
        pictures=pictures,
        caption=f"{_panels(case)} From the upright line on, the log alone was enough to raise the alarm.{usual}",
        table_caption=f"Copies per {size}, times in UTC; rows without any are left out{_cut(rows)}",
        columns=timeline_columns(timeline),
        rows=rows[:TABLE_ROWS],
    )


def _panels(case: CaseFacts) -> str:
    """What is drawn where, and where the first copies are if not in the picture."""
    timeline, first = case.timeline, case.incident.first_sent_at
    if plots.has_first_copies(timeline):
        return (
            "Above: extra copies in this incident. Below, on a scale of its own: first copies of the same mail to "
            "anybody, which were due."
        )
    is_before = bool(timeline.starts_at) and first < timeline.starts_at[0]
    before = f" The first copies, which were due, began at {phrases.minute(first)}, before this picture does."
    return f"Extra copies in this incident.{before if is_before else ''}"


def _usual(timeline: Timeline) -> str:
    """What the grey line is; where it would lie on the ground, none is drawn."""
    before = f"{phrases.counted(timeline.usual_days, 'day')} before on which mail of this template was sent"
    if any((*timeline.usual_extra, *timeline.usual_first)):
        return f" The grey line is the most that the same time of day had on any of the {before}."
    return f" On the {before}, none went out at that time of day." if timeline.usual_extra else ""


def timeline_alt(case: CaseFacts) -> str:
    """What the picture shows, for those who cannot see it."""
    incident, timeline = case.incident, case.timeline
    most = max(timeline.extra_copies, default=0)
    usual_most = max(timeline.usual_extra, default=0)
    usually = f"at most {phrases.number(usual_most)}" if usual_most else "none"
    usual = f" Usually {usually} at that time of day." if timeline.usual_extra else ""
    return (
        f"{phrases.counted(incident.excess, 'extra copy', 'extra copies')} to "
        f"{phrases.counted(incident.recipients, 'person', 'people')}, "
        f"{phrases.span(incident.started_at, incident.ended_at)}, at most {phrases.number(most)} "
        f"in {phrases.duration(timeline.bucket_seconds)}.{usual}"
    )


def timeline_columns(timeline: Timeline) -> tuple[str, ...]:
    """What the columns of its table are called."""
    return "From", *(name for name, _ in _told(timeline))


def timeline_rows(timeline: Timeline) -> tuple[tuple[Any, ...], ...]:
    """The time and the counts of each bucket in which anything was sent."""
    rows = zip(
        timeline.starts_at,
        timeline.extra_copies,
        timeline.first_copies,
        *(counts for _, counts in _told(timeline)),
        strict=True,
    )
    return tuple(
        (_moment(start, timeline.bucket_seconds), *told) for start, extra, first, *told in rows if extra or first
    )


def _told(timeline: Timeline) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Extra copies; first copies, if there are any; then what is usual of these, if it is known."""
    told = (("Extra copies", timeline.extra_copies), ("First copies", timeline.first_copies))
    usual = (("Extra, usually", timeline.usual_extra), ("First, usually", timeline.usual_first))
    columns = 2 if plots.has_first_copies(timeline) else 1
    return (*told[:columns], *(usual[:columns] if timeline.usual_extra else ()))


def burst_charts(case: CaseFacts, album: Album) -> list[Chart]:
    """The other pictures of one incident, as far as the log still tells."""
    charts = [_copies_chart(case, album)] if case.affected else []
    charts += [_heat_chart(case, album)] if case.heat and case.heat.rows else []
    return charts + ([_lags_chart(case, album)] if case.lags and any(case.lags.repeats) else [])


def _copies_chart(case: CaseFacts, album: Album) -> Chart:
    """How evenly people were hit."""
    counts = tuple(sorted(row.sends for row in case.affected))
    width, bins = burst_plots.copies_bins(counts)
    alt = (
        f"Copies per person: least {phrases.number(counts[0])}, most {phrases.number(counts[-1])}, "
        f"among {phrases.counted(len(counts), 'person', 'people')}."
    )
    return Chart(
        title="Copies per person",
        pictures=_sizes(album, (1.9, 1.9), alt, burst_plots.copies_plot, counts),
        caption="How many people got how many copies, the rightful one included.",
        table_caption="People by the number of copies they got",
        columns=("Copies", "People"),
        rows=tuple((_range(start, width), people) for start, people in bins),
    )


def _heat_chart(case: CaseFacts, album: Album) -> Chart:
    """Who was hit when."""
    heat = case.heat
    assert heat is not None  # noqa: S101 - burst_charts has asked
    size = phrases.duration(heat.bucket_seconds)
    counts = [max(copies) for _, copies in heat.rows]
    who = "a person" if heat.people_per_row == 1 else f"{heat.people_per_row} people"
    anonymous = replace(heat, rows=tuple(("", copies) for _, copies in heat.rows))
    alt = (
        f"Copies to each person over time: {phrases.number(len(heat.rows))} lines, at most "
        f"{phrases.number(max(counts))} copies in {size} in one line."
    )
    rounds = " Upright stripes are rounds that went to everybody." if len(heat.rows) > 1 else ""
    height = min(4.6, 1.0 + 0.06 * max(len(heat.rows), 8))
    return Chart(
        title="Who was hit when",
        pictures=_sizes(album, (height, height), alt, burst_plots.heat_plot, anonymous),
        caption=(
            f"One line is {who}, time runs to the right; the stronger the colour, the more copies, at most "
            f"{phrases.number(max(counts))} in {size}.{rounds}"
        ),
        table_caption=f"Copies per {size}, times in UTC, hit first on top",
        columns=("Who", *(_moment(start, heat.bucket_seconds) for start in heat.starts_at)),
        rows=tuple((who, *copies) for who, copies in heat.rows),
        is_broad=True,
    )


def _lags_chart(case: CaseFacts, album: Album) -> Chart:
    """After how long the mail came again, here and usually."""
    profile = case.lags
    assert profile is not None  # noqa: S101 - burst_charts has asked
    burst, usual = burst_plots.per_1000(profile)
    most = max(range(len(burst)), key=burst.__getitem__)
    alt = (
        f"Of 1,000 mails of this incident {phrases.number(burst[most])} came again {burst_plots.LAGS[most]} after the "
        f"one before; usually {phrases.number(usual[most])}."
    )
    others = phrases.counted(profile.usual_sends, "mail")
    return Chart(
        title="After how long it came again",
        pictures=_sizes(album, (2.9, 2.9), alt, burst_plots.lags_plot, profile),
        caption=(
            f"Of 1,000 mails, how many repeated the one before after so long: in this incident, and among the {others} "
            "of this template not counted as extra copies of an incident. Each upright line is ten times the one to "
            "its left; what never happened has no mark."
        ),
        table_caption="Repeats of 1,000 mails, by the time since the one before",
        columns=("Time since the one before", "In this incident", "Usually"),
        rows=tuple(zip(burst_plots.LAGS, burst, usual, strict=True)),
    )


def month_chart(days: Sequence[tuple[datetime, int, int]], album: Album) -> Chart:
    """Mails per day, those with extra copies marked; of a few days a sentence says more than a picture."""
    marked = [day for day in days if day[2]]
    explanation = " The marked part is extra copies that belong to incidents." if marked else ""
    is_drawn = len(days) >= plots.FEWEST_DAYS
    alt = (
        f"Mails per day from {phrases.day(days[0][0])} to {phrases.day(days[-1][0])}; "
        f"{phrases.counted(len(marked), 'day')} with extra copies."
        if days
        else ""
    )
    return Chart(
        title="The month\u2019s mail",
        pictures=_sizes(album, (2.1, 2.1), alt, plots.month_plot, tuple(days)) if is_drawn else (),
        caption=f"All mail the log knows of, day by day in UTC.{explanation}" if is_drawn else _few_days(days),
        table_caption="Mails per day (UTC)",
        columns=("Day", "Mails", "Extra copies"),
        rows=tuple((phrases.day(day), sends, extra) for day, sends, extra in days),
    )


def _few_days(days: Sequence[tuple[datetime, int, int]]) -> str:
    """The same figures as a sentence."""
    told = [
        f"{phrases.counted(sends, 'mail')} on {phrases.day(day)}"
        + (f" ({phrases.number(extra)} of them extra copies of incidents)" if extra else "")
        for day, sends, extra in days
    ]
    return f"The log knows of {phrases.listing(told, most=len(told))}, by days in UTC: too few days for a picture."


def _sizes(album: Album, heights: tuple[float, float], alt: str, draw: Drawing, *facts: Any) -> tuple[Safe, ...]:
    """The picture for a desk and for a telephone."""
    inches = zip((_WIDE, _NARROW), heights, strict=True)
    return tuple(Safe(picture(album, size, alt, draw, *facts)) for size in inches)


def _moment(start: datetime, bucket_seconds: int) -> str:
    clock = phrases.clock if bucket_seconds % 60 == 0 else phrases.second
    return f"{phrases.short_day(start)} {clock(start)}"


def _range(start: int, width: int) -> str:
    first, last = phrases.number(start), phrases.number(start + width - 1)
    return first if width == 1 else f"{first} to {last}"


def _cut(rows: Sequence[object]) -> str:
    return f"; the first {phrases.number(TABLE_ROWS)} of {phrases.number(len(rows))}" if len(rows) > TABLE_ROWS else ""
