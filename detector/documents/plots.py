"""Two pictures: the copies of one incident over time, and the month's mail. As SVG for pages, as PNG for mails.

Nothing from a log is ever drawn: numbers, times and words of ours only. The same facts give the same bytes, because
settings are matplotlib's own (not the user's) and no date is inside. matplotlib is loaded with the first picture.
"""

import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from detector.documents import phrases, svg
from detector.records import Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAIL_INCHES = (7.4, 3.5)
WIDE_INCHES = (7.4, 3.1)
NARROW_INCHES = (3.7, 2.9)
_STEPS_SECONDS = (
    *(60 * m for m in (1, 2, 5, 10, 15, 30)),
    *(3_600 * h for h in (1, 2, 3, 6, 12)),
    *(86_400 * d for d in (1, 2, 7, 14, 28, 91, 365)),
)
_Bar = tuple[float, int, int]
"""Start, bottom, height."""


@dataclass(frozen=True)
class Palette:
    """The colours of one medium; orange and blue stay apart for colour-blind eyes, and never carry meaning alone."""

    ink: str
    muted: str
    line: str
    extra: str
    first: str
    calm: str


PRINT = Palette(ink="#1d2328", muted="#5c656e", line="#d9d5cd", extra="#b5431b", first="#2b6a9b", calm="#7d90a2")
"""For PNG, on white."""
PAGE = Palette(ink=svg.INK, muted=svg.MUTED, line=svg.LINE, extra=svg.EXTRA, first=svg.FIRST, calm=svg.CALM)
"""For SVG inside a page, whose style sheet decides, by light and dark."""


@lru_cache(maxsize=64)  # the report and the brief show the same picture
def timeline_svg(timeline: Timeline, *, alarm_at: datetime, log_end: datetime, alt: str, narrow: bool = False) -> str:
    """Extra copies over time above first copies, to be put into a page; "" if there is nothing to draw."""
    if not timeline.starts_at:
        return ""
    inches = NARROW_INCHES if narrow else WIDE_INCHES
    return svg.for_page(_draw(inches, PAGE, lambda f, p: _timeline(f, p, timeline, alarm_at, log_end)), alt)


def timeline_png(timeline: Timeline, *, alarm_at: datetime, log_end: datetime) -> bytes:
    """The same on white, for a mail; b"" if there is nothing to draw."""
    if not timeline.starts_at:
        return b""
    return _draw(MAIL_INCHES, PRINT, lambda f, p: _timeline(f, p, timeline, alarm_at, log_end), kind="png")


def month_svg(days: Sequence[tuple[datetime, int, int]], *, alt: str, narrow: bool = False) -> str:
    """Sends per day, the extra copies of incidents marked; "" if there is nothing to draw."""
    if not days:
        return ""
    inches = (NARROW_INCHES[0], 2.1) if narrow else (WIDE_INCHES[0], 2.1)
    return svg.for_page(_draw(inches, PAGE, lambda f, p: _month(f, p, days)), alt)


def _draw(
    inches: tuple[float, float], palette: Palette, draw: Callable[["Figure", Palette], None], kind: str = "svg"
) -> bytes:
    """A figure under settings of our own, whatever matplotlibrc the user has."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # talk about caches would make cron send mail
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc("svg", fonttype="none", hashsalt="detector")
        mpl.rc("font", family="DejaVu Sans", size=8.5)
        mpl.rc("axes", linewidth=0.6)
        mpl.rc("path", simplify=False)
        figure = Figure(figsize=inches, facecolor="white" if kind == "png" else "none")
        FigureCanvasAgg(figure)
        draw(figure, palette)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=150, metadata=metadata)
    return picture.getvalue()


def _timeline(figure: "Figure", palette: Palette, timeline: Timeline, alarm_at: datetime, log_end: datetime) -> None:
    """Two panels over one time axis, each with a scale of its own and its name written on it."""
    width = timeline.bucket_seconds
    starts = [start.timestamp() for start in timeline.starts_at]
    per = f"per {phrases.duration(width)}".replace("per 1 min", "per minute").replace("per 1 h", "per hour")
    per = per if per.endswith(("minute", "hour")) else per.replace("per 1 d", "per day")
    most = max(*timeline.extra_copies, *timeline.first_copies)
    panels = (
        (0.42, 0.38, f"Extra copies {per}", timeline.extra_copies, palette.extra, 3),
        (0.16, 0.14, f"First copies {per}", timeline.first_copies, palette.first, 1),
    )
    for bottom, height, title, counts, colour, ticks in panels:
        axes = _panel(figure, palette, (bottom, height), (starts[0], starts[-1] + width), most)
        _bars(axes, [(start, 0, height) for start, height in zip(starts, counts, strict=True)], width, colour)
        _count_axis(axes, palette, max(counts), ticks)
        _title(axes, title, colour, 0.33 if ticks == 3 else 0.11)
    extra, first = figure.axes
    _time_axis(first, palette, starts[0], starts[-1] + width)
    extra.set_xticks([])
    _mark_alarm(extra, palette, alarm_at.timestamp())
    _shade_unknown(figure.axes, palette, log_end.timestamp())


def _month(figure: "Figure", palette: Palette, days: Sequence[tuple[datetime, int, int]]) -> None:
    """One bar a day; where extra copies are among them, that part is marked and a triangle points to it."""
    below = [(day.timestamp(), 0, sends - extra) for day, sends, extra in days]
    above = [(day.timestamp(), sends - extra, extra) for day, sends, extra in days]
    ends = (below[0][0], below[-1][0] + 86_400)
    most = max(sends for _, sends, _ in days)
    axes = _panel(figure, palette, (0.17, 0.64), ends, most)
    _bars(axes, below, 86_400, palette.calm)
    _bars(axes, above, 86_400, palette.extra)
    _count_axis(axes, palette, most, 3)
    _title(axes, "Mails per day (UTC)", palette.muted, 0.2)
    _time_axis(axes, palette, *ends, is_daily=True)
    if any(height for _, _, height in above):
        _title(axes, "\u25bc with extra copies", palette.extra, 0.2, is_right=True)
    for start, bottom, height in above:
        if height:
            top = bottom + height + 0.08 * axes.get_ylim()[1]
            axes.text(start + 43_200, top, "\u25bc", color=palette.extra, ha="center", va="center", fontsize=6)


def _panel(
    figure: "Figure", palette: Palette, rows: tuple[float, float], times: tuple[float, float], most: int
) -> "Axes":
    """Bare axes as wide as the figure, with as much room on the left as the largest number needs."""
    left = (0.14 + 0.075 * len(phrases.number(1.2 * most // 1))) / figure.get_figwidth()
    axes = figure.add_axes((left, rows[0], 1 - left - 0.06 / figure.get_figwidth(), rows[1]))
    axes.patch.set_visible(False)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.muted)
    axes.tick_params(bottom=False, left=False, labelcolor=palette.muted, pad=3)
    axes.set_xlim(*times)
    return axes


def _bars(axes: "Axes", bars: Sequence[_Bar], width: float, colour: str) -> None:
    """Bars as one path, so that a picture of 300 buckets stays small; empty buckets leave nothing."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    gap = 0.08 * width if len(bars) <= 80 else 0.0
    corners: list[tuple[float, float]] = []
    for start, bottom, height in bars:
        left, right, top = start + gap, start + width - gap, bottom + height
        corners += [(left, bottom), (left, top), (right, top), (right, bottom), (left, bottom)] if height else []
    if corners:
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=colour, edgecolor="none", clip_on=False))


