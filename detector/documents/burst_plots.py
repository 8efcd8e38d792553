"""Three pictures of one incident: copies per person, who was hit when, and after which lags the mail came again."""

from math import log10
from typing import TYPE_CHECKING

from detector.documents import phrases
from detector.documents.drawing import Bar, Palette, bars, count_axis, inches_of, panel, time_axis, title
from detector.records import Heat, LagProfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAGS = (
    "within 2 s", "2 to 10 s", "10 s to 1 min", "1 to 10 min", "10 min to 1 h", "1 to 6 h", "6 to 20 h", "20 to 28 h",
    "28 h to 3 days", "3 to 8 days", "8 to 60 days",
)  # fmt: skip
"""The bins of the table `lag_bins`."""

MOST_BARS = 80
_HEAT = (0.80, 0.37, 0.20)
"""An orange that stands out on white and on black; how strongly it covers the ground says how many."""
_FAINTEST = 0.25
_LEAST_PER_1000 = 0.1
_DECADES = (0.1, 1, 10, 100, 1000)


def copies_bins(counts: tuple[int, ...]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Width of a bin in copies, and (first value of the bin, people) of each that anybody is in."""
    width = next(w * 10**e for e in range(20) for w in (1, 2, 5) if max(counts) / (w * 10**e) < MOST_BARS)
    found: dict[int, int] = {}
    for count in counts:
        found[count - count % width] = found.get(count - count % width, 0) + 1
    return width, tuple(sorted(found.items()))


def copies_plot(figure: "Figure", palette: Palette, counts: tuple[int, ...]) -> None:
    """How many people got how many copies."""
    width, people = copies_bins(counts)
    most = max(count for _, count in people)
    axes = panel(figure, palette, (0.25, 0.52), (0, people[-1][0] + 1.5 * width), most)
    bars(axes, [(start - 0.5 * (width == 1), 0, count) for start, count in people], width, palette.extra)
    count_axis(axes, palette, most, 3)
    title(axes, "People", palette.extra, 0.2)
    step = next(w * 10**e for e in range(20) for w in (1, 2, 5) if max(counts) / (w * 10**e) <= 8)
    ticks = list(range(0, max(counts) + width, step))
    axes.set_xticks(ticks, [phrases.number(tick) for tick in ticks])
    below = -0.37 / inches_of(axes)[1]
    axes.text(1, below, "copies of the mail", transform=axes.transAxes, ha="right", va="bottom", color=palette.muted)


def heat_plot(figure: "Figure", palette: Palette, heat: Heat) -> None:
    """One line a person, time from left to right: whole columns are rounds, whole lines are people hit all the time."""
    import numpy as np

    counts = np.array([copies for _, copies in heat.rows], dtype=float)
    pixels = np.empty((*counts.shape, 4))
    pixels[..., :3] = _HEAT
    pixels[..., 3] = np.where(counts > 0, _FAINTEST + (1 - _FAINTEST) * counts / max(counts.max(), 1), 0)
    start = heat.starts_at[0].timestamp()
    end = heat.starts_at[-1].timestamp() + heat.bucket_seconds
    height = figure.get_figheight()
    axes = panel(figure, palette, (0.5 / height, 1 - 0.85 / height), (start, end), 100)
    axes.imshow(pixels, interpolation="none", aspect="auto", extent=(start, end, 0, len(counts)))
    axes.set_xlim(start, end)
    axes.set_yticks([])
    who = phrases.counted(len(counts), "person", "people, hit first on top")
    groups = f"{len(counts)} groups of {heat.people_per_row} people, hit first on top"
    title(axes, who if heat.people_per_row == 1 else groups, palette.extra, 0.11)
    time_axis(axes, palette, start, end)


def lags_plot(figure: "Figure", palette: Palette, profile: LagProfile) -> None:
    """Of 1,000 mails, how many were sent again after each lag; each line ten times the one to its left."""
    left = 1.3 / figure.get_figwidth()
    axes = figure.add_axes((left, 0.11, 1 - left - 0.22 / figure.get_figwidth(), 0.75))
    axes.patch.set_visible(False)
    for side in ("top", "left", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(bottom=False, left=False, labelcolor=palette.muted, pad=3)
    axes.set_xlim(log10(_LEAST_PER_1000) - 0.05, log10(_DECADES[-1]) + 0.05)
    axes.set_ylim(len(LAGS), 0)
    axes.set_yticks([place + 0.5 for place in range(len(LAGS))], LAGS)
    axes.set_xticks([log10(mark) for mark in _DECADES], [phrases.number(mark) for mark in _DECADES])
    for mark in _DECADES:
        axes.plot([log10(mark)] * 2, [0, len(LAGS)], color=palette.line, linewidth=0.6, zorder=0)
    burst, usual = per_1000(profile)
    _marks(axes, usual, palette.first, (0.05, 0.9))
    _marks(axes, burst, palette.extra, (0.11, 0.5))
    title(axes, "\u25a0 in this incident", palette.extra, 0.11)
    title(axes, "\u2503 usually", palette.first, 0.11, is_right=True)


def per_1000(profile: LagProfile) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of 1,000 mails of the incident, and of 1,000 others, how many repeated the one before after each lag."""
    burst = tuple(round(1000 * count / max(profile.sends, 1), 2) for count in profile.repeats)
    usual = tuple(round(1000 * count / max(profile.usual_sends, 1), 2) for count in profile.usual_repeats)
    return burst, usual


def _marks(axes: "Axes", values: tuple[float, ...], colour: str, inches: tuple[float, float]) -> None:
    """A mark at each value that is more than nothing; `inches` is its width, and its height as a share of the line."""
    low, high = axes.get_xlim()
    width = inches[0] / inches_of(axes)[0] * (high - low)
    places: list[Bar] = [
        (log10(max(value, _LEAST_PER_1000)) - width / 2, place + (1 - inches[1]) / 2, inches[1])
        for place, value in enumerate(values)
        if value > 0
    ]
    bars(axes, places, width, colour, is_gapless=True)
