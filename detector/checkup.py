"""Is everything there that a night needs? Tries what can be tried without sending anything, and says what to fix."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from detector import channels
from detector.channels import smtp
from detector.config import Config
from detector.credentials import secret
from detector.errors import ChannelError, StoreError
from detector.framings import shown
from detector.heartbeat import last_run
from detector.ingest import files_meant

LEAST_FREE_BYTES = 1 << 30
_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    said: str
    is_good: bool


def check_up(config: Config, state: Path, now: datetime) -> list[Finding]:
    """Inputs, clock, disk, state, channels, brake, in this order."""
    return [*_inputs(config, now), _clock(state, now), _disk(state), *_channels(config), *_brake(config)]


def _inputs(config: Config, now: datetime) -> Iterator[Finding]:
    if not config.logs.paths:
        yield Finding("inputs", "the config names no logs ([logs] paths); name them on the command line.", True)
    for path in (*config.logs.paths, *config.roster.files):
        files = [file for file in files_meant([path]) if file.is_file()]
        unreadable = next((f for f in files if not os.access(f, os.R_OK)), None)
        if not files:
            yield Finding("inputs", f"{shown(path)}: holds no file to read. Correct [logs] paths.", False)
        elif unreadable:
            yield Finding("inputs", f"{shown(unreadable)}: may not be read. Put the user into its group.", False)
        else:
            newest = max(f.stat().st_mtime for f in files)
            age = now.timestamp() - newest
            limit = config.detection.stale_after.total_seconds()
            when = f"{len(files)} files, the newest written {max(age, 0) / 3600:.1f} hours ago"
            yield Finding("inputs", f"{shown(path)}: {when}.", age <= limit)


def _clock(state: Path, now: datetime) -> Finding:
    """Against what was written here before: a clock that went back, or files of the future."""
    try:
        run = last_run(state)
    except StoreError as error:
        return Finding("clock", str(error), False)
    if run and datetime.fromisoformat(run.ended_at) - now > _CLOCK_SLACK:
        return Finding("clock", f"it is {now:%Y-%m-%d %H:%M} UTC, before the last run ({run.ended_at}). Set it.", False)
    return Finding("clock", f"it is {now:%Y-%m-%d %H:%M} UTC.", now.year >= 2026)


def _disk(state: Path) -> Finding:
    place = next(p for p in (state.absolute(), *state.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        return Finding("state", f"{place}: may not be written to. Give it to the user who runs the night.", False)
    said = f"{place}: {free / (1 << 30):.1f} GiB free"
    if not (state / "work").is_dir():
        said = f"{shown(state)}: there is no state yet, the first night makes it; {said}"
    return Finding("state", f"{said}." if free >= LEAST_FREE_BYTES else f"{said}: free some.", free >= LEAST_FREE_BYTES)


def _channels(config: Config) -> Iterator[Finding]:
    """Secrets are there, and the relay lets us in; nothing is sent."""
    for name in channels.configured(config.channels):
        try:
            if name == "smtp" and config.channels.smtp:
                smtp.log_in(config.channels.smtp, secret(smtp.CREDENTIAL, config.channels.secrets))
                yield Finding(name, "the relay lets us in.", True)
            else:
                channels.require_secrets(name, config.channels)
                yield Finding(name, f"nothing is missing; try it: detector notify --test {name}", True)
        except ChannelError as error:
            yield Finding(name, str(error), False)


def _brake(config: Config) -> Iterator[Finding]:
    """Its command is there; it is not run."""
    if config.brake:
        program = config.brake.command[0]
        is_good = shutil.which(program) is not None
        said = "its command is there; it is not run here." if is_good else "is no program that can be run."
        yield Finding("brake", f"{shown(Path(program))}: {said}", is_good)
