"""The night by the minute: looks at the logs every few seconds, and when they have moved, runs the same one page.

So the alarm comes a minute or two after the evidence. A look at logs that have not moved costs a few calls to the file
system; no database is opened. State and lock are the night's, and the lock is free between two runs: both may take
turns, and whichever comes second finds everything told.

What goes wrong with a file, a channel or the config is said once, and the watch goes on, with the last good config.
What keeps a run from being trusted at all (state directory, database, a damaged journal) ends it with the exit code
that the night would have: whoever started it must know, and systemd starts it anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from detector.config import Config
from detector.documents.phrases import counted
from detector.errors import ConfigError, DetectorError, LockedError
from detector.heartbeat import note_run, ping
from detector.ingest import files_meant
from detector.nightly import Night, nightly

AT_LEAST = timedelta(hours=1)
"""So often it runs although no log has moved: silences end, promises fall due, people note things."""
AGAIN = timedelta(minutes=5)
"""So soon after an alert failed."""
SWITCH = timedelta(hours=1)
"""So often the dead man's switch hears that all is well; that it is not, it hears at once."""

Glance = Mapping[Path, tuple[int, int, int] | None]
"""Inode, size and time of change of each file; None for one that is not there."""


@dataclass(frozen=True)
class Shell:
    """What the world lends to a watch."""

    settings: Callable[[], Config]
    """Reads the config anew. Raises ConfigError."""
    config_path: Path | None
    state: Path
    clock: Callable[[], datetime]
    is_stopping: Callable[[], bool]
    """Somebody has asked for the end."""
    say: Callable[[str], None]
    """What happened."""
    complain: Callable[[str], None]
    """What somebody must see to."""
    talk: Callable[[str], None] = lambda _: None
    dry_run: bool = False


@dataclass(frozen=True)
class Memory:
    """What a watch knows from its last run."""

    config: Config
    config_glance: Glance = field(default_factory=dict)
    logs: Glance = field(default_factory=dict)
    due_at: datetime | None = None
    """When to run although no log has moved; None before the first run."""
    complaints: frozenset[str] = frozenset()
    cases: Mapping[str, str] = field(default_factory=dict)
    """Incident -> what was said of it."""
    told: tuple[datetime, int] | None = None
    """When the dead man's switch was told last, and of which exit code."""


@dataclass(frozen=True)
class Ending:
    """How a run ended, for the dead man's switch."""

    exit_code: int
    through: datetime | None = None
    """How far the logs reach."""
    counts: str = ""


class StopAskedError(Exception):
    """Somebody asked for the end in the middle of a run."""


def begin(shell: Shell) -> Memory:
    """The memory of a watch that has seen nothing. Raises ConfigError."""
    return Memory(shell.settings(), glance(_config_files(shell)))


def look(memory: Memory, shell: Shell) -> Memory:
    """One look; a run if there is cause for one. Raises StopAskedError if the end was asked for while it ran."""
    now = shell.clock()
    memory = _with_new_config(memory, shell)
    config = memory.config
    logs = glance((*files_meant(config.logs.paths), *config.roster.files))
    if memory.due_at and now < memory.due_at and logs == memory.logs:
        return memory
    try:
        config = _without_empty(config, logs)
        night = nightly(config, state=shell.state, as_of=now, dry_run=shell.dry_run, talk=_until_stopped(shell))
    except LockedError:
        line = f"{shell.state}: another run is at work here; this look was left out, and so are others until it ends."
        return _complained(memory, (line, *memory.complaints), shell)
    except DetectorError as error:
        _told_the_switch(memory, Ending(error.exit_code), shell)
        raise
    if logs != memory.logs:  # while they are written to, a last line may be half there
        passing = frozenset(night.passing)
        problems = tuple(problem for problem in night.problems if problem not in passing)
        night = replace(night, problems=problems, exit_code=night.lasting_exit_code)
    memory = _complained(replace(memory, logs=logs), night.problems, shell)
    memory = _told_the_switch(_said(memory, night, shell), _ending(night), shell)
    return replace(memory, due_at=_due_at(night, config))


