"""The command line: flags in, one call, exit code out. The only package that prints or asks the time.

stdout is data, stderr is talk. A clean night prints nothing unless somebody sits at the terminal or asks.
"""

import errno
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector import __version__
from detector.cli.completion import completion, known_tables, scenarios, simulated_formats, tables
from detector.cli.doctor import doctor
from detector.cli.drill import drill
from detector.cli.incidents import incidents
from detector.cli.letters import letter
from detector.cli.options import (
    Commands,
    Moment,
    Seeds,
    clock,
    complain,
    config_option,
    config_with,
    state_option,
    verbose_option,
)
from detector.cli.summary import print_summary
from detector.cli.talk import talking
from detector.cli.telling import heartbeat, notices, notify
from detector.cli.watch import watch
from detector.errors import DetectorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from detector.config import Config
    from detector.nightly import Night

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="detector")
def cli() -> None:
    """Finds the same email sent again and again in mail-send logs, and prepares everything for making it right.

    \b
      detector nightly /var/log/mail.log* --summary
      detector doctor exports/
      detector incidents list
    """


@cli.command()
@click.argument("logs", nargs=-1, type=click.Path(path_type=Path))
@config_option
@state_option
@click.option("--as-of", type=Moment(), help="Look at the logs as they stood at this time. [default: now]")
@click.option("--dry-run", is_flag=True, help="Do everything but tell people and pull the brake.")
@click.option("--exit-code", is_flag=True, help="Leave with 10 if an incident is still going on.")
@click.option("--summary/--no-summary", default=None, help="Print the table. [default: only on a terminal]")
@verbose_option
def nightly(
    logs: tuple[Path, ...], config_path: Path | None, state: Path, as_of: datetime | None, *, dry_run: bool,
    exit_code: bool, summary: bool | None, verbose: bool,
) -> None:  # fmt: skip
    """Read the new logs, find what was sent again and again, write it up, tell people.

    LOGS are files or folders; what a file is, is decided by its content. Run it every night, or as often as you like:

    \b
      detector nightly /var/log/mail.log*
      detector nightly exports/ --config detector.toml --state /var/lib/detector
    """
    config = config_with(config_path, logs)
    if as_of:
        config = config.model_copy(update={"brake": None})  # what was so then calls for nothing now
    moment = as_of or clock()
    with talking(verbose=verbose) as talk:
        night = _watched(config, state, moment, dry_run=dry_run, talk=talk)
    for problem in night.problems:
        complain(problem)
    if summary or (summary is None and sys.stdout.isatty()):
        print_summary(night)
    is_active = any(case.incident.ongoing and case.incident.severity != "info" for case in night.facts.cases)
    sys.exit(night.exit_code or (10 if exit_code and is_active else 0))


@cli.command()
@click.argument("scenario", metavar="SCENARIO|SUITE", shell_complete=scenarios)
@click.option(
    "--format", "log_format", default="postfix", show_default=True, shell_complete=simulated_formats,
    help="How the mail is logged: postfix, exim, ses, sendgrid, m365, plain, jsonl; several with commas between; `all` "
    "for postfix,ses,plain.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--seeds", type=Seeds(), help="A suite for these seeds, such as 1-10: a folder seed-NN for each.")
@click.option("--roster", is_flag=True, help="Write roster.csv as well: who enrolled in what.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the logs and truth.json.")
def simulate(
    scenario: str, log_format: str, seed: int, seeds: tuple[int, ...] | None, *, roster: bool, out: Path
) -> None:  # fmt: skip
    """Write the mail logs of an invented academy, and a truth.json that counts its bursts.

    SCENARIO is a story with fixed bursts (founding-night, many-faults, ...), or drawn from the seed: a cause such as
    accumulating-list, a look-alike such as one-time-codes, small, standard, clean-5000, clean-50000. A wrong name lists
    them all. Suites are

    \b
      small         5 faults in a month of a small academy
      standard      12 faults of different causes in 60 days, amid every look-alike
      causes        each cause by itself, a month each
      look-alikes   each look-alike by itself, a month each
      clean         a month of 5,000 and one of 50,000 people without a fault

    \b
      detector simulate founding-night --seed 27 --out night
      detector simulate standard --seeds 1-10 --format postfix,plain --out suite
    """
    from detector.simulate import SUITES, simulate_roster, simulate_suite
    from detector.simulate import simulate as write

    if seeds is None and len(SUITES.get(scenario, (scenario,))) == 1:
        made = iter([(scenario, seed, write(scenario, format=log_format, seed=seed, out=out))])
    else:
        made = simulate_suite(scenario, format=log_format, seeds=seeds or (seed,), out=out)
    for name, its_seed, truth in made:
        if roster:
            simulate_roster(name, seed=its_seed, out=truth.parent)
        click.echo(truth)