def _title(axes: "Axes", text: str, colour: str, inches_above: float = 0.11, is_right: bool = False) -> None:
    """The name of a panel, in its colour, where a reader starts."""
    y = 1 + inches_above / _inches(axes)[1]
    ha = "right" if is_right else "left"
    axes.text(int(is_right), y, text, transform=axes.transAxes, color=colour, ha=ha, fontweight="bold")


def _count_axis(axes: "Axes", palette: Palette, most: int, ticks: int) -> None:
    """Whole numbers from zero up, with thin lines to read them by."""
    step = next(s * 10**e for e in count() for s in (1, 2, 3, 4, 5, 6, 8) if s * 10**e * ticks >= most)
    marks = [n * step for n in range(max(1, -(-most // step)) + 1)]
    axes.set_ylim(0, max(marks[-1], 1))
    axes.set_yticks(marks, [phrases.number(mark) for mark in marks])
    for mark in marks[1:]:
        axes.plot(axes.get_xlim(), [mark, mark], color=palette.line, linewidth=0.6, zorder=0, clip_on=False)


def _time_axis(axes: "Axes", palette: Palette, start: float, end: float, is_daily: bool = False) -> None:
    """Round UTC times; the date stands under the first one and wherever it changes."""
    width, height = _inches(axes)
    step = next((s for s in _STEPS_SECONDS if (end - start) / s <= width / 0.75), _STEPS_SECONDS[-1])
    first = -(-int(start) // step) * step
    labels: list[str] = []
    ticks = list(range(first, int(end) + 1, step)) or [int(start)]
    days = [datetime.fromtimestamp(tick, UTC) for tick in ticks]
    for index, moment in enumerate(days):
        is_new_day = index == 0 or moment.date() != days[index - 1].date()
        date = phrases.short_day(moment) if is_new_day else ""
        labels.append(date if step >= 86_400 else f"{phrases.clock(moment)}\n{date}".rstrip())
    if is_daily:
        axes.set_xticks([tick + 43_200 for tick in ticks if tick < end], labels[: sum(tick < end for tick in ticks)])
        return
    axes.set_xticks(ticks, labels)
    for label, tick in zip(axes.get_xticklabels(), ticks, strict=True):
        share = (tick - start) / (end - start)
        label.set_horizontalalignment("left" if share < 0.03 else "right" if share > 0.97 else "center")
    axes.text(1, -0.37 / height, "UTC", transform=axes.transAxes, ha="right", va="bottom", color=palette.muted)


def _inches(axes: "Axes") -> tuple[float, float]:
    """Width and height of a panel on paper, for distances that must not depend on its scale."""
    figure = axes.get_figure(root=True)
    box = axes.get_position()
    width, height = figure.get_size_inches() if figure else (1.0, 1.0)
    return box.width * width, box.height * height


def _mark_alarm(axes: "Axes", palette: Palette, at: float) -> None:
    """The moment from which the log alone was enough: what came after it need not have been sent."""
    start, end = axes.get_xlim()
    if not start <= at <= end:
        return
    top = 1 + 0.2 / _inches(axes)[1]
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
    top = 1 + 0.05 / _inches(panels[0])[1]
    where = panels[0].get_xaxis_transform()
    panels[0].text(end, top, "not known: log ends", transform=where, color=palette.muted, ha="right")
