"""What a closer look gives: at one send, with every event that it left, and at one file."""

from dataclasses import dataclass
from datetime import datetime

from detector.records import Archive, FileTally


@dataclass(frozen=True)
class LoggedEvent:
    """One line of a log that says something about a send."""

    at: datetime
    """UTC, naive."""
    type: str
    source: str
    message_key: str
    is_first: bool
    """The message is the one as which this log first tells of the mail, not what it was handed on as."""
    is_hand_off: bool
    file: str
    record_number: int


@dataclass(frozen=True)
class Send:
    """One mail to one recipient, and every event that it left."""

    send_id: str
    sent_at: datetime
    """UTC, naive."""
    recipient: str
    sender: str
    subject: str | None
    outcome: str
    attempts: int
    source: str
    events: tuple[LoggedEvent, ...]

    @property
    def messages(self) -> tuple[tuple[str, str, bool], ...]:
        """(log, what it calls the message, whether that is what the log first calls it), from hop to hop."""
        return tuple(dict.fromkeys((event.source, event.message_key, event.is_first) for event in self.events))


@dataclass(frozen=True)
class Examined:
    """What one file is to the detector."""

    name: str
    framing: str
    claims: tuple[tuple[str, int], ...]
    """(format, how many of the first records are surely its own), best first."""
    looked_at: int
    """How many first records were shown to the formats."""
    mapping: str | None
    """Name of the `[sources.NAME]` that applies to the file."""
    tally: FileTally
    sources: tuple[tuple[str, int], ...] = ()
    """(format, events) of the file's lines."""
    sends: int = 0
    """Without those that were dropped before they left."""
    dropped: int = 0
    recipients: int = 0
    nameless: int = 0
    """Sends without subject, template and size."""
    archives: tuple[Archive, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The first events: time, type, recipient, sender, subject, template."""
    rejects: tuple[tuple[int, str, int], ...] = ()
    """(first record number, reason, how many) of what could not be read, most frequent first."""
    known: tuple[str, ...] = ()
    """Formats there are, if none claims the file."""
    unused: tuple[str, ...] = ()
    """Columns of a table that say nothing to the detector."""
    words: str = ""
    """The setting `words` for the mapping that applies, if the table has some that nobody knows."""
    proposal: str = ""
    """A mapping to paste into the config, if nobody knows the table or its words; or a comment: what to do first."""
