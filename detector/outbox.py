"""What is due leaves, and what became of it is written down before and after, so that nothing leaves twice.

A message that was sent, or of which nobody can know whether it arrived, is never sent again, and the latter is shown by
every run until a person settles it. What was certainly not sent is tried again by the next run, unless it was refused
for good; then it waits until its destination in the config has changed.

The exceptions are channels on which the same message again changes nothing, because they know it by its key: there an
attempt without a known end is made again under the same key until it is known to have arrived.

Two fuses, for a detector of mass mail must not be able to send mass mail: a channel gets three messages within the hour
and one list of all the rest; and what would say to the same people what they were told before is not sent.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from detector.case_record import stamp
from detector.errors import ChannelError, JournalError
from detector.notice_journal import REMEDY, Entry, Journal, state_of
from detector.notice_record import KINDS, Alert, Message, Notice, notice_named

REPEATABLE = frozenset({"folder", "webhook", "pagerduty"})
"""Channels on which delivering the same message again changes nothing."""
UNLIMITED = frozenset({"folder"})
MOST_MESSAGES = 3
"""To one destination within FUSE; what is beyond comes in one more, as a list."""
FUSE = timedelta(hours=1)

_LONGEST_DETAIL = 500


@dataclass(frozen=True)
class Door:
    """How messages leave."""

    render: Callable[[Message], Alert]
    deliver: Callable[[str, Alert], tuple[str, ...]]
    """Channel, alert; a remark for each person it did not reach. Raises ChannelError, see `channels`."""
    destinations: Mapping[str, str] = field(default_factory=dict)
    """For each channel a digest of where it leads."""


@dataclass(frozen=True)
class Settlement:
    """What became of the notices of one run."""

    notices: tuple[Notice, ...]
    """Every notice that was asked for, in that order, with its state after the run."""
    held: tuple[Notice, ...]
    """Due, but kept back by a fuse; they stay due."""
    problems: tuple[str, ...]
    """One sentence for each message that failed, is unknown, or did not reach everybody."""

    @property
    def exit_code(self) -> int:
        return ChannelError.exit_code if self.problems else 0


def deliver_due(journal: Journal, notices: Sequence[Notice], door: Door, as_of: datetime) -> Settlement:
    """Deliver what is due, in the order given (the gravest first), and say what became of every notice.

    For each channel: 1. pack what is due into messages, what was interrupted first. 2. Keep to the fuse. For each
    message: 3. render it. 4. Refuse it if it is a repeat. 5. Write the claim. 6. Deliver. 7. Write the outcome.
    An error that is no ChannelError ends the run at step 6 with the claim standing, so it counts as unknown.
    """
    problems = list(_standing_problems(journal, notices, door))
    held: list[Notice] = []
    channels = dict.fromkeys((*(n.channel for n in notices), *(e.channel for e in journal.messages())))
    for channel in channels:
        due = [n for n in dict.fromkeys(notices) if n.channel == channel and _is_due(journal, n, door)]
        packed = (*_interrupted(journal, channel), *_packed(due))
        leaving, kept = _fused(packed, channel, _lately(journal, channel, as_of))
        held += kept
        for message in leaving:
            problems += _attempt(journal, message, door, as_of)
    after = tuple(replace(notice, state=state_of(journal.latest(notice))) for notice in notices)
    if held:
        problems.append(f"{len(held)} notices are kept back: too much has left within the hour. The next run goes on.")
    return Settlement(after, tuple(held), tuple(problems))


def settle(journal: Journal, message: Entry, fact: str, as_of: datetime) -> None:
    """A person has looked and says what became of a message: "sent", or "not_sent" to have it tried again."""
    if fact not in {"sent", "not_sent"}:
        raise ValueError(f"a person can settle a message as sent or not_sent, not as {fact!r}")
    detail = "settled by a person"
    journal.append(Entry(fact, message.notice_key, message.channel, stamp(as_of), detail=detail))


def unsettled(journal: Journal) -> list[Entry]:
    """The messages that only a person can settle: nobody can know whether they arrived."""
    return [e for e in journal.messages() if e.fact in {"claimed", "unknown"} and e.channel not in REPEATABLE]


def refuse_a_journal_that_lags(journal: Journal, notices: Iterable[Notice]) -> None:
    """A notice the database knows as tried and the journal does not: an old copy of the journal was put back."""
    for notice in notices:
        if notice.state != "planned" and journal.latest(notice) is None:
            raise JournalError(
                f"{journal.path}: knows nothing of {notice.notice_key} by {notice.channel}, which was"
                f" {notice.state} in an earlier run. {REMEDY}"
            )


# --- what is due -----------------------------------------------------------------------------------------------------


def _is_due(journal: Journal, notice: Notice, door: Door) -> bool:
    """Never tried, or certainly not sent and worth another try. What was interrupted goes its own way."""
    entry = journal.latest(notice)
    if entry is None:
        return True
    return entry.fact == "not_sent" and not _is_refused_for_good(entry, door)


def _is_refused_for_good(entry: Entry, door: Door) -> bool:
    return entry.permanent and entry.destination == door.destinations.get(entry.channel, "")


def _interrupted(journal: Journal, channel: str) -> list[Message]:
    """What was begun and has no known end, on a channel where it may be finished under the same key."""
    if channel not in REPEATABLE:
        return []
    return [_message_of(e) for e in journal.messages(channel) if e.fact in {"claimed", "unknown"}]


def _message_of(entry: Entry) -> Message:
    """The message that was once claimed."""
    return _message([notice_named(key, entry.channel) for key in entry.carries], entry.notice_key)


def _packed(due: Sequence[Notice]) -> list[Message]:
    """All notices about one incident in one message, and all that is only summed up in one."""
    packs: dict[str, list[Notice]] = {}
    for notice in due:
        packs.setdefault("" if notice.kind == "summary" else notice.incident_id, []).append(notice)
    return [_message(pack) for pack in packs.values()]


def _message(notices: Sequence[Notice], key: str = "") -> Message:
    """One message; named after its gravest notice, or after all of them if it is about several incidents."""
    ordered = tuple(sorted(notices, key=lambda n: KINDS.index(n.kind) if n.kind in KINDS else len(KINDS)))
    kind = ordered[0].kind
    if len({notice.incident_id for notice in ordered}) > 1:
        kind = "summary" if all(notice.kind == "summary" for notice in ordered) else "digest"
        names = "\n".join(sorted(notice.notice_key for notice in ordered))
        key = key or f"{kind}.{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    return Message(key or ordered[0].notice_key, kind, ordered[0].channel, ordered)


# --- the fuses -------------------------------------------------------------------------------------------------------


def _lately(journal: Journal, channel: str, as_of: datetime) -> int:
    """How many messages may have reached a channel within the hour."""
    return sum(e.fact != "not_sent" and abs(as_of - e.at) < FUSE for e in journal.messages(channel))


def _fused(packed: Sequence[Message], channel: str, lately: int) -> tuple[list[Message], list[Notice]]:
    """What leaves now, the rest as one list; and what must wait until the hour is over."""
    free = MOST_MESSAGES - lately
    if channel in UNLIMITED or len(packed) <= free:
        return list(packed), []
    alone, rest = packed[: max(0, free)], packed[max(0, free) :]
    notices = [notice for message in rest for notice in message.notices]
    if free < 0:  # the list has gone as well
        return [], notices
    return [*alone, rest[0] if len(rest) == 1 else _message(notices)], []


def _digest(alert: Alert) -> str:
    """What a message says, apart from its own name."""
    said = f"{alert.subject}\n{alert.text}".replace(alert.notice_key, "")
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _repeated(journal: Journal, message: Message, content: str) -> Entry | None:
    """A message that said the very same on the same channel under another key."""
    others = (e for e in journal.messages(message.channel) if e.notice_key != message.message_key)
    return next((e for e in others if e.content == content and e.fact != "not_sent"), None)


# --- one message -----------------------------------------------------------------------------------------------------


def _attempt(journal: Journal, message: Message, door: Door, as_of: datetime) -> list[str]:
    """Claim, deliver, write the outcome; in this order, so that a crash anywhere errs towards "unknown"."""
    alert = door.render(message)
    content = _digest(alert)
    name = f"{message.message_key} by {message.channel}"
    twin = _repeated(journal, message, content)
    if twin:
        return [f"{name} was held back: it says word for word what {twin.notice_key} said on {twin.as_of}."]
    keys = tuple(notice.notice_key for notice in message.notices)
    claim = Entry(
        "claimed", message.message_key, message.channel, stamp(as_of),
        covers=() if keys == (message.message_key,) else keys, said=alert.said, content=content,
        destination=door.destinations.get(message.channel, ""),
    )  # fmt: skip
    outcome = Entry("sent", message.message_key, message.channel, claim.as_of)
    journal.append(claim)
    try:
        remarks = door.deliver(message.channel, alert)
    except ChannelError as error:
        fact = "unknown" if error.outcome == "unknown" else "not_sent"
        is_final = error.permanent and fact == "not_sent"
        journal.append(replace(outcome, fact=fact, permanent=is_final, detail=str(error)[:_LONGEST_DETAIL]))
        return [f"{name}: {error}"]
    journal.append(replace(outcome, detail="; ".join(remarks)[:_LONGEST_DETAIL]))
    return [f"{name} was delivered, but {remark}" for remark in remarks]


def _standing_problems(journal: Journal, notices: Sequence[Notice], door: Door) -> Iterable[str]:
    """What must be said in every run of what is not tried again and not known to be sent."""
    for entry in unsettled(journal):
        yield (
            f"{entry.notice_key} by {entry.channel}: nobody can know whether the message of {entry.as_of} arrived. It "
            f"is not sent again. Look for it, then: detector notices settle {entry.notice_key} --arrived (or --resend)"
        )
    carriers = (journal.latest(notice) for notice in notices)
    refused = {(e.notice_key, e.channel): e for e in carriers if e and e.fact == "not_sent"}
    for entry in refused.values():
        if _is_refused_for_good(entry, door):
            yield (
                f"{entry.notice_key} by {entry.channel} was refused for good on {entry.as_of} and is not tried again "
                f"before the settings of the channel have changed: {entry.detail}"
            )
