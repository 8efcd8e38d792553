"""`detector doctor`: what the detector makes of a log, and whether everything is there that a night needs."""

import sys
from datetime import datetime
from pathlib import Path

import click

from detector.cli.options import Moment, clock, config_option, state_option


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
@state_option
@click.option("--as-of", type=Moment(), help="Read stamps without a year as at this time. [default: now]")
@click.option("--install-hints", is_flag=True, help="Print a cron line, a systemd service and timer, a logrotate rule.")
def doctor(
    file: Path | None, config_path: Path | None, state: Path, as_of: datetime | None, *, install_hints: bool
) -> None:
    """Say what the detector makes of a log FILE, and propose a mapping for a table that it does not know.

    Without FILE: check config, inputs, clock, disk and channels (the relay is logged in to, nothing is sent), and say
    what to fix.

    \b
      detector doctor /var/log/mail.log
      detector doctor exports/outbox.csv >> detector.toml
      detector doctor --config /etc/detector/detector.toml --state /var/lib/detector
      detector doctor --install-hints
    """
    if install_hints:
        from detector.documents.templates import install_hints as hints

        click.echo(hints(), nl=False)
        return
    now = as_of or clock()
    sys.exit(_examine(file, config_path, now) if file else _check_up(config_path, state, now))


def _examine(file: Path, config_path: Path | None, now: datetime) -> int:
    from detector.config import load_config
    from detector.doctor import examine
    from detector.documents.examination import in_words

    examined = examine(file, load_config(config_path), now)
    click.echo(in_words(examined), err=bool(examined.proposal))
    if examined.proposal:
        click.echo(examined.proposal)
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
