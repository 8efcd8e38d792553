"""`detector drill`: practise the founding story on synthetic mail, timed. Nobody is mailed."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.options import clock

if TYPE_CHECKING:
    from detector.drill import Drill


@click.command()
@click.option(
    "--scratch", default="detector-drill", show_default=True, type=click.Path(path_type=Path),
    help="Folder for the practice: its mail, its state, its notes.",
)  # fmt: skip
@click.option("--ask/--no-ask", default=None, help="Wait for you after each step. [default: only on a terminal]")
def drill(scratch: Path, *, ask: bool | None) -> None:
    """Practise: one client, 51 people, about 70 copies each, and the clock is running.

    Begins a practice, or takes it up where it was: says what to do next, with the command for it, what is done and how
    long it took. In act one copies still go out; once it is stopped and the client called, the morning after comes.

    \b
      detector drill
    """
    from detector.drill import play

    waits = ask if ask is not None else sys.stdin.isatty()
    now = play(scratch, clock, _talk)
    _tell(now)
    while waits and now.missed:
        answer = click.prompt("Enter when you have done it, or q to leave", default="", show_default=False)
        if answer.strip().lower() == "q":
            break
        now = play(scratch, clock, _talk)
        _tell(now)


def _tell(drill: "Drill") -> None:
    """What is done, what is next, and where everything lies."""
    from detector.documents.phrases import duration, instant
    from detector.drill import STEPS, STOPPED

    at = f"--at {STOPPED:%Y-%m-%dT%H:%MZ} " if clock() >= STOPPED else ""  # by a clock that has not come so far: now
    due = f"{clock() + timedelta(days=14):%Y-%m-%d}"
    begun = instant(drill.started_at)
    click.echo(f"{drill.incident_id}, act {drill.act} of 2, the alarm was at {begun}: {drill.folder}")
    for step in STEPS:
        if step.title in drill.done:
            click.echo(f"  done  {step.title} (after {duration(drill.done[step.title])})")
    for step in drill.steps_now:
        how = step.how.format(id=drill.incident_id, due=due, at=at)
        click.echo(f"  to do {step.title}: {how} --state {drill.scratch / 'state'}")
    later = [step.title for step in drill.missed if step not in drill.steps_now]
    if later:
        click.echo(f"  later {', '.join(later)}")
    if not drill.missed:
        click.echo(f"All of it, in {duration(max(drill.done.values()))}. Nothing was missed.")


def _talk(line: str) -> None:
    click.echo(line, err=True)
