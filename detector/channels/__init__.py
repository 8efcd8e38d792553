"""The ways an alert leaves this machine, one per file; `CHANNELS` lists them.

The contract: `deliver` returns when the alert is on its way, with a remark for each person it did not reach although
it reached others. Otherwise it raises ChannelError, whose `outcome` is "not_sent" (nothing left, so trying again is
safe; `permanent` if it would be refused again) or "unknown" (it may have arrived, so trying again could repeat it).
A channel tries once. Whether to try at all is decided in `outbox`, which wrote down the attempt beforehand.

Channels carry an Alert and nothing else, so a letter to a client has no way out of the program.

To add one: a file here that carries, a function and a line in `CHANNELS`, a section in `channel_settings.Channels`. If
it knows a repetition by its key, a name in `outbox.REPEATABLE`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from detector.channel_settings import Channels
from detector.channels import apprise, folder, pagerduty, slack, smtp, teams, webhook
from detector.channels.message import NOWHERE, compose, key_token
from detector.credentials import required, secret
from detector.errors import ChannelError
from detector.notice_record import Alert

Remarks = tuple[str, ...]
Settings = TypeVar("Settings")


def deliver(name: str, alert: Alert, config: Channels, *, state: Path, as_of: datetime) -> Remarks:
    """Hand one alert to the channel of this name; see the contract above."""
    if name not in CHANNELS:
        raise ChannelError(f"channel {name!r} is not known; there are {', '.join(CHANNELS)}. Nothing was sent.")
    return CHANNELS[name](alert, config, state, as_of)


def mail_bytes(alert: Alert, config: Channels, as_of: datetime) -> bytes:
    """The mail of an alert, by whichever of the two channels it goes."""
    if config.smtp is None:
        return compose(alert, from_address=f"detector@{NOWHERE}", to=(), as_of=as_of)
    return compose(alert, from_address=config.smtp.from_address, to=config.smtp.to, as_of=as_of)


def configured(config: Channels) -> tuple[str, ...]:
    """The channels that are on: the folder always, and first, because it cannot fail for others' reasons."""
    return tuple(name for name in CHANNELS if getattr(config, name) is not None)


def destination(name: str, config: Channels) -> str:
    """Where a channel leads: changes with whatever may turn a refusal into a delivery. Holds secrets; only hash it."""
    try:
        keys = [secret(key, config.secrets) for key in _SECRETS.get(name, ())]
    except ChannelError:
        keys = []
    return f"{getattr(config, name)!r} {keys!r}"


def require_secrets(name: str, config: Channels) -> None:
    """Raise ChannelError if a secret is missing that the channel cannot do without."""
    for key in _SECRETS.get(name, ()):
        if key != webhook.SECRET:
            required(key, config.secrets, name)


def _by_folder(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    folder.deliver(
        mail_bytes(alert, config, as_of), config.folder.path or state / "alerts", f"{key_token(alert.notice_key)}.eml"
    )
    return ()


def _by_smtp(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    settings = _on(config.smtp, "smtp")
    password = secret(smtp.CREDENTIAL, config.secrets)
    return smtp.deliver(mail_bytes(alert, config, as_of), settings, password)


def _by_webhook(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    webhook.deliver(alert, _on(config.webhook, "webhook"), secret(webhook.SECRET, config.secrets), as_of)
    return ()


def _by_slack(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    slack.deliver(alert, _on(config.slack, "slack"), required(slack.URL, config.secrets, "slack"))
    return ()


def _by_teams(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    teams.deliver(alert, _on(config.teams, "teams"), required(teams.URL, config.secrets, "teams"))
    return ()


def _by_pagerduty(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    settings = _on(config.pagerduty, "pagerduty")
    pagerduty.deliver(alert, settings, required(pagerduty.KEY, config.secrets, "pagerduty"), as_of)
    return ()


def _by_apprise(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    _on(config.apprise, "apprise")
    apprise.deliver(alert, required(apprise.URLS, config.secrets, "apprise"))
    return ()


def _on(settings: Settings | None, name: str) -> Settings:
    """The settings of a channel that is on."""
    if settings is None:
        raise ChannelError(f"{name}: detector.toml has no [channels.{name}]. Nothing was sent.")
    return settings


CHANNELS: dict[str, Callable[[Alert, Channels, Path, datetime], Remarks]] = {
    "folder": _by_folder,
    "smtp": _by_smtp,
    "webhook": _by_webhook,
    "slack": _by_slack,
    "teams": _by_teams,
    "pagerduty": _by_pagerduty,
    "apprise": _by_apprise,
}
_SECRETS = {
    "webhook": (webhook.SECRET,),
    "slack": (slack.URL,),
    "teams": (teams.URL,),
    "pagerduty": (pagerduty.KEY,),
    "apprise": (apprise.URLS,),
}
"""What makes up the place that a channel leads to; the relay's password does not, for a wrong one is no refusal."""
