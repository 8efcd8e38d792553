"""The part of detector.toml about how people and programs are told. Secrets are no settings; see `credentials`."""

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

_URL = re.compile(r"(https?)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?([/?][\x21-\x7e]*)?")
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})


def address_problem(url: str) -> str:
    """Why a secret cannot be sent there; "" if it can."""
    found = _URL.fullmatch(url)
    if not found:
        return "is no address such as https://example.com/hook"
    if found[1] == "http" and found[2] not in _LOOPBACK:
        return "must begin with https://, or everybody on the way can read it"
    return ""


def safe_url(value: str) -> str:
    """The address itself if nothing secret can be read on its way; raises ValueError otherwise."""
    problem = address_problem(value)
    if problem:
        raise ValueError(problem)
    return value


Url = Annotated[str, AfterValidator(safe_url)]


class Section(BaseModel):
    """One table of detector.toml; immutable, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Folder(Section):
    """`[channels.folder]`: an .eml file per message."""

    path: Path | None = None
    """Default: `alerts/` in the state directory; relative to the config file."""


class Smtp(Section):
    """`[channels.smtp]`: the relay for alert mails to staff. The password is the secret DETECTOR_SMTP_PASSWORD."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    host: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    from_address: str = Field(alias="from")
    to: tuple[str, ...] = Field(min_length=1)
    timeout_seconds: float = 30.0

    @field_validator("from_address", "to")
    @classmethod
    def _are_addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            _, address = parseaddr(text)
            if not text.isprintable() or not all(address.partition("@")):
                raise ValueError(f"{text!r} is not a mail address such as 'Detector <detector@example.com>'")
        return value


class Http(Section):
    """What all channels over HTTP have."""

    timeout_seconds: float = Field(default=20.0, gt=0)


class Webhook(Http):
    """`[channels.webhook]`: JSON to a program of yours, signed if there is the secret DETECTOR_WEBHOOK_SECRET."""

    url: Url


class Slack(Http):
    """`[channels.slack]`: an incoming webhook; its address is the secret DETECTOR_SLACK_URL."""


class Teams(Http):
    """`[channels.teams]`: a workflow webhook of Microsoft Teams; its address is the secret DETECTOR_TEAMS_URL."""


class PagerDuty(Http):
    """`[channels.pagerduty]`: Events API v2; the integration key is the secret DETECTOR_PAGERDUTY_KEY."""

    url: Url = "https://events.pagerduty.com/v2/enqueue"
    """https://events.eu.pagerduty.com/v2/enqueue for accounts in the EU region."""


class Apprise(Section):
    """`[channels.apprise]`: any other service that Apprise knows (the extra `[notify]`).

    Its addresses, with blanks between them, are the secret DETECTOR_APPRISE_URLS.
    """


class Channels(Section):
    """`[channels]`: how an alert leaves the machine; the folder is always on, the others if they have a section."""

    folder: Folder = Folder()
    smtp: Smtp | None = None
    webhook: Webhook | None = None
    slack: Slack | None = None
    teams: Teams | None = None
    pagerduty: PagerDuty | None = None
    apprise: Apprise | None = None
    secrets: Path | None = None
    """A TOML file of secrets, readable by nobody else; the environment wins. Relative to the config file."""


class Heartbeat(Section):
    """`[heartbeat]`: whom to tell that the night ran, so that somebody notices when it does not."""

    url: str
    """Asked when a run has ended well."""
    start_url: str | None = None
    """When it begins; default: `url` with /start, as healthchecks has it. Empty: not at all."""
    fail_url: str | None = None
    """When it ended badly; default: `url` with /fail. Empty: not at all."""
    timeout_seconds: float = Field(default=10.0, gt=0)

    @field_validator("url", "start_url", "fail_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        return safe_url(value) if value else value
