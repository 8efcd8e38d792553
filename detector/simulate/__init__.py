"""An enrollment system's mail with named bursts and look-alikes, for samples, tests, benchmarks and drills.

The same scenario and seed give the same bytes on every machine. Everybody in it is invented and every domain is
reserved for examples. Nothing here reads a clock, and nothing here sends mail.

    names and numbers   invented, academy          who there is
    what is sent        messages, habits, bursts   ordinary mail, and the faults on top of it
                        faults, clockwork, crowds  a fault for every cause, drawn at random
                        lookalikes                 what looks like a fault and is none
    which story         scenarios, suites, traffic a month, in order; suites are drawn from the seed
    how it is logged    postfix, exim, ses, sendgrid, m365, table
                                                   one file per format; files, stamps, relays, bystanders help
    what is true        truth, roster              counted from labels that no log has; who enrolled in what
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from detector.errors import ConfigError
from detector.simulate.exim import EximLog
from detector.simulate.files import LogFiles, Render, rotated_names, weekly_names, write_log
from detector.simulate.m365 import MessageTrace, trace_header
from detector.simulate.messages import at_ms
from detector.simulate.postfix import PostfixLog, PostfixStyle
from detector.simulate.roster import ROSTER, write_roster
from detector.simulate.scenarios import SCENARIOS, Scenario
from detector.simulate.sendgrid import SendgridEvents
from detector.simulate.ses import SesEvents
from detector.simulate.suites import DRAWN, SUITES
from detector.simulate.table import csv_header, csv_lines, json_lines
from detector.simulate.traffic import mail_of
from detector.simulate.truth import Truth

__all__ = ["DRAWN", "FORMATS", "SCENARIOS", "SUITES", "PostfixStyle", "simulate", "simulate_roster", "simulate_suite"]

Thing = TypeVar("Thing")
Log = tuple[Render, LogFiles]


def _postfix(folder: Path, scenario: Scenario, seed: int, style: PostfixStyle) -> Log:
    return PostfixLog(seed, style).render, LogFiles(folder, _rotated(scenario))


def _exim(folder: Path, scenario: Scenario, seed: int, _: PostfixStyle) -> Log:
    return EximLog(seed).render, LogFiles(folder, _rotated(scenario))


def _rotated(scenario: Scenario) -> list[tuple[int, str]]:
    return rotated_names(at_ms(scenario.starts_at), scenario.rotated_at, at_ms(scenario.ends_at))


def _weekly(extension: str, scenario: Scenario) -> list[tuple[int, str]]:
    return weekly_names(extension, at_ms(scenario.starts_at), at_ms(scenario.ends_at))


def _ses(folder: Path, scenario: Scenario, seed: int, _: PostfixStyle) -> Log:
    return SesEvents(seed).render, LogFiles(folder, _weekly("ndjson", scenario))


def _sendgrid(folder: Path, scenario: Scenario, seed: int, _: PostfixStyle) -> Log:
    return SendgridEvents(seed).render, LogFiles(folder, _weekly("ndjson", scenario))


def _m365(folder: Path, scenario: Scenario, seed: int, _: PostfixStyle) -> Log:
    return MessageTrace(seed).render, LogFiles(folder, _weekly("csv", scenario), header=trace_header())


def _plain(folder: Path, scenario: Scenario, _: int, __: PostfixStyle) -> Log:
    return csv_lines, LogFiles(folder, _weekly("csv", scenario), header=csv_header())


def _jsonl(folder: Path, scenario: Scenario, _: int, __: PostfixStyle) -> Log:
    return json_lines, LogFiles(folder, _weekly("jsonl", scenario))


FORMATS: dict[str, Callable[[Path, Scenario, int, PostfixStyle], Log]] = {
    "postfix": _postfix,
    "ses": _ses,
    "plain": _plain,
    "jsonl": _jsonl,
    "exim": _exim,
    "sendgrid": _sendgrid,
    "m365": _m365,
}
"""How a month can be logged. Several, with commas between, are written each into a folder of its own."""
ALL = "postfix,ses,plain"
"""What `simulate` means by the format "all"."""


def simulate(scenario: str, *, format: str, seed: int, out: Path, style: PostfixStyle | None = None) -> Path:
    """Write the logs of a scenario and `truth.json` into `out`; returns the path of `truth.json`.

    Raises ConfigError for an unknown name, and for a folder that holds anything but an earlier simulation of the same
    scenario: no real log is ever overwritten.
    """
    story = _story(scenario, seed)
    names = (ALL if format == "all" else format).split(",")
    folders = {name: out / name if len(names) > 1 else out for name in names}
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


def simulate_roster(scenario: str, *, seed: int, out: Path) -> Path:
    """Write the roster behind the welcomes of a scenario into `out`; returns its path."""
    write_roster(mail_of(_story(scenario, seed), seed), out / ROSTER, seed)
    return out / ROSTER


def simulate_suite(suite: str, *, format: str, seeds: Iterable[int], out: Path) -> Iterator[tuple[str, int, Path]]:
    """Write every scenario of a suite for every seed; yields (scenario, seed, path of truth.json).

    Each goes into `out/seed-<n>/<scenario>`. Any scenario is a suite of itself; where there is only one, its logs lie
    in `out/seed-<n>`.
    """
    scenarios = SUITES.get(suite, (suite,))
    for seed in seeds:
        for scenario in scenarios:
            folder = out / f"seed-{seed:02}"
            here = folder / scenario if len(scenarios) > 1 else folder
            yield scenario, seed, simulate(scenario, format=format, seed=seed, out=here)


def _story(scenario: str, seed: int) -> Scenario:
    return SCENARIOS[scenario] if scenario in SCENARIOS else _known(scenario, DRAWN, "scenario")(seed)


def _scenario_of(truth_path: Path) -> object:
    """Name of the scenario a folder was made from; None if it was not made here."""
    try:
        return json.loads(truth_path.read_text(encoding="utf-8"))["scenario"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _known(name: str, things: Mapping[str, Thing], kind: str) -> Thing:
    if name not in things:
        raise ConfigError(f"no {kind} is called {name!r}; there are: {', '.join(_all_names(things))}.")
    return things[name]


def _all_names(things: Mapping[str, Thing]) -> list[str]:
    return [*SCENARIOS, *things] if things is DRAWN else list(things)
