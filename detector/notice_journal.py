"""The journal of what was told: a file outside the database, which can be rebuilt while the memory of this cannot.

One line per fact, each on the disk before the next step:

    claimed   an attempt begins; from here on the message may be out. Holds what it carries and what it says
    sent      it was accepted
    not_sent  it certainly was not
    unknown   nobody can know

A claim with no outcome is a run that died: unknown as well. A line ends in a seal made from itself and the seal before
it, so a line that was changed, lost or slipped in is noticed (JournalError, nothing is sent). What follows the last
line break is a record that a crash cut off: it did not happen. A torn claim means nothing had left; a torn outcome
leaves the claim, hence unknown.

The caller holds the run lock and opens the journal *before* it plans the first notice, so that from then on a missing
journal means a lost one.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from detector.disk import sync, write_whole
from detector.errors import JournalError
from detector.notice_record import Notice, Told, notice_named
from detector.seals import sealed

FACTS = frozenset({"claimed", "sent", "not_sent", "unknown"})
_HEAD = {"journal": "notices of the detector", "version": 1}
REMEDY = "Nothing is sent. Put the file back from a backup: without it nobody knows which alerts went out."


@dataclass(frozen=True)
class Entry:
    """One fact about one message on one channel. `Journal.messages` has each with what its claim held."""

    fact: str
    notice_key: str
    """The key of the message."""
    channel: str
    as_of: str
    permanent: bool = False
    """Of a not_sent: it would be refused again."""
    detail: str = ""
    covers: tuple[str, ...] = ()
    """The keys of the notices that it carries, if it is not named after its only one."""
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each incident what it tells of it; see `Told`."""
    content: str = ""
    """A digest of what it says: the same to the same people again would be a repeat."""
    destination: str = ""
    """A digest of where it goes: what was refused for good is tried again once that is another."""

    @property
    def carries(self) -> tuple[str, ...]:
        """The keys of its notices."""
        return self.covers or (self.notice_key,)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.as_of)


