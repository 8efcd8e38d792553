"""How well it works: the detector and the usual methods on logs whose truth is known, in one scoreboard.

which logs          labelled            a truth.json and the logs beside it
who competes        contenders          the whole nightly run, and `baselines/`, one file each
how it is judged    scoring             pure: what was found against what was true
what is said        scoreboard, chart   a table, JSON, a picture
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from detector.config import Config
from detector.evaluation.contenders import DETECTOR, Contest, Options, contest
from detector.evaluation.labelled import labelled_logs
from detector.evaluation.scoring import Score, match

__all__ = ["DETECTOR", "Judged", "Options", "evaluate"]


ALL = Options()


@dataclass(frozen=True)
class Judged:
    """One method's score on one log."""

    log: str
    format: str
    method: str
    score: Score


def evaluate(
    folders: Iterable[Path], config: Config, options: Options = ALL, *, talk: Callable[[str], None]
) -> list[Judged]:
    """Run everybody on every labelled log in and below the folders; the state of each run is thrown away.

    The detector runs with this config, as on a first night at the log's end. Raises ConfigError for a folder without
    a truth.
    """
    judged: list[Judged] = []
    for log in (log for folder in folders for log in labelled_logs(folder)):
        found: Contest = contest(log, config, options)
        for method, findings in found.findings.items():
            score = match(log.affairs, findings, days=log.days, log=f"{log.name}: ")
            judged.append(Judged(log.name, found.format, method, score))
            if method == DETECTOR:
                talk(f"{log.name} ({found.format}): {score.found} of {score.faults} found, {len(score.false)} false")
    return judged
