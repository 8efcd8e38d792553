"""The dead man's switch: says outside that a run began and how it ended, and keeps it for who asks on this machine.

A switch that cannot be reached never fails a night; it is only said. What leaves is counts and times, no name.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from detector.channel_settings import Heartbeat
from detector.disk import write_whole
from detector.errors import ChannelError, StoreError
from detector.posting import post

LAST_RUN = "work/last-run.json"


@dataclass(frozen=True)
class LastRun:
    """How the newest run ended."""

    ended_at: str
    exit_code: int
    log_complete_through: str = ""


def ping(settings: Heartbeat | None, event: str, body: str = "") -> str:
    """Tell the switch "start", "success" or "fail"; a sentence if that did not work."""
    if settings is None:
        return ""
    given = {"start": settings.start_url, "success": settings.url, "fail": settings.fail_url}[event]
    base, mark, query = settings.url.partition("?")
    url = f"{base.rstrip('/')}/{event}{mark}{query}" if given is None else given
    if not url:
        return ""
    try:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        post(url, body.encode(), headers, name="heartbeat", timeout_seconds=settings.timeout_seconds)
    except ChannelError as error:
        return f"the dead man's switch could not be told of the {event}: {error}"
    return ""


def note_run(state: Path, ended_at: datetime, exit_code: int, through: datetime | None) -> None:
    """Keep how a run ended, and how far the log reached, for `detector heartbeat`."""
    run = LastRun(stamp(ended_at), exit_code, stamp(through))
    write_whole(state / LAST_RUN, f"{json.dumps(asdict(run))}\n".encode())


def stamp(moment: datetime | None) -> str:
    """A time in UTC, to the second; "" for none."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def last_run(state: Path) -> LastRun | None:
    """How the newest run ended; None if none ever did. Raises StoreError if that cannot be read."""
    try:
        return LastRun(**json.loads((state / LAST_RUN).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{state / LAST_RUN}: cannot be read. Run `detector nightly` again.") from error


def complaint(run: LastRun | None, now: datetime, max_age: timedelta) -> tuple[int, str]:
    """Exit code and sentence: 3 if no run has ended for too long, else how the newest one did."""
    if run is None:
        return 3, "no run has ever ended here. Look at cron or the timer."
    age = now - datetime.fromisoformat(run.ended_at)
    if age > max_age:
        return 3, f"the newest run ended at {run.ended_at}, {age / timedelta(hours=1):.0f} hours ago. Look at cron."
    if run.exit_code not in {0, 10}:
        return run.exit_code, f"the newest run, of {run.ended_at}, ended with exit code {run.exit_code}."
    return 0, ""
