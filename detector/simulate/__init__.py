"""An enrollment system's mail with named bursts and look-alikes, for samples, tests, benchmarks and drills.

The same scenario and seed give the same bytes on every machine. Everybody in it is invented and every domain is
reserved for examples. Nothing here reads a clock, and nothing here sends mail.

    names and numbers   invented, academy          who there is
    what is sent        messages, habits, bursts   ordinary mail, and the faults on top of it
    which story         scenarios, traffic         a month, in order
    how it is logged    postfix, ses, table        one file per format; files, stamps, relays, bystanders help
    what is true        truth                      counted from labels that no log has
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from detector.errors import ConfigError
from detector.simulate.files import LogFiles, Render, rotated_names, weekly_names, write_log
from detector.simulate.messages import at_ms
from detector.simulate.postfix import PostfixLog, PostfixStyle
from detector.simulate.scenarios import SCENARIOS, Scenario
from detector.simulate.ses import SesEvents
from detector.simulate.table import csv_header, csv_lines, json_lines
from detector.simulate.traffic import mail_of
from detector.simulate.truth import Truth

__all__ = ["FORMATS", "SCENARIOS", "PostfixStyle", "simulate"]

Thing = TypeVar("Thing")
Log = tuple[Render, LogFiles]


def _postfix(folder: Path, scenario: Scenario, seed: int, style: PostfixStyle) -> Log:
    names = rotated_names(at_ms(scenario.starts_at), scenario.rotated_at, at_ms(scenario.ends_at))
    return PostfixLog(seed, style).render, LogFiles(folder, names)


def _weekly(extension: str, scenario: Scenario) -> list[tuple[int, str]]:
    return weekly_names(extension, at_ms(scenario.starts_at), at_ms(scenario.ends_at))


def _ses(folder: Path, scenario: Scenario, seed: int, _: PostfixStyle) -> Log:
    return SesEvents(seed).render, LogFiles(folder, _weekly("ndjson", scenario))


def _plain(folder: Path, scenario: Scenario, _: int, __: PostfixStyle) -> Log:
    return csv_lines, LogFiles(folder, _weekly("csv", scenario), header=csv_header())


def _jsonl(folder: Path, scenario: Scenario, _: int, __: PostfixStyle) -> Log:
    return json_lines, LogFiles(folder, _weekly("jsonl", scenario))


FORMATS: dict[str, Callable[[Path, Scenario, int, PostfixStyle], Log]] = {
    "postfix": _postfix,
    "ses": _ses,
    "plain": _plain,
    "jsonl": _jsonl,
}
"""How a month can be logged. `simulate` also knows "all": postfix, ses and plain, each in a folder of its own."""


def simulate(scenario: str, *, format: str, seed: int, out: Path, style: PostfixStyle | None = None) -> Path:
    """Write the logs of a scenario and `truth.json` into `out`; returns the path of `truth.json`.

    Raises ConfigError for an unknown name, and for a folder that holds anything but an earlier simulation of the same
    scenario: no real log is ever overwritten.
    """
    story = _known(scenario, SCENARIOS, "scenario")
    folders = {name: out / name for name in ("postfix", "ses", "plain")} if format == "all" else {format: out}
    logs = {name: _known(name, FORMATS, "format") for name in folders}
    truth_path = out / "truth.json"
    if out.exists() and any(out.iterdir()) and _scenario_of(truth_path) != scenario:
        raise ConfigError(f"{out}: is not empty and holds no earlier {scenario!r}. Give a new folder with --out.")
    report = {}
    for name, folder in folders.items():
        truth = Truth()
        render, files = logs[name](folder, story, seed, style or PostfixStyle())
        write_log(truth.watching(mail_of(story, seed)), render, files, ends_at_ms=at_ms(story.ends_at))
        report = truth.report(scenario, story, seed)
    truth_path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return truth_path


def _scenario_of(truth_path: Path) -> object:
    """Name of the scenario a folder was made from; None if it was not made here."""
    try:
        return json.loads(truth_path.read_text(encoding="utf-8"))["scenario"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _known(name: str, things: Mapping[str, Thing], kind: str) -> Thing:
    if name not in things:
        raise ConfigError(f"no {kind} is called {name!r}; there are: {', '.join(things)}.")
    return things[name]
