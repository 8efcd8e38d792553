"""What people did about an incident, and what the machine saw of it night by night: the nouns of the case's journal.

Two states, never mixed: `signal` is the machine's alone (active, quiet, stopped, withdrawn, blind), `work` is people's
alone (new, acknowledged, contained, client told, letter approved, letter sent, following up, closed, dismissed).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

MACHINE = "detector"
"""Who wrote an entry that no person wrote."""
LETTER, HOLDING_NOTE, CORRECTION = "letter", "holding note", "correction"
"""What a client is written: the letter when it is over, a note before, and what sets right a letter that went out."""

_OURS = frozenset({"kind", "at", "by", "noted_at", "seal"})


@dataclass(frozen=True)
class JournalEntry:
    """One line of an incident's `journal.log`. What is written stays; a mistake is set right by a later entry."""

    kind: str
    """What happened, such as "contained" or "letter approved"; see `lifecycle`."""
    at: datetime
    """When it happened."""
    by: str
    """Who says so; "detector" for what the machine saw."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else belongs to it: text, numbers, lists; nothing that JSON does not know."""
    noted_at: datetime | None = None
    """When it was written down, if a person did so later."""


@dataclass(frozen=True)
class Promise:
    """What somebody promised a client, by when."""

    number: int
    """1 for the first promise of the incident; what `promise kept` names."""
    text: str
    owner: str
    due: date
    made_at: datetime
    made_by: str
    organization: str = ""
    """To whom; "" for all clients of the incident."""
    kept_at: datetime | None = None
    kept_by: str = ""
    follows: str = ""
    """What went out and says so: the next word to a client that its letter or holding note names; "" for all else."""
    changes: int = 0
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_because: str = ""

    @property
    def is_open(self) -> bool:
        """Neither kept nor withdrawn."""
        return self.kept_at is None and self.withdrawn_at is None

    def is_to(self, organization: str) -> bool:
        """Whether this client was promised it."""
        return self.organization in {"", organization}

    def is_overdue(self, now: datetime) -> bool:
        """Open, and its day is over (in UTC)."""
        return self.is_open and self.due < now.date()


