"""The ways an alert leaves this machine, one per file; `CHANNELS` lists them.

The contract: `deliver` returns when the alert is on its way, with a remark for each person it did not reach although
it reached others. Otherwise it raises ChannelError, whose `outcome` is "not_sent" (nothing left, so trying again is
safe; `permanent` if it would be refused again) or "unknown" (it may have arrived, so trying again could repeat it).
A channel tries once. Whether to try at all is decided in `outbox`, which wrote down the attempt beforehand.

Channels carry an Alert and nothing else, so a letter to a client has no way out of the program.

To add one: a file here that carries, a function and a line in `CHANNELS`, a section in `config.Channels`.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from detector.channels import folder, smtp
from detector.channels.message import NOWHERE, compose, key_token
from detector.config import Channels
from detector.errors import ChannelError
from detector.records import Alert

Remarks = tuple[str, ...]


def deliver(name: str, alert: Alert, config: Channels, *, state: Path, as_of: datetime) -> Remarks:
    """Hand one alert to the channel of this name; see the contract above."""
    if name not in CHANNELS:
        raise ChannelError(f"channel {name!r} is not known; there are {', '.join(CHANNELS)}. Nothing was sent.")
    return CHANNELS[name](alert, config, state, as_of)


def mail_bytes(alert: Alert, config: Channels, as_of: datetime) -> bytes:
    """The mail of an alert, the same on every channel: the file in the folder is the very mail that was sent."""
    if config.smtp is None:
        return compose(alert, from_address=f"detector@{NOWHERE}", to=(), as_of=as_of)
    return compose(alert, from_address=config.smtp.from_address, to=config.smtp.to, as_of=as_of)


def _by_folder(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    folder.deliver(
        mail_bytes(alert, config, as_of), config.folder.path or state / "alerts", f"{key_token(alert.notice_key)}.eml"
    )
    return ()


def _by_smtp(alert: Alert, config: Channels, state: Path, as_of: datetime) -> Remarks:
    if config.smtp is None:
        raise ChannelError("an alert is due by mail, but detector.toml has no [channels.smtp]. Nothing was sent.")
    return smtp.deliver(mail_bytes(alert, config, as_of), config.smtp)


CHANNELS: dict[str, Callable[[Alert, Channels, Path, datetime], Remarks]] = {
    "folder": _by_folder,
    "smtp": _by_smtp,
}
