"""`detector watch`: the night by the minute, until somebody stops it."""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import click

from detector.cli.options import Span, clock, complain, config_with, state_option, verbose_option


@click.command()
@click.argument("logs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Settings (TOML); read anew on change.")
@state_option
@click.option("--every", type=Span(), default="60s", show_default=True, help="Pause between two looks at the logs.")
@click.option("--dry-run", is_flag=True, help="Tell nobody and never pull the brake.")
@verbose_option
def watch(
    logs: tuple[Path, ...], config_path: Path | None, state: Path, every: timedelta, *, dry_run: bool, verbose: bool
) -> None:  # fmt: skip
    """Look at growing logs again and again, and alert a minute or two after the evidence.

    The same as `nightly` in small steps, on the same state: both may run side by side. Only what happens is printed.
    Quote a pattern, so that it is matched anew at each look. SIGTERM and Ctrl-C end it after the step at hand.

    \b
      detector watch '/var/log/mail.log*' --every 60s --state /var/lib/detector
    """
    asked = _asked_to_end()  # before the imports, which take a second or two
    from detector.watch import Shell, StopAskedError, begin, look

    shell = Shell(
        lambda: config_with(config_path, logs), config_path, state, clock,
        is_stopping=asked, say=click.echo, complain=complain, dry_run=dry_run,
        talk=lambda line: click.echo(line, err=True) if verbose else None,
    )  # fmt: skip
    memory = begin(shell)
    with suppress(StopAskedError):
        while not asked():
            memory = look(memory, shell)
            asked(every.total_seconds())


def _asked_to_end() -> Callable[..., bool]:
    """Whether a signal has asked for the end, waiting so long for it. A pipe, for a lock may be held when it comes."""
    reading, writing = os.pipe()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: os.write(writing, b"."))
    return lambda seconds=0.0: bool(select.select([reading], [], [], seconds)[0])
