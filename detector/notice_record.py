"""What people are told: the notice that is due, the message that carries it, and what was told last. Frozen nouns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FEED = "feed"
"""The subject of a notice that is about the logs as a whole, where others have the id of an incident."""
PROMISES = "promises"
"""The subject of the notices about promises to clients that are late, of all incidents together."""
ENDINGS = ("stopped", "withdrawn", "merged", "dismissed")
"""What ends an incident in the eyes of those who were told of it."""
KINDS = (
    "blind", "contradiction", "reopened", "opened", "escalated", *ENDINGS,
    "sight", "ongoing", "overdue", "acknowledged", "summary",
)  # fmt: skip
"""The gravest first: a message that carries several notices of one incident is named after the first of these."""


RANK = {"info": 0, "minor": 1, "serious": 2, "grave": 3}
"""How grave an incident is, by its severity."""


@dataclass(frozen=True)
class Notice:
    """The record that one thing is to be told on one channel: planned with the incidents, claimed before sending."""

    notice_key: str
    """Subject, kind and ordinal, such as INC-7F3K.opened.1: unique and deterministic."""
    incident_id: str
    """The incident it is about, or FEED, or PROMISES."""
    kind: str
    channel: str
    """Name of the channel in the config, such as "folder" or "smtp"."""
    state: str = "planned"
    """"planned", "sent", "not_sent" or "unknown"."""


def notice_named(notice_key: str, channel: str) -> Notice:
    """The notice that a key names."""
    subject, kind, _ = (*notice_key.split(".", 2), "", "")[:3]
    return Notice(notice_key, subject, kind, channel)


@dataclass(frozen=True)
class Message:
    """What leaves on one channel: one notice, all of one incident, or a list of many."""

    message_key: str
    kind: str
    channel: str
    notices: tuple[Notice, ...]

    @property
    def is_list(self) -> bool:
        """True if it names several incidents with a line each."""
        return self.kind in {"summary", "digest"}


@dataclass(frozen=True)
class Told:
    """What the last message about an incident (or the feed) said on one channel."""

    state: str
    """The incident's state, an ending included; of the feed "blind" or "sight"."""
    at: datetime
    is_certain: bool = True
    """False if nobody can know whether that message arrived."""
    through: str = ""
    """How far the log reached then."""
    severity: str = ""
    recipients: int = 0
    excess: int = 0
    clients: tuple[str, ...] = ()
    returns: int = 0
    """How often it had come back by then."""
    contradiction: int = 0
    """The number of the containment that the log was said to contradict."""
    is_acknowledged: bool = False

    @property
    def is_over(self) -> bool:
        """People were told that it is over."""
        return self.state in ENDINGS


@dataclass(frozen=True)
class Alert:
    """A message as every channel can carry it: counts and paths, no learner addresses."""

    notice_key: str
    """The key of the message: unique, deterministic; becomes Message-ID and idempotency key."""
    incident_id: str
    """What it is about, or FEED, or PROMISES, or the key itself if it names several incidents: what threads hang on."""
    kind: str
    subject: str
    """The same for all messages of one incident."""
    text: str
    html: str
    chart_png: bytes = field(default=b"", repr=False)
    chart_alt: str = ""
    lines: tuple[str, ...] = ()
    """The same in a few lines, for chats and pagers."""
    severity: str = "info"
    is_over: bool = False
    """It tells of an ending: a pager is silenced."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What programs read."""
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each subject what it tells, as `Told` has it: what the next message is compared with."""