def glance(paths: "tuple[Path, ...]") -> Glance:
    """How the files look from outside."""
    return {path: _seen(path) for path in paths}


def _without_empty(config: Config, logs: Glance) -> Config:
    """The config with those of its logs that hold anything: after a rotation a log may be empty for a while."""
    found = tuple(path for path in files_meant(config.logs.paths) if (seen := logs.get(path)) is None or seen[1])
    return config.reading(*found) if found else config


def _seen(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _until_stopped(shell: Shell) -> Callable[[str], None]:
    """The night talks between its steps: there it can be left, as safely as by a crash."""

    def talk(line: str) -> None:
        if shell.is_stopping():
            raise StopAskedError
        shell.talk(line)

    return talk


def _config_files(shell: Shell) -> tuple[Path, ...]:
    return (shell.config_path,) if shell.config_path else ()


def _with_new_config(memory: Memory, shell: Shell) -> Memory:
    """The config as it is now; if it cannot be used, the one from before."""
    found = glance(_config_files(shell))
    if found == memory.config_glance:
        return memory
    memory = replace(memory, config_glance=found)
    try:
        return replace(memory, config=shell.settings(), due_at=None)
    except ConfigError as error:
        shell.complain(f"{error} The watch goes on with what it said before.")
        return memory


def _complained(memory: Memory, problems: tuple[str, ...], shell: Shell) -> Memory:
    """Each problem is said when it comes up, and again only after it had gone."""
    for problem in problems:
        if problem not in memory.complaints:
            shell.complain(problem)
    return replace(memory, complaints=frozenset(problems))


def _said(memory: Memory, night: Night, shell: Shell) -> Memory:
    """One line for a run in which something happened: each incident that is new or has moved since the last one."""
    cases = {}
    for case in night.facts.cases:
        incident, pulled = case.incident, case.record.brake if case.record else None
        brake = f"; brake {pulled.outcome}" if pulled else ""
        figures = f"{incident.recipients:,} people, {incident.excess:,} extra copies"
        cases[incident.incident_id] = f"{incident.incident_id} {incident.state}, {incident.severity}: {figures}{brake}"
    news = [line for name, line in cases.items() if memory.cases.get(name) != line]
    if memory.due_at is None:
        news.insert(0, f"watching {counted(len(memory.logs), 'file')}")
    if news:
        shell.say(f"{night.facts.as_of:%Y-%m-%d %H:%M:%SZ}  {'; '.join(news)}")
    return replace(memory, cases=cases)


def _ending(night: Night) -> Ending:
    counts = f"; {night.facts.sends} sends, {len(night.facts.cases)} incidents"
    return Ending(night.exit_code, night.facts.log_complete_through, counts)


def _told_the_switch(memory: Memory, ending: Ending, shell: Shell) -> Memory:
    """Keep how the run ended, and tell the dead man's switch if it has not heard for long or the end is another."""
    if shell.dry_run:
        return memory
    ended, code = shell.clock(), ending.exit_code
    if (shell.state / "work").is_dir():
        note_run(shell.state, ended, code, ending.through)
    if memory.told and memory.told[1] == code and ended - memory.told[0] < SWITCH:
        return memory
    problem = ping(memory.config.heartbeat, "fail" if code else "success", f"exit code {code}{ending.counts}")
    if problem:
        shell.complain(problem)
    return replace(memory, told=(ended, code))


def _due_at(night: Night, config: Config) -> datetime:
    """When to run although no log has moved: within the hour, sooner after a failure, and when the logs grow stale."""
    now, through = night.facts.as_of, night.facts.log_complete_through
    moments = [now + (AGAIN if night.exit_code == 5 else AT_LEAST)]
    if through is not None:
        moments.append(through + config.detection.stale_after + timedelta(seconds=1))
    silences = (case.record.silenced_until for case in night.facts.cases if case.record)
    return min(moment for moment in (*moments, *filter(None, silences)) if moment > now)
