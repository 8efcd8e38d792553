"""The journal of one incident, `journal.log` in its folder: one JSON object a line, only ever added to, each on the
disk before the next step. It outlives the database: who did what, when, is known to nothing else.

Each line ends in a seal made from itself and the seal before it, so a line that was changed, lost or slipped in is
noticed. What follows the last line break was cut off by a crash: it did not happen, and the next entry takes its place.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.case_record import CaseRecord, JournalEntry, as_values, from_values
from detector.disk import sync
from detector.errors import StoreError
from detector.lifecycle import replay
from detector.seals import sealed

NAME = "journal.log"


@dataclass(frozen=True)
class Reading:
    """What a journal holds."""

    entries: tuple[JournalEntry, ...] = ()
    remark: str = ""
    """A sentence if the end of the file had been cut off; else ""."""


def read(folder: Path) -> Reading:
    """Every entry of the incident in `folder`, oldest first; none if it has no journal yet.

    Raises StoreError at the first line that is not what was written.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Reading()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}). Give its owner the right to.") from error
    entries, _, torn = _parsed(path, content)
    return Reading(entries, f"{path}: the last line was cut off and counts as not written." if torn else "")


def record_of(incident_id: str, folder: Path) -> CaseRecord:
    """The incident in `folder` as its journal tells it. Raises StoreError as `read` does."""
    return replay(incident_id, read(folder).entries)


def append(folder: Path, entries: Sequence[JournalEntry], *, seen: int | None = None) -> None:
    """Add entries, all of them on the disk before this returns.

    `seen` is how many entries the caller judged from; if somebody has added one since, nothing is written.
    """
    if not entries:
        return
    path = folder / NAME
    try:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _add(path, descriptor, entries, seen)
        finally:
            os.close(descriptor)
        if is_new:
            sync(folder)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); {entries[0].kind!r} was not noted. "
            "Free space or fix its rights, then say it again."
        ) from error


def _add(path: Path, descriptor: int, entries: Sequence[JournalEntry], seen: int | None) -> None:
    """Write behind the last whole line of the file that is open and locked."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read()
    known, seal, torn = _parsed(path, content)
    if seen is not None and len(known) != seen:
        raise StoreError(f"{path}: somebody else noted something meanwhile. Look at it, then say yours again.")
    if torn:
        os.ftruncate(descriptor, len(content) - torn)
    text = b"" if not known or content[len(content) - torn - 1 :][:1] == b"\n" else b"\n"
    for entry in entries:
        seal, line = sealed(as_values(entry), seal)
        text += line
    if os.write(descriptor, text) != len(text):
        raise OSError(0, "the disk took only a part")
    os.fsync(descriptor)


def _parsed(path: Path, content: bytes) -> tuple[tuple[JournalEntry, ...], str, int]:
    """The entries, the last seal, and how many bytes at the end are no whole line.

    A last line without its line break is whole if its seal is right: an editor may have taken the break away.
    """
    *lines, rest = content.split(b"\n")
    entries: list[JournalEntry] = []
    seal = ""
    for number, line in enumerate(lines, start=1):
        entry, seal = _entry(line, seal)
        if entry is None:
            raise StoreError(
                f"{path}: line {number} is damaged or was changed by hand. Put the file back from a backup; "
                "if there is none, move it aside: what people noted of this incident is then lost."
            )
        entries.append(entry)
    last, last_seal = _entry(rest, seal)
    if last is not None:
        return (*entries, last), last_seal, 0
    return tuple(entries), seal, len(rest)


def _entry(line: bytes, previous_seal: str) -> tuple[JournalEntry | None, str]:
    """One entry and its seal; None if the line is not what was written behind that seal."""
    try:
        values = json.loads(line)
        del values["seal"]
        seal, expected = sealed(values, previous_seal)
        if line != expected.rstrip(b"\n"):
            return None, ""
        return from_values(values), seal
    except (ValueError, TypeError, KeyError, RecursionError):
        return None, ""
