"""Two pictures: the copies of one incident over time beside what is usual then, and the month's mail."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from detector.documents import phrases
from detector.documents.drawing import Palette, bars, bytes_of, count_axis, day_axis, inches_of, panel, time_axis, title
from detector.records import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAIL_INCHES = (7.4, 3.5)
FEWEST_DAYS = 5
"""Fewer days are no picture of a month: pages tell them in a sentence. Whoever draws them all the same has them in the
middle, so that one is a bar and no wall."""


def timeline_png(timeline: Timeline, *, alarm_at: datetime, log_end: datetime) -> bytes:
    """The same on white, for a mail; b"" if there is nothing to draw."""
    if not timeline.starts_at:
        return b""
    return bytes_of(MAIL_INCHES, timeline_plot, timeline, alarm_at, log_end, kind="png")


def has_first_copies(timeline: Timeline) -> bool:
    """False if all went out long before, and none usually goes out then."""
    return any((*timeline.first_copies, *timeline.usual_first))


def timeline_plot(
    figure: "Figure", palette: Palette, timeline: Timeline, alarm_at: datetime, log_end: datetime
) -> None:
    """Two panels over one time axis, each with a scale of its own and its name written on it; one if all first copies
    went out before."""
    width = timeline.bucket_seconds
    starts = [start.timestamp() for start in timeline.starts_at]
    per = f"per {phrases.duration(width)}".replace("per 1 min", "per minute").replace("per 1 h", "per hour")
    per = per if per.endswith(("minute", "hour")) else per.replace("per 1 d", "per day")
    most = max((*timeline.extra_copies, *timeline.first_copies, *timeline.usual_extra, *timeline.usual_first))
    place = (0.42, 0.38) if has_first_copies(timeline) else (0.16, 0.64)
    panels = [(*place, f"Extra copies {per}", timeline.extra_copies, timeline.usual_extra, palette.extra, 3)]
    if has_first_copies(timeline):
        panels += [(0.16, 0.14, f"First copies {per}", timeline.first_copies, timeline.usual_first, palette.first, 1)]
    for bottom, height, name, counts, usual, colour, ticks in panels:
        axes = panel(figure, palette, (bottom, height), (starts[0], starts[-1] + width), most)
        if any(usual):
            _usual_band(axes, palette, list(zip(starts, usual, strict=True)), width)
        bars(axes, [(start, 0, height) for start, height in zip(starts, counts, strict=True)], width, colour)
        count_axis(axes, palette, max((*counts, *usual)), ticks)
        title(axes, name, colour, 0.33 if ticks == 3 else 0.11)
    extra, lowest = figure.axes[0], figure.axes[-1]
    if any((*timeline.usual_extra, *timeline.usual_first)):
        above = 0.33 if lowest is extra else 0.11
        title(lowest, "\u2014 most on usual days", palette.muted, above, is_right=True)
    for axes in figure.axes:
        axes.set_xticks([])
    time_axis(lowest, palette, starts[0], starts[-1] + width)
    _mark_alarm(extra, palette, alarm_at.timestamp())
    _shade_unknown(figure.axes, palette, log_end.timestamp())


def month_plot(figure: "Figure", palette: Palette, days: Sequence[tuple[datetime, int, int]]) -> None:
    """One bar a day; where extra copies are among them, that part is marked and a triangle points to it."""
    below = [(day.timestamp(), 0, sends - extra) for day, sends, extra in days]
    above = [(day.timestamp(), sends - extra, extra) for day, sends, extra in days]
    ends = (below[0][0], below[-1][0] + 86_400)
    room = max(0.0, (FEWEST_DAYS * 86_400 - (ends[1] - ends[0])) / 2)
    most = max(sends for _, sends, _ in days)
    axes = panel(figure, palette, (0.17, 0.64), (ends[0] - room, ends[1] + room), most)
    bars(axes, below, 86_400, palette.calm)
    bars(axes, above, 86_400, palette.extra)
    count_axis(axes, palette, most, 3)
    title(axes, "Mails per day (UTC)", palette.muted, 0.2)
    day_axis(axes, *ends)
    if any(height for _, _, height in above):
        title(axes, "\u25bc with extra copies", palette.extra, 0.2, is_right=True)
    for start, bottom, height in above:
        if height:
            top = bottom + height + 0.08 * axes.get_ylim()[1]
            axes.text(start + 43_200, top, "\u25bc", color=palette.extra, ha="center", va="center", fontsize=6)


def _usual_band(axes: "Axes", palette: Palette, usual: Sequence[tuple[float, int]], width: float) -> None:
    """What the same hours of other days had at most: a grey ground with a line on top, also where that is nothing."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    bars(axes, [(start, 0, most) for start, most in usual], width, palette.line, is_gapless=True)
    line = [(at, most) for start, most in usual for at in (start, start + width)]
    axes.add_artist(PathPatch(Path(line), facecolor="none", edgecolor=palette.muted, linewidth=0.9, clip_on=False))


def _mark_alarm(axes: "Axes", palette: Palette, at: float) -> None:
    """The moment from which the log alone was enough: what came after it need not have been sent."""
    start, end = axes.get_xlim()
    if not start <= at <= end:
        return
    top = 1 + 0.2 / inches_of(axes)[1]
    axes.plot([at, at], [0, top], transform=axes.get_xaxis_transform(), color=palette.ink, linewidth=0.9, clip_on=False)
    is_left = at > start + 0.6 * (end - start)
    axes.annotate(
        f"alarm {phrases.clock(datetime.fromtimestamp(at, UTC))}",
        (at, top),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-4 if is_left else 4, 0),
        textcoords="offset points",
        color=palette.ink,
        ha="right" if is_left else "left",
        va="top",
    )


def _shade_unknown(panels: Sequence["Axes"], palette: Palette, log_end: float) -> None:
    """Past the end of the log there is no silence, there is nothing known; an empty stretch must not look calm."""
    start, end = panels[0].get_xlim()
    if not start <= log_end < end:
        return
    for axes in panels:
        axes.axvspan(log_end, end, color=palette.line, alpha=0.6, linewidth=0, zorder=-1, clip_on=False)
    top = 1 + 0.05 / inches_of(panels[0])[1]
    where = panels[0].get_xaxis_transform()
    panels[0].text(end, top, "not known: log ends", transform=where, color=palette.muted, ha="right")
