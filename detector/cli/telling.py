"""`detector notices`, `notify`, `heartbeat`: what was told, whether a channel works, whether the night still runs."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.completion import channels
from detector.cli.options import Commands, Span, clock, complain, config_option, require_state, state_option

if TYPE_CHECKING:
    from detector.notice_journal import Journal

_KNOWN = {"sent": "sent", "not_sent": "not sent", "claimed": "unknown", "unknown": "unknown"}


@click.group(cls=Commands)
def notices() -> None:
    """Look up what people were told, and settle what nobody can know.

    \b
      detector notices list --all
      detector notices settle INC-7F3K.opened.1 --resend
    """


@notices.command("list")
@state_option
@click.option("--all", "everything", is_flag=True, help="What arrived as well.")
def list_(state: Path, *, everything: bool) -> None:
    """List the messages that failed or may not have arrived: time, channel, what is known, key.

    \b
      detector notices list --all --state /var/lib/detector
    """
    from detector.documents.escaping import visible

    require_state(state)
    chosen = [e for e in _journal(state).messages() if everything or e.fact != "sent"]
    for entry in chosen:
        why = f"  {entry.detail}" if entry.detail else ""
        click.echo(visible(f"{entry.as_of}  {entry.channel:9}  {_KNOWN[entry.fact]:8}  {entry.notice_key}{why}", 2000))
    if not chosen:
        click.echo("Nothing is open; what arrived is shown with --all.", err=True)


@notices.command()
@click.argument("key")
@state_option
@click.option("--channel", default="", help="Needed if it went by several.")
@click.option("--arrived", "fact", flag_value="sent", help="You have found it.")
@click.option("--resend", "fact", flag_value="not_sent", help="It never came: what is still news is told again.")
def settle(key: str, state: Path, channel: str, fact: str | None) -> None:
    """Say what became of a message of which nobody could know whether it arrived.

    \b
      detector notices settle INC-T76J.opened.1 --arrived
    """
    from detector import outbox
    from detector.errors import RefusedError
    from detector.store import locked

    if fact is None:
        raise click.UsageError("Say --arrived or --resend.")
    require_state(state)
    with locked(state):
        journal = _journal(state)
        found = [e for e in outbox.unsettled(journal) if e.notice_key == key and channel in {"", e.channel}]
        if len(found) != 1:
            open_ = ", ".join(f"{e.notice_key} by {e.channel}" for e in outbox.unsettled(journal)) or "none"
            raise RefusedError(f"{key!r} names {len(found)} messages that need settling. There are: {open_}.")
        outbox.settle(journal, found[0], fact, clock())
    click.echo("Noted." if fact == "sent" else "Noted. The next run tells what is still news.", err=True)


def _journal(state: Path) -> "Journal":
    from detector.notice_journal import open_journal
    from detector.telling import JOURNAL

    return open_journal(state / JOURNAL, must_exist=True)


@click.command()
@click.option(
    "--test",
    "channel",
    required=True,
    metavar="CHANNEL",
    shell_complete=channels,
    help="folder, smtp, webhook, slack, ...",
)
@config_option
@state_option
def notify(channel: str, config_path: Path | None, state: Path) -> None:
    """Send one test message on a channel, and say what became of it. Look whether it came: that is the proof.

    \b
      detector notify --test folder
      detector notify --test smtp --config detector.toml
    """
    from detector import channels
    from detector.config import load_config
    from detector.documents.alert_lists import render_test_alert

    config, now = load_config(config_path), clock()
    alert = render_test_alert(now)
    for remark in channels.deliver(channel, alert, config.channels, state=state, as_of=now):
        complain(f"{channel} took it, but {remark}")
    click.echo(f"{channel} took the test message {alert.notice_key}. Look whether it came.")


@click.command()
@state_option
@click.option("--max-age", type=Span(), default="26h", show_default=True, help="How old the newest run may be.")
def heartbeat(state: Path, max_age: timedelta) -> None:
    """Complain if no run has ended for too long, or the newest one ended badly; say nothing if all is well.

    For a second cron line, or another machine that sees the state directory, where there is no dead man's switch:

    \b
      detector heartbeat --max-age 26h --state /var/lib/detector
    """
    from detector.heartbeat import complaint, last_run

    code, sentence = complaint(last_run(state), clock(), max_age)
    if sentence:
        complain(f"{state}: {sentence}")
    sys.exit(code)