class Journal:
    """The facts so far, and the only way to add one. Made by `open_journal`."""

    def __init__(self, path: Path, content: bytes) -> None:
        """Read every line; raises JournalError at the first that is not what was written."""
        self.path = path
        self._size = len(content)
        self._seal = ""
        self._messages: dict[tuple[str, str], Entry] = {}
        self._carriers: dict[tuple[str, str], str] = {}
        head, *lines = content.splitlines(keepends=True) or [b""]
        self._check(1, head, _HEAD)
        for number, line in enumerate(lines, start=2):
            entry, values = _parsed(line)
            if entry is None:
                raise self._damaged(number)
            self._check(number, line, values)
            self._take(entry)

    def messages(self, channel: str = "") -> Iterator[Entry]:
        """Every message ever tried, with its latest fact, the last one tried last."""
        return (entry for entry in self._messages.values() if channel in {"", entry.channel})

    def message(self, message_key: str, channel: str) -> Entry | None:
        """One message with its latest fact; None if it was never tried."""
        return self._messages.get((message_key, channel))

    def latest(self, notice: Notice) -> Entry | None:
        """The message that counts for this notice on its channel; None if nothing was ever tried."""
        key = self._carriers.get((notice.notice_key, notice.channel))
        return self._messages.get((key, notice.channel)) if key else None

    def notices(self) -> tuple[Notice, ...]:
        """Every notice ever tried, with its state."""
        named = ((notice_named(key, channel), carrier) for (key, channel), carrier in self._carriers.items())
        found = ((notice, self._messages[carrier, notice.channel]) for notice, carrier in named)
        return tuple(replace(notice, state=state_of(entry)) for notice, entry in found)

    def told(self, channel: str, subject: str) -> Told | None:
        """What the last message that may have arrived said of an incident on a channel."""
        for entry in reversed(self._messages.values()):
            if entry.channel == channel and subject in entry.said and entry.fact != "not_sent":
                said = dict(entry.said[subject])
                said["clients"] = tuple(said.get("clients", ()))
                return Told(**said, at=entry.at, is_certain=entry.fact == "sent")
        return None

    def append(self, entry: Entry) -> None:
        """Put one fact on the disk before returning. Raises JournalError, after which nothing may be sent."""
        seal, line = sealed(_values(entry), self._seal)
        try:
            self._write(line)
        except OSError as error:
            raise JournalError(
                f"{self.path}: {entry.fact!r} of {entry.notice_key} by {entry.channel} could not be written"
                f" ({error.strerror}). Nothing more is sent. Free or repair the disk and run again."
            ) from error
        self._size, self._seal = self._size + len(line), seal
        self._take(entry)

    def _write(self, line: bytes) -> None:
        """Only onto the very bytes that were read: a second writer would not know what we claimed, nor we his."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)  # never creates: a vanished journal is an error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_size != self._size:
                raise OSError(0, "somebody else has written to it, or an earlier write failed")
            if os.write(descriptor, line) != len(line):
                raise OSError(0, "the disk took only a part")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _take(self, entry: Entry) -> None:
        """Remember the fact. Nothing undoes a sent."""
        place = (entry.notice_key, entry.channel)
        known = self._messages.get(place)
        if known is not None and known.fact == "sent":
            return
        if entry.fact == "claimed" or known is None:
            self._messages.pop(place, None)
            self._messages[place] = entry
        else:  # the outcome of what was claimed
            self._messages[place] = replace(known, fact=entry.fact, permanent=entry.permanent, detail=entry.detail)
        for key in entry.carries if entry.fact == "claimed" or known is None else ():
            carrier = self._carriers.get((key, entry.channel))
            if carrier is None or self._messages[carrier, entry.channel].fact != "sent":
                self._carriers[key, entry.channel] = entry.notice_key

    def _check(self, number: int, line: bytes, fact: Mapping[str, object]) -> None:
        self._seal, expected = sealed(fact, self._seal)
        if line != expected:
            raise self._damaged(number)

    def _damaged(self, number: int) -> JournalError:
        return JournalError(f"{self.path}: line {number} is damaged or from another version. {REMEDY}")


def state_of(entry: Entry | None) -> str:
    """A notice's state in the words of `notice_record`; a claim that is still open after the run is an unknown."""
    if entry is None:
        return "planned"
    return "unknown" if entry.fact == "claimed" else entry.fact


def open_journal(path: Path, *, must_exist: bool) -> Journal:
    """Read the journal, cutting off what a crash left behind its last line; make an empty one if that is allowed.

    `must_exist` is true as soon as any notice was ever planned: then an absent journal is a lost one.
    """
    try:
        if not must_exist and not path.exists():
            _create(path)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        journal = Journal(path, whole)  # before the cut: a damaged file stays as it is, for whoever looks into it
        if len(whole) < len(content):
            _cut(path, len(whole))
    except FileNotFoundError as error:
        raise JournalError(f"{path}: the journal of notices is missing. {REMEDY}") from error
    except OSError as error:
        raise JournalError(f"{path}: cannot be used ({error.strerror}). {REMEDY}") from error
    return journal


def _values(entry: Entry) -> dict[str, Any]:
    """The entry as its line has it: without what says nothing."""
    told = {each.name: getattr(entry, each.name) for each in fields(entry)}
    return {
        each.name: list(told[each.name]) if each.name == "covers" else told[each.name]
        for each in fields(entry)
        if told[each.name] or (each.default is MISSING and each.default_factory is MISSING)
    }


def _parsed(line: bytes) -> tuple[Entry | None, dict[str, Any]]:
    """The entry a line holds, and its values; None if it holds none. Whether it is genuine is for the seal to tell."""
    try:
        values = json.loads(line)
        del values["seal"]
        entry = Entry(**{**values, "covers": tuple(values.get("covers", ()))})
        return (entry if entry.fact in FACTS else None), values
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        return None, {}


def _create(path: Path) -> None:
    """An empty journal, whole from its first moment: a file with less than its first line is a damaged one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, sealed(_HEAD, "")[1])


def _cut(path: Path, size: int) -> None:
    os.truncate(path, size)
    sync(path)
