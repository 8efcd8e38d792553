"""What all pictures are drawn with: one style, bare axes, bars as one path. As SVG for pages, as PNG for mails, as
figures for notebooks.

Nothing from a log is ever drawn: numbers, times and words of ours only. The same facts give the same bytes, because
settings are matplotlib's own (not the user's) and no date is inside. matplotlib is loaded with the first picture.
"""

import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from detector.documents import phrases, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STEPS_SECONDS = (
    *(60 * m for m in (1, 2, 5, 10, 15, 30)),
    *(3_600 * h for h in (1, 2, 3, 6, 12)),
    *(86_400 * d for d in (1, 2, 7, 14, 28, 91, 365)),
)
_DAY_SECONDS = 86_400
Bar = tuple[float, float, float]
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


Drawing = Callable[..., None]
"""Draws facts on a figure with a palette: `draw(figure, palette, *facts)`."""

PRINT = Palette(ink="#1d2328", muted="#5c656e", line="#d9d5cd", extra="#b5431b", first="#2b6a9b", calm="#7d90a2")
"""For PNG, on white."""
PAGE = Palette(ink=svg.INK, muted=svg.MUTED, line=svg.LINE, extra=svg.EXTRA, first=svg.FIRST, calm=svg.CALM)
"""For SVG inside a page, whose style sheet decides, by light and dark."""


def figure_of(inches: tuple[float, float], draw: Drawing, *facts: Any) -> "Figure":
    """A figure on white, for a notebook: what `draw` makes of the facts, under settings of our own."""
    with _own_settings():
        return _figure(inches, PRINT, "white", draw, facts)


def bytes_of(inches: tuple[float, float], draw: Drawing, *facts: Any, kind: str = "svg") -> bytes:
    """The picture as SVG for a page, in colours that `svg` replaces, or as PNG on white."""
    is_page = kind == "svg"
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None} if is_page else {"Software": None}
    with _own_settings():
        figure = _figure(inches, PAGE if is_page else PRINT, "none" if is_page else "white", draw, facts)
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=150, metadata=metadata)
    return picture.getvalue()


def _figure(
    inches: tuple[float, float], palette: Palette, ground: str, draw: Drawing, facts: tuple[Any, ...]
) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, facecolor=ground)
    FigureCanvasAgg(figure)
    draw(figure, palette, *facts)
    return figure


@contextmanager
def _own_settings() -> Iterator[None]:
    """The settings of every picture, whatever matplotlibrc the user has."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # talk about caches would make cron send mail
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc("svg", fonttype="none", hashsalt="detector")
        mpl.rc("font", family="DejaVu Sans", size=8.5)
        mpl.rc("axes", linewidth=0.6)
        mpl.rc("path", simplify=False)
        yield


def panel(
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


def bars(axes: "Axes", bars: Sequence[Bar], width: float, colour: str, *, is_gapless: bool = False) -> None:
    """Bars as one path, so that a picture of 300 buckets stays small; empty buckets leave nothing. As an artist, for
    `add_patch` would walk every curve of it to find limits that we set ourselves."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    gap = 0.08 * width if len(bars) <= 80 and not is_gapless else 0.0
    corners: list[tuple[float, float]] = []
    for start, bottom, height in bars:
        left, right, top = start + gap, start + width - gap, bottom + height
        corners += [(left, bottom), (left, top), (right, top), (right, bottom), (left, bottom)] if height else []
    if corners:
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
        axes.add_artist(PathPatch(Path(corners, codes), facecolor=colour, edgecolor="none", clip_on=False))


def title(axes: "Axes", text: str, colour: str, inches_above: float = 0.11, is_right: bool = False) -> None:
    """The name of a panel, in its colour, where a reader starts."""
    y = 1 + inches_above / inches_of(axes)[1]
    ha = "right" if is_right else "left"
    axes.text(int(is_right), y, text, transform=axes.transAxes, color=colour, ha=ha, fontweight="bold")


def count_axis(axes: "Axes", palette: Palette, most: int, ticks: int) -> None:
    """Whole numbers from zero up, with thin lines to read them by."""
    step = next(s * 10**e for e in count() for s in (1, 2, 3, 4, 5, 6, 8) if s * 10**e * ticks >= most)
    marks = [n * step for n in range(max(1, -(-most // step)) + 1)]
    axes.set_ylim(0, max(marks[-1], 1))
    axes.set_yticks(marks, [phrases.number(mark) for mark in marks])
    for mark in marks[1:]:
        axes.plot(axes.get_xlim(), [mark, mark], color=palette.line, linewidth=0.6, zorder=0, clip_on=False)


def time_axis(axes: "Axes", palette: Palette, start: float, end: float) -> None:
    """Round UTC times; the date stands under the first one and wherever it changes."""
    width, height = inches_of(axes)
    step = next((s for s in _STEPS_SECONDS if (end - start) / s <= width / 0.75), _STEPS_SECONDS[-1])
    first = -(-int(start) // step) * step
    labels: list[str] = []
    ticks = list(range(first, int(end) + 1, step)) or [int(start)]
    days = [datetime.fromtimestamp(tick, UTC) for tick in ticks]
    for index, moment in enumerate(days):
        is_new_day = index == 0 or moment.date() != days[index - 1].date()
        date = phrases.short_day(moment) if is_new_day else ""
        labels.append(date if step >= 86_400 else f"{phrases.clock(moment)}\n{date}".rstrip())
    axes.set_xticks(ticks, labels)
    for label, tick in zip(axes.get_xticklabels(), ticks, strict=True):
        share = (tick - start) / (end - start)
        label.set_horizontalalignment("left" if share < 0.03 else "right" if share > 0.97 else "center")
    axes.text(1, -0.37 / height, "UTC", transform=axes.transAxes, ha="right", va="bottom", color=palette.muted)


def day_axis(axes: "Axes", start: float, end: float) -> None:
    """Dates under the middle of their days, as many as there is room for."""
    begins, until = axes.get_xlim()
    most = inches_of(axes)[0] / 0.75
    step = next((s for s in _STEPS_SECONDS if s >= _DAY_SECONDS and (until - begins) / s <= most), _STEPS_SECONDS[-1])
    ticks = range(int(start), int(end), step)
    labels = [phrases.short_day(datetime.fromtimestamp(tick, UTC)) for tick in ticks]
    axes.set_xticks([tick + _DAY_SECONDS / 2 for tick in ticks], labels)


def inches_of(axes: "Axes") -> tuple[float, float]:
    """Width and height of a panel on paper, for distances that must not depend on its scale."""
    figure = axes.get_figure(root=True)
    box = axes.get_position()
    width, height = figure.get_size_inches() if figure else (1.0, 1.0)
    return box.width * width, box.height * height