@dataclass(frozen=True)
class Step:
    """One thing done for one client: told, a letter approved or sent."""

    organization: str
    at: datetime
    by: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of "client told" the `channel`; of "letter approved" the `text_sha256` and `facts_sha256`."""


@dataclass(frozen=True)
class Contradiction:
    """Somebody said that it was contained; the log has extra copies after that."""

    first_copy_at: datetime
    """The first extra copy after the containment that was claimed."""
    copies: int
    """How many since."""
    people: int


@dataclass(frozen=True)
class Pattern:
    """What an incident looked like: by this the same habit is known again, and what is far beyond it."""

    template_keys: tuple[str, ...]
    organizations: tuple[str, ...]
    recipients: int
    extra_median: float
    """Extra copies of a typical person."""
    extra_max: int
    gap_seconds: float
    """Median time between one copy and the next to the same person."""
    share: float | None = None
    """Of the people who were sent this mail while it went on, how many got it again; None if the log cannot tell."""


@dataclass(frozen=True)
class Verdict:
    """A person said that an incident is none, and why: its pattern does not alarm again."""

    incident_id: str
    at: datetime
    by: str
    reason: str
    pattern: Pattern


@dataclass(frozen=True)
class Braking:
    """The brake was pulled: the command of the config was run."""

    at: datetime
    release: str = ""
    """How people let go of it, in the words of the config."""
    outcome: str = "unknown"
    """"done" or "failed"; "unknown" if whoever pulled it died before it could say."""
    how: str = ""
    """What its command came to, such as "exit code 1"."""

    @property
    def in_words(self) -> str:
        """When, and with what outcome; nothing that the command printed, for that may hold addresses."""
        ended = {"done": "its command ended well", "failed": f"its command failed ({self.how})"}
        said = ended.get(self.outcome, "whether its command did its work nobody can know")
        return f"The brake was pulled at {spoken(self.at)}; {said}."


@dataclass(frozen=True)
class CaseRecord:
    """An incident as its journal tells it. Made by `lifecycle.replay` and by nothing else."""

    incident_id: str
    work: str = "new"
    signal: str = "active"
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What the newest night noted: `template`, `severity`, `organizations`, `recipients`, `sends`, `excess`,
    `copies_min`, `copies_median`, `copies_max`, `median_gap_seconds`, `cause`, `started_at`, `ended_at`,
    `detected_at` (times as datetimes)."""
    pattern: Pattern | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    contained_at: datetime | None = None
    """As claimed last."""
    contained_by: str = ""
    contained_how: str = ""
    contradicted_by: Contradiction | None = None
    told: tuple[Step, ...] = ()
    approved: tuple[Step, ...] = ()
    """The approvals in force, at most one for each client: neither revoked nor followed by another."""
    sent: tuple[Step, ...] = ()
    notes_approved: tuple[Step, ...] = ()
    """The same of holding notes, which are no letters."""
    notes_sent: tuple[Step, ...] = ()
    corrections_approved: tuple[Step, ...] = ()
    corrections: tuple[Step, ...] = ()
    """Corrections that went out: the second letter to a client, the third, ..."""
    outdated: tuple[Step, ...] = ()
    """The clients that hold a letter with facts that are no longer so: `because` in words, `held` by code of figure."""
    promises: tuple[Promise, ...] = ()
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_reason: str = ""
    """Why it was closed although something was open; "" if nothing was."""
    verdict: Verdict | None = None
    """Why it was dismissed, if it was."""
    muted_by: str = ""
    """The dismissed incident whose pattern this one repeats; "" if it is not muted."""
    muted_because: str = ""
    alarms_because: str = ""
    """Why this one alarms although one of its templates has a verdict: what of it is far beyond that."""
    merged_into: str = ""
    """The older incident that this one turned out to be a part of."""
    aliases: tuple[str, ...] = ()
    """Incidents that turned out to be a part of this one; their ids stay valid."""
    recurs_from: str = ""
    """The last incident before this one of the same shape."""
    recurs_after_days: int | None = None
    withdrawn_because: str = ""
    silenced_until: datetime | None = None
    """Until when alerts about it are held back, as said last; its ending and contradictions pass."""
    silenced_by: str = ""
    silenced_because: str = ""
    brake: Braking | None = None
    """How it was pulled last."""
    reopened_because: str = ""
    """Why it is open again after it had stopped, or been closed or dismissed; "" once a person has had a say."""
    entries: tuple[JournalEntry, ...] = ()

    @property
    def organizations(self) -> tuple[str, ...]:
        """The clients hit, as the newest night noted."""
        return tuple(self.figures.get("organizations", ()))

    def approvals(self, kind: str) -> tuple[Step, ...]:
        """The approvals of what a client is written, of one kind, that are in force."""
        found = {HOLDING_NOTE: self.notes_approved, CORRECTION: self.corrections_approved}
        return found.get(kind, self.approved)

    def sendings(self, kind: str) -> tuple[Step, ...]:
        """To whom the letter, the holding note or a correction went out."""
        return {HOLDING_NOTE: self.notes_sent, CORRECTION: self.corrections}.get(kind, self.sent)

    def held(self, organization: str) -> Step | None:
        """The letter that a client holds, or its last correction."""
        steps = (step for step in reversed((*self.sent, *self.corrections)) if step.organization == organization)
        return next(steps, None)

    def outdated_for(self, organization: str) -> Step | None:
        """What is no longer so in the letter that a client holds; None if all of it is."""
        return next((step for step in self.outdated if step.organization == organization), None)

    @property
    def to_correct(self) -> tuple[Step, ...]:
        """Letters that went out wrong, but for those with which people closed the incident."""
        return tuple(step for step in self.outdated if self.closed_at is None or step.at > self.closed_at)

    @property
    def was_dealt_with(self) -> bool:
        """A person has had a say."""
        return self.work != "new"

    @property
    def is_done_with(self) -> bool:
        """Somebody has closed or dismissed it."""
        return self.work in {"closed", "dismissed"}

    @property
    def is_open(self) -> bool:
        """Somebody still has to do something about it."""
        is_over = self.is_done_with or bool(self.merged_into) or bool(self.muted_by)
        return not is_over and (self.signal != "withdrawn" or self.was_dealt_with)

    def is_silent(self, now: datetime) -> bool:
        """Somebody asked for quiet, and the time is not over."""
        return self.silenced_until is not None and now < self.silenced_until

    @property
    def open_promises(self) -> tuple[Promise, ...]:
        """The promises that are neither kept nor withdrawn."""
        return tuple(promise for promise in self.promises if promise.is_open)

    def overdue(self, now: datetime) -> tuple[Promise, ...]:
        """The promises that are late."""
        return tuple(promise for promise in self.promises if promise.is_overdue(now))


def as_values(entry: JournalEntry) -> dict[str, Any]:
    """The entry as JSON writes it: times in UTC with a Z, fields in a fixed order."""
    if _OURS & entry.fields.keys():
        raise ValueError(f"{sorted(_OURS & entry.fields.keys())} are the journal's own names")
    values: dict[str, Any] = {"kind": entry.kind, "at": stamp(entry.at), "by": entry.by}
    if entry.noted_at is not None:
        values["noted_at"] = stamp(entry.noted_at)
    return values | dict(sorted(entry.fields.items()))


def from_values(values: Mapping[str, Any]) -> JournalEntry:
    """The entry that `as_values` wrote. Raises KeyError, TypeError or ValueError if it is none."""
    return JournalEntry(
        kind=values["kind"],
        at=datetime.fromisoformat(values["at"]),
        by=values["by"],
        fields={name: value for name, value in values.items() if name not in _OURS},
        noted_at=datetime.fromisoformat(values["noted_at"]) if "noted_at" in values else None,
    )


def pattern_values(pattern: Pattern) -> dict[str, Any]:
    """A pattern as a journal has it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(pattern).items()}


def pattern_in(values: Mapping[str, Any]) -> Pattern:
    """The pattern that `pattern_values` wrote."""
    return Pattern(
        **{**values, "template_keys": tuple(values["template_keys"]), "organizations": tuple(values["organizations"])}
    )


def stamp(moment: datetime) -> str:
    """A time as the journals write it: UTC with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def spoken(moment: datetime) -> str:
    """A time as people are told it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
