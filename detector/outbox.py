"""Which alerts are due, and what became of each: written down before anything leaves, so nothing leaves twice.

The truth about sent alerts is the journal, a file of its own: the database can be rebuilt from the logs, the memory of
what was sent cannot. One line per fact, each on the disk before the next step:

    claimed   an attempt begins; from here on the alert may be out
    sent      it was accepted
    not_sent  it certainly was not; tried again by the next run, unless `permanent`
    unknown   nobody can know; never tried again, shown by every run until a person settles it

A notice with no line is planned. A claim with no outcome is a run that died: unknown as well. The one exception is the
folder, where a file is named after its notice: delivering again finds the file or writes it, never a second one, so
an interrupted attempt is simply finished, and there is no need for a fuse.

A line ends in a seal made from itself and the seal before it, so a line that was changed, lost or slipped in is
noticed (JournalError, nothing is sent). What follows the last line break is a record that a crash cut off: it did not
happen. A torn claim means nothing had left; a torn outcome leaves the claim, hence unknown.

The caller holds the run lock and opens the journal *before* it plans the first notice, so that from then on a missing
journal means a lost one.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from detector.disk import sync
from detector.errors import ChannelError, JournalError
from detector.records import Alert, Notice
from detector.seals import sealed

REPEATABLE = frozenset({"folder"})
"""Channels on which delivering the same notice again changes nothing."""
MOST_PER_RUN = 3
"""Attempts per other channel and run: a detector of mass mail must not be able to send mass mail."""

FACTS = frozenset({"claimed", "sent", "not_sent", "unknown"})
_LONGEST_DETAIL = 500
_HEAD = {"journal": "notices of the detector", "version": 1}
_REMEDY = "Nothing is sent. Put the file back from a backup: without it nobody knows which alerts went out."


@dataclass(frozen=True)
class Entry:
    """One fact about one notice on one channel."""

    fact: str
    notice_key: str
    channel: str
    as_of: str
    permanent: bool = False
    """Of a not_sent: it would be refused again."""
    detail: str = ""


@dataclass(frozen=True)
class Settlement:
    """What became of the notices of one run."""

    notices: tuple[Notice, ...]
    """Every notice that was asked for, in that order, with its state after the run."""
    held: tuple[Notice, ...]
    """Due, but kept back by the fuse; they stay due."""
    problems: tuple[str, ...]
    """One sentence for each alert that failed, is unknown, or did not reach everybody."""

    @property
    def exit_code(self) -> int:
        return ChannelError.exit_code if self.problems else 0


class Journal:
    """The facts so far, and the only way to add one. Made by `open_journal`."""

    def __init__(self, path: Path, content: bytes) -> None:
        """Read every line; raises JournalError at the first that is not what was written."""
        self.path = path
        self._size = len(content)
        self._seal = ""
        self._latest: dict[tuple[str, str], Entry] = {}
        head, *lines = content.splitlines(keepends=True) or [b""]
        self._check(1, head, _HEAD)
        for number, line in enumerate(lines, start=2):
            entry = _parsed(line)
            if entry is None:
                raise self._damaged(number)
            self._check(number, line, asdict(entry))
            self._take(entry)

    def latest(self, notice: Notice) -> Entry | None:
        """The fact that counts for this notice on its channel; None if nothing was ever tried."""
        return self._latest.get((notice.notice_key, notice.channel))

    def append(self, entry: Entry) -> None:
        """Put one fact on the disk before returning. Raises JournalError, after which nothing may be sent."""
        seal, line = sealed(asdict(entry), self._seal)
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
        known = self._latest.get((entry.notice_key, entry.channel))
        if known is None or known.fact != "sent":
            self._latest[entry.notice_key, entry.channel] = entry

    def _check(self, number: int, line: bytes, fact: Mapping[str, object]) -> None:
        self._seal, expected = sealed(fact, self._seal)
        if line != expected:
            raise self._damaged(number)

    def _damaged(self, number: int) -> JournalError:
        return JournalError(f"{self.path}: line {number} is damaged or from another version. {_REMEDY}")


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
        raise JournalError(f"{path}: the journal of notices is missing. {_REMEDY}") from error
    except OSError as error:
        raise JournalError(f"{path}: cannot be used ({error.strerror}). {_REMEDY}") from error
    return journal


def deliver_due(
    journal: Journal,
    notices: Sequence[Notice],
    render: Callable[[Notice], Alert],
    deliver: Callable[[str, Alert], tuple[str, ...]],
    as_of: datetime,
) -> Settlement:
    """Deliver what is due, in the order given (the gravest first), and say what became of every notice.

    For each notice: 1. leave it if the journal says sent, unknown or permanently refused. 2. Hold it if its channel
    has had its share of this run. 3. Render the alert. 4. Write the claim. 5. Deliver. 6. Write the outcome.
    An error that is no ChannelError ends the run at step 5 with the claim standing, so it counts as unknown.
    """
    _refuse_a_journal_that_lags(journal, notices)
    attempts: Counter[str] = Counter()
    held: list[Notice] = []
    problems: list[str] = []
    after: list[Notice] = []
    for notice in notices:
        if not _is_due(journal, notice):
            problems += _standing_problem(journal, notice)
        elif notice.channel not in REPEATABLE and attempts[notice.channel] >= MOST_PER_RUN:
            held.append(notice)
        else:
            attempts[notice.channel] += 1
            problems += _attempt(journal, notice, render(notice), deliver, as_of)
        after.append(replace(notice, state=_state(journal, notice)))
    return Settlement(tuple(after), tuple(held), tuple(problems))


def settle(journal: Journal, notice: Notice, fact: str, as_of: datetime) -> None:
    """A person has looked and says what became of an alert: "sent", or "not_sent" to have it tried again."""
    if fact not in {"sent", "not_sent"}:
        raise ValueError(f"a person can settle a notice as sent or not_sent, not as {fact!r}")
    journal.append(_entry(fact, notice, as_of, detail="settled by a person"))


def _attempt(
    journal: Journal, notice: Notice, alert: Alert, deliver: Callable[[str, Alert], tuple[str, ...]], as_of: datetime
) -> list[str]:
    """Claim, deliver, write the outcome; in this order, so that a crash anywhere errs towards "unknown"."""
    journal.append(_entry("claimed", notice, as_of))
    try:
        remarks = deliver(notice.channel, alert)
    except ChannelError as error:
        fact = "unknown" if error.outcome == "unknown" else "not_sent"
        permanent = error.permanent and fact == "not_sent"
        journal.append(replace(_entry(fact, notice, as_of, detail=str(error)), permanent=permanent))
        return [f"{notice.notice_key} by {notice.channel}: {error}"]
    journal.append(_entry("sent", notice, as_of, detail="; ".join(remarks)))
    return [f"{notice.notice_key} by {notice.channel} was delivered, but {remark}" for remark in remarks]


def _is_due(journal: Journal, notice: Notice) -> bool:
    """Never tried, certainly not sent and worth another try, or harmless to try again."""
    entry = journal.latest(notice)
    if entry is None:
        return True
    if entry.fact == "not_sent":
        return not entry.permanent
    return entry.fact != "sent" and notice.channel in REPEATABLE


def _standing_problem(journal: Journal, notice: Notice) -> list[str]:
    """What must be said in every run about a notice that is not tried again and not known to be sent."""
    entry = journal.latest(notice)
    if entry is None or entry.fact == "sent":
        return []
    name = f"{notice.notice_key} by {notice.channel}"
    if entry.fact == "not_sent":
        return [f"{name} was refused for good on {entry.as_of} and is not tried again: {entry.detail}"]
    return [f"{name}: nobody can know whether the alert of {entry.as_of} arrived. It is not sent again; look for it."]


def _state(journal: Journal, notice: Notice) -> str:
    """The notice's state in the words of `records`; a claim that is still open after the run is an unknown."""
    entry = journal.latest(notice)
    if entry is None:
        return "planned"
    return "unknown" if entry.fact == "claimed" else entry.fact


def _refuse_a_journal_that_lags(journal: Journal, notices: Sequence[Notice]) -> None:
    """A notice the database knows as tried and the journal does not: an old copy of the journal was put back."""
    for notice in notices:
        if notice.state != "planned" and journal.latest(notice) is None:
            raise JournalError(
                f"{journal.path}: knows nothing of {notice.notice_key} by {notice.channel}, which was"
                f" {notice.state} in an earlier run. {_REMEDY}"
            )


def _entry(fact: str, notice: Notice, as_of: datetime, *, detail: str = "") -> Entry:
    moment = as_of.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Entry(fact, notice.notice_key, notice.channel, moment, detail=detail[:_LONGEST_DETAIL])


def _parsed(line: bytes) -> Entry | None:
    """The entry a line holds; None if it holds none, and whether it is genuine is for the seal to tell."""
    try:
        values = json.loads(line)
        del values["seal"]
        entry = Entry(**values)
        return entry if entry.fact in FACTS else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _create(path: Path) -> None:
    """An empty journal, whole from its first moment: a file with less than its first line is a damaged one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, sealed(_HEAD, "")[1])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.rename(path)
    sync(path.parent)


def _cut(path: Path, size: int) -> None:
    os.truncate(path, size)
    sync(path)
