"""The scoreboard as text and as JSON: one table per log format, a row per method, the columns of `Score.figures`."""

import json
from collections.abc import Sequence
from typing import Any

from detector.evaluation import DETECTOR, Judged
from detector.evaluation.scoring import Score, total

COLUMNS = {
    "found": "found",
    "false_per_30_days": "false/30 d",
    "precision": "precision",
    "people_precision": "people right",
    "people_recall": "people named",
    "excess_error": "excess error",
    "cause_top1": "cause 1st",
    "cause_top2": "cause 1st+2nd",
    "pieces": "pieces",
    "copies_before_alarm": "copies before alarm",
}
LEGEND = """\
found                incidents found, of all that were planted
false/30 d           alarms above severity `info` that are none, per 30 days of log
precision            share of the alarms that are right
people right, named  of the people named, how many were hit; of the people hit, how many are named
excess error         mean error of an incident's number of extra copies
cause 1st, 1st+2nd   the true cause comes first, comes first or second
pieces               alarms per incident found; 1 is right
copies before alarm  extra copies that the median person had by then, in the median incident"""
_COUNTS = {"pieces": ".2f", "false_per_30_days": ".1f", "copies_before_alarm": ".1f"}


def scores_by_format(judged: Sequence[Judged]) -> dict[str, dict[str, Score]]:
    """Format -> method -> score over all logs of the format, in the order met."""
    formats = dict.fromkeys(one.format for one in judged)
    methods = dict.fromkeys(one.method for one in judged)
    return {
        name: {
            method: total(one.score for one in judged if (one.format, one.method) == (name, method))
            for method in methods
        }
        for name in formats
    }


def in_words(judged: Sequence[Judged]) -> str:
    """Tables, what the columns mean, and what the detector missed or took for a fault."""
    parts = [_table(name, scores) for name, scores in scores_by_format(judged).items()]
    ours = total(one.score for one in judged if one.method == DETECTOR)
    parts.append(LEGEND)
    for title, names in (("Missed by the detector", ours.missed), ("False alarms of the detector", ours.false)):
        if names:
            parts.append("\n".join([f"{title}:", *(f"  {name}" for name in names)]))
    return "\n\n".join(parts)


def in_json(judged: Sequence[Judged]) -> str:
    """The same for machines: totals per format, and every log with what was missed and what was false."""
    content = {
        "schema_version": 1,
        "formats": {
            name: {method: _figures(score) for method, score in scores.items()}
            for name, scores in scores_by_format(judged).items()
        },
        "logs": [
            {"log": one.log, "format": one.format, "method": one.method}
            | _figures(one.score)
            | {"missed": list(one.score.missed), "false": list(one.score.false)}
            for one in judged
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False)


def _figures(score: Score) -> dict[str, Any]:
    counts = ("days", "faults", "found", "right_findings", "false_findings")
    people = ("people_right", "people_wrong", "people_missed")
    return {name: getattr(score, name) for name in (*counts, *people)} | {"figures": score.figures}


def _table(name: str, scores: dict[str, Score]) -> str:
    first = next(iter(scores.values()))
    title = f"{name}: {first.faults} incidents in {first.days:,.0f} days"
    rows = [["method", *COLUMNS.values()], *([method, *_cells(score)] for method, score in scores.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([title, "", *lines])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The method to the left, the figures to the right."""
    figures = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join([cells[0].ljust(widths[0]), *figures])


def _cells(score: Score) -> list[str]:
    figures = score.figures | {"found": None}
    texts = {name: _cell(name, figures[name]) for name in COLUMNS}
    return list((texts | {"found": f"{score.found}/{score.faults}"}).values())


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return format(value, _COUNTS[name]) if name in _COUNTS else f"{100 * value:.1f} %"
