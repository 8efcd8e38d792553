"""Logs whose truth is known: a folder with a truth.json, and logs beside it or in folders of its own.

Two folders of logs below one truth.json are two logs of the same mail, each judged by itself. A roster.csv beside the
truth is no log: it is what `[roster]` is in the config. A truth.json says

    period    {"from", "until"}: what the log covers; the detector looks at it as of "until"
    bursts    [{"name", "cause", "is_fault", "started_at", "ended_at", "affected": [{"recipient", "excess"}]}]

as `detector simulate` writes it; further keys do not matter, so truth of another origin can be brought into this form.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from detector.errors import ConfigError
from detector.evaluation.scoring import Affair

TRUTH, ROSTER = "truth.json", "roster.csv"
_NO_LOGS = (TRUTH, ROSTER, "README.md")


@dataclass(frozen=True)
class LabelledLog:
    """Files to be read together, and what is true of them."""

    name: str
    """For people: the folder as found."""
    files: tuple[Path, ...]
    affairs: tuple[Affair, ...]
    begins_at: datetime
    ends_at: datetime
    roster: Path | None = None
    """Who enrolled in what, if that is known."""

    @property
    def days(self) -> float:
        """How long the log is."""
        return (self.ends_at - self.begins_at).total_seconds() / 86_400


def labelled_logs(folder: Path) -> Iterator[LabelledLog]:
    """All labelled logs in and below a folder, by name. Raises ConfigError if there are none."""
    truths = sorted(folder.rglob(TRUTH))
    if not truths and (folder.parent / TRUTH).is_file() and folder.is_dir():
        yield _labelled(folder, folder.parent / TRUTH)
        return
    if not truths:
        raise ConfigError(f"{folder}: holds no {TRUTH}, in no folder. `detector simulate` writes logs with one.")
    for truth in truths:
        folders = [truth.parent, *(path for path in sorted(truth.parent.iterdir()) if path.is_dir())]
        logs = [path for path in folders if _files(path) and (path == truth.parent or not (path / TRUTH).exists())]
        if not logs:
            raise ConfigError(f"{truth}: there are no logs beside it, nor in folders below.")
        yield from (_labelled(path, truth) for path in logs)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in sorted(folder.iterdir()) if path.is_file() and path.name not in _NO_LOGS)


def _labelled(folder: Path, truth: Path) -> LabelledLog:
    try:
        facts = json.loads(truth.read_text(encoding="utf-8"))
        return LabelledLog(
            name=str(folder),
            files=_files(folder),
            affairs=tuple(_affair(burst) for burst in facts["bursts"]),
            begins_at=datetime.fromisoformat(facts["period"]["from"]),
            ends_at=datetime.fromisoformat(facts["period"]["until"]),
            roster=truth.with_name(ROSTER) if truth.with_name(ROSTER).exists() else None,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{truth}: is not the truth about a log ({type(error).__name__}: {error}).") from error


def _affair(burst: dict[str, Any]) -> Affair:
    return Affair(
        name=burst["name"],
        cause=burst["cause"],
        is_fault=burst["is_fault"],
        started_at=datetime.fromisoformat(burst["started_at"]),
        ended_at=datetime.fromisoformat(burst["ended_at"]),
        people={person["recipient"].lower(): person["excess"] for person in burst["affected"]},
    )