@cli.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(exists=True, path_type=Path))
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Settings (TOML) of the detector.")
@click.option("--baselines/--no-baselines", default=True, show_default=True, help="Run the usual methods as well.")
@click.option("--roster/--no-roster", default=True, show_default=True, help="Use a roster.csv beside a truth.json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every log, miss and false alarm.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the scoreboard into this file (.png, .svg, .pdf).")
@click.option("-v", "--verbose", is_flag=True, help="Say what became of each log.")
def evaluate(
    folders: tuple[Path, ...], config_path: Path | None, *, baselines: bool, roster: bool, as_json: bool,
    plot: Path | None, verbose: bool,
) -> None:  # fmt: skip
    """Say how well the detector and the usual methods do on logs whose truth is known.

    DIR holds a truth.json and the logs beside it, or folders with both. Each log is read as on a first night at its
    end; nobody is told, and nothing is kept.

    \b
      detector simulate standard --seeds 1-10 --out suite
      detector evaluate suite --plot scoreboard.png
    """
    from detector.config import load_config
    from detector.evaluation import Options
    from detector.evaluation import evaluate as run
    from detector.evaluation.chart import check_name, draw
    from detector.evaluation.scoreboard import in_json, in_words

    if plot:
        check_name(plot)
    options = Options(baselines=baselines, rosters=roster)
    with talking(verbose=verbose) as talk:
        judged = run(folders, load_config(config_path), options, talk=talk)
    click.echo(in_json(judged) if as_json else in_words(judged))
    if plot:
        draw(judged, plot)


@cli.command("show-send")
@click.argument("send_id")
@state_option
def show_send(send_id: str, state: Path) -> None:
    """Say why the send with this id (table `sends`) is one send: its events, files and lines.

    \b
      detector show-send 429efe2380878666 --state /var/lib/detector
    """
    from detector.documents.send_history import in_words
    from detector.sends import show_send as find
    from detector.store import open_snapshot

    with open_snapshot(state) as db:
        click.echo(in_words(find(db, send_id)))


@cli.command()
@click.argument("table", shell_complete=tables)
def sql(table: str) -> None:
    """Print the SQL that makes a TABLE, ready to paste into a notebook.

    \b
      detector sql batches > batches.sql
    """
    from detector.store import read_sql

    try:
        text = read_sql(table)
    except OSError:
        raise click.UsageError(f"No table {table!r}. There are: {', '.join(known_tables())}.") from None
    click.echo(text, nl=False)


cli.add_command(watch)
cli.add_command(completion)
cli.add_command(doctor)
cli.add_command(notices)
cli.add_command(notify)
cli.add_command(heartbeat)
cli.add_command(incidents)
cli.add_command(letter)
cli.add_command(drill)


def main() -> None:
    """Run the command line; an error the detector can explain ends with one message and its exit code."""
    try:
        try:
            cli(prog_name="detector")
        finally:
            sys.stdout.flush()  # here, where it can be told what went wrong
    except DetectorError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO, errno.EPIPE} or error.filename:
            raise
        _give_up_output(error)


def _give_up_output(error: OSError) -> None:
    """Whoever reads what we print has gone, or the disk is full; the interpreter must not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    complain(f"what should be printed could not be written ({error.strerror}).")
    sys.exit(1)


def _watched(
    config: "Config", state: Path, as_of: datetime, *, dry_run: bool, talk: "Callable[[str], None]"
) -> "Night":
    """A night, with the dead man's switch told of its beginning and its end; of a dry run, or a second one, nothing."""
    from detector.errors import LockedError
    from detector.heartbeat import note_run, ping, stamp
    from detector.nightly import nightly as run

    switch = None if dry_run else config.heartbeat
    problems, code, through, body = [ping(switch, "start")], 1, None, "it broke off"
    try:
        night = run(config, state=state, as_of=as_of, dry_run=dry_run, talk=talk)
        facts, code = night.facts, night.exit_code
        through = facts.log_complete_through
        body = f"exit code {code}; {facts.sends} sends, {len(facts.cases)} incidents"
        body += f"; log complete through {stamp(through)}"
    except LockedError:
        switch, dry_run = None, True  # the other run will tell
        raise
    except DetectorError as error:
        code, body = error.exit_code, f"exit code {error.exit_code}"
        raise
    finally:
        problems.append(ping(switch, "success" if code == 0 else "fail", body))
        if not dry_run and (state / "work").is_dir():
            note_run(state, clock(), code, through)
        for problem in filter(None, problems):
            complain(problem)
    return night
