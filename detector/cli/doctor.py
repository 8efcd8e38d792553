"""`detector doctor`: what the detector makes of a log, and whether everything is there that a night needs."""

import sys
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.options import Moment, clock, complain, config_option, state_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detector.config import Config


BESIDE = Path("detector.toml")
"""What the help calls the config, and where `>> detector.toml` puts a mapping."""


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE|FOLDER]...", type=click.Path(path_type=Path))
@config_option
@state_option
@click.option("--as-of", type=Moment(), help="Read stamps without a year as at this time. [default: now]")
@click.option("--install-hints", is_flag=True, help="Print a cron line, a systemd service and timer, a logrotate rule.")
def doctor(
    files: tuple[Path, ...], config_path: Path | None, state: Path, as_of: datetime | None, *, install_hints: bool
) -> None:
    """Say what the detector makes of a log FILE, and propose a mapping for a table that it does not know.

    Of several files, or those of a FOLDER, it says a line each; of a single one, all. Without any: check config,
    inputs, clock, disk and channels (the relay is logged in to, nothing is sent), and say what to fix.

    \b
      detector doctor /var/log/mail.log
      detector doctor exports/
      detector doctor exports/outbox.csv >> detector.toml
      detector doctor exports/outbox.csv --config detector.toml
      detector doctor --config /etc/detector/detector.toml --state /var/lib/detector
      detector doctor --install-hints
    """
    if install_hints:
        from detector.documents.templates import install_hints as hints

        click.echo(hints(), nl=False)
        return
    now = as_of or clock()
    sys.exit(_look_at(files, config_path, now) if files else _check_up(config_path, state, now))


def _look_at(paths: tuple[Path, ...], config_path: Path | None, now: datetime) -> int:
    """All of one file; of several, a line each."""
    from detector.config import load_config, mappings_in
    from detector.ingest import files_meant

    files = list(files_meant(paths))
    config_path = config_path or _beside(files)
    config = load_config(config_path)
    if len(files) == 1:
        return _examine(files[0], config, mappings_in(config_path or BESIDE), now)
    unfit = sum(not _examine_in_a_line(file, config, now) for file in files)
    if not files:
        complain("there is no file to read.")
    elif unfit:
        complain(f"{unfit} of {len(files)} files need a look: name one alone, and all is said of it.")
    return 3 if unfit or not files else 0


def _beside(files: list[Path]) -> Path | None:
    """The detector.toml that lies here, if it has a mapping for one of the files; it is said, for nothing else takes it
    that is not told to."""
    from detector.config import mappings_in

    globs = mappings_in(BESIDE)
    mapped = next((name for name, glob in globs.items() if any(fnmatch(file.name, glob) for file in files)), None)
    if mapped is None:
        return None
    complain(f"read with {BESIDE}, which has [sources.{mapped}]; other commands need to be told: --config {BESIDE}")
    return BESIDE


def _examine_in_a_line(file: Path, config: "Config", now: datetime) -> bool:
    """True if nothing is wrong with it."""
    from detector.doctor import examine
    from detector.documents.escaping import visible
    from detector.documents.examination import in_a_line
    from detector.errors import InputError

    try:
        examined = examine(file, config, now)
    except InputError as error:
        click.echo(visible(str(error), 2000))
        return False
    click.echo(in_a_line(examined))
    return examined.tally.problem is None


def _examine(file: Path, config: "Config", known: "Mapping[str, str]", now: datetime) -> int:
    """What it is; on stdout what to paste, if something is: under a name that is not known, on lines of its own."""
    from detector.doctor import examine
    from detector.documents.examination import in_words

    examined = examine(file, config, now, known)
    click.echo(in_words(examined), err=bool(examined.proposal))
    if examined.proposal:
        click.echo(f"\n{examined.proposal}" if known else examined.proposal)
    return 0 if examined.tally.problem is None else 3


def _check_up(config_path: Path | None, state: Path, now: datetime) -> int:
    from detector.checkup import check_up
    from detector.config import load_config
    from detector.documents.escaping import visible

    findings = check_up(load_config(config_path), state, now)
    click.echo(f"good  config     {config_path or 'none: every setting has its default'}")
    for finding in findings:
        click.echo(visible(f"{'good' if finding.is_good else 'FIX '}  {finding.what:9}  {finding.said}", 2000))
    return 0 if all(finding.is_good for finding in findings) else 3
