"""The scoreboard as a picture: share of incidents found over false alarms, a point per method, a panel per format."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.errors import ConfigError
from detector.evaluation import DETECTOR, Judged
from detector.evaluation.scoreboard import scores_by_format
from detector.evaluation.scoring import Score

OURS, THEIRS = "#a3341f", "#5a6672"
_SUFFIXES = (".png", ".svg", ".pdf")


def check_name(path: Path) -> None:
    """Raises ConfigError, before hours of work, if no picture can be written under this name."""
    if path.suffix.lower() not in _SUFFIXES or not path.parent.is_dir():
        raise ConfigError(f"{path}: must end in {', '.join(_SUFFIXES)} and lie in a folder that exists.")


def draw(judged: Sequence[Judged], path: Path) -> None:
    """Write the picture; the file's name says in which format. The same figures give the same bytes."""
    formats = scores_by_format(judged)
    with mpl.rc_context({"svg.hashsalt": "detector", "font.size": 9}):
        figure = Figure(figsize=(7.2, 3.9 * len(formats)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(formats), 1, squeeze=False)[:, 0]
        for panel, (name, scores) in zip(panels, formats.items(), strict=True):
            _panel(panel, name, scores)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
        figure.savefig(path, dpi=160, metadata=metadata)


def _panel(axes: Axes, name: str, scores: dict[str, Score]) -> None:
    taken: list[tuple[float, float]] = []
    for method, score in scores.items():
        x, y = score.figures["false_per_30_days"] or 0.0, 100 * (score.figures["found"] or 0.0)
        color, size = (OURS, 60) if method == DETECTOR else (THEIRS, 30)
        axes.scatter([x], [y], color=color, s=size, zorder=3, clip_on=False)
        weight = "bold" if method == DETECTOR else "normal"
        crowd = sum(abs(y - other) < 5 and abs(_place(x) - _place(where)) < 0.8 for where, other in taken)
        axes.annotate(
            method, (x, y), xytext=(7, -3 - 11 * crowd), textcoords="offset points", color=color, weight=weight
        )
        taken.append((x, y))
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xlim(0, max(30.0, 6 * max((x for x, _ in taken), default=0.0)))
    axes.set_ylim(0, 105)
    axes.set_xlabel("false incidents per 30 days (fewer is better)")
    axes.set_ylabel("incidents found, %")
    axes.set_title(f"{name}: {next(iter(scores.values())).faults} incidents planted", loc="left")
    axes.grid(visible=True, color="#d8dde2", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _place(value: float) -> float:
    """Where a symlog axis puts a value, in decades."""
    return value if value < 1 else 1 + len(str(int(value)))
