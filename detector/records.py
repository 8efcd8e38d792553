"""The nouns of the detector, frozen. One noun per idea, the same word in code, tables, tests and documents.

Times end in `_at`, are timezone-aware and in UTC. Durations carry their unit. Counts are plural nouns. The page is
longer than a room may be, for whoever looks a noun up finds them all here.
"""

from dataclasses import dataclass, field
from datetime import datetime

from detector.case_record import CaseRecord

MEANT = "deliberate-resend"
"""The cause that is no fault."""


@dataclass(frozen=True)
class FileTally:
    """What became of one input file: every record is accounted for, or the file is not taken."""

    name: str
    """The path as given, for people; never used to decide anything."""
    format: str | None = None
    """The log format that claimed it: "postfix", "ses", "plain"; None if nothing did."""
    records: int = 0
    """Records framed by Python, counted independently of the four outcomes below."""
    events: int = 0
    ignored: int = 0
    """Records the format knows and that are no mail: connects, headers, statistics."""
    rejected: int = 0
    """Records no one could read; each is kept with file, number, text and reason."""
    blank: int = 0
    held: int = 0
    """1 if the file ends in the middle of a record, which is read when the rest arrives; else 0."""
    known_records: int = 0
    """Records of this file that an earlier run (or an identical file) already brought in."""
    assumptions: tuple[str, ...] = ()
    """Sentences such as "no zone in the stamps: read as UTC"."""
    problem: str | None = None
    """One clear line if the file needs a person's eye (exit code 3); None if all is well."""
    earlier: "FileTally | None" = None
    """If all of it is known: what the run that brought it in said of it, which is what a report shows."""
    rejected_because: str = ""
    """The most frequent reason, in the run that read the file."""
    proved_zone: str = ""
    """An offset such as "+11:00", if the log proves that its stamps are of that and not of the config's zone."""

    @property
    def is_balanced(self) -> bool:
        """The conservation law of one file."""
        return self.records == self.events + self.ignored + self.rejected + self.blank + self.held


@dataclass(frozen=True)
class CauseCandidate:
    """One possible explanation of an incident, with what speaks for and against it."""

    cause: str
    """Slug, such as "whole-group-loop"; "unknown" when the evidence does not tell."""
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    first_question: str = ""
    """What to ask whoever runs the sending system."""
    how_to_stop: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Incident:
    """What a person must look at. It lives across nights and its id never changes."""

    incident_id: str
    """Such as "INC-7F3K"; assigned once."""
    state: str
    """"active", "quiet", "stopped", "withdrawn" or, while the feed is stale, "blind": the machine's view only."""
    severity: str
    """"info", "minor", "serious" or "grave"."""
    template: str
    """What was sent, in words a person knows: template id, else subject, else "mail from X of about 5.2 kB"."""
    rung: str
    """What the identity of "the same mail" rests on: "template+subject", "subject" or "sender+size"."""
    sender: str
    organizations: tuple[str, ...]
    """The clients whose people were hit, most people first; empty if only free-mail addresses were."""
    started_at: datetime
    """The first extra copy."""
    ended_at: datetime
    """The last extra copy seen."""
    detected_at: datetime
    """Log time of the first send at which the evidence, from the log up to that moment only, crossed the alarm line."""
    first_sent_at: datetime
    """The first copy of all, which was rightly sent; `started_at` if that was an extra copy of an incident before."""
    ongoing: bool | None
    """None while the feed is stale: nobody can know."""
    recipients: int
    """People with at least one extra copy."""
    sends: int
    """All copies these people got, the rightful one included."""
    excess: int
    """Copies that should not have gone."""
    copies_min: int
    copies_median: float
    copies_max: int
    median_gap_seconds: float
    """Median time between one copy and the next to the same person."""
    cause: str = "unknown"
    cause_candidates: tuple[CauseCandidate, ...] = ()


@dataclass(frozen=True)
class AffectedRecipient:
    """One person hit by one incident: a row of affected.csv."""

    incident_id: str
    recipient: str
    organization: str | None
    sends: int
    expected: int
    excess: int
    first_sent_at: datetime
    last_sent_at: datetime
    first_extra_at: datetime | None = None
    """The first copy beyond those due; None if the log no longer supports the incident."""


@dataclass(frozen=True)
class Copy:
    """One send of an incident, the rightful ones included: what a vendor can find in its own logs."""

    recipient: str
    organization: str | None
    sent_at: datetime
    message_id: str
    """As logged; "" if the log has none."""
    log_key: str
    """What the log calls the message, such as host and queue id; "" if it has no id of its own."""
    subject: str
    template: str
    source: str
    file: str
    record_number: int
    outcome: str
    attempts: int
    is_extra: bool


@dataclass(frozen=True)
class EarlierIncident:
    """What else happened to one client, before or after."""

    incident_id: str
    organization: str
    started_at: datetime
    recipients: int
    """People of this client."""
    excess: int
    """Copies too many to people of this client."""


@dataclass(frozen=True)
class Timeline:
    """Copies over time for the plot and its table; buckets are half-open and contiguous."""

    bucket_seconds: int
    starts_at: tuple[datetime, ...]
    first_copies: tuple[int, ...]
    """Sends of the template in the bucket that were not repeats (all recipients)."""
    extra_copies: tuple[int, ...]
    """Repeats of this incident in the bucket."""
    usual_first: tuple[int, ...] = ()
    """What the same time of day had at most in the 28 days before; empty if the template was sent on fewer than 3."""
    usual_extra: tuple[int, ...] = ()
    """The same for repeats; those that belong to incidents are left out."""
    usual_days: int = 0
    """Days of these 28 on which the template was sent."""


@dataclass(frozen=True)
class Heat:
    """Who was sent copies when, over the time of the timeline."""

    bucket_seconds: int
    starts_at: tuple[datetime, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """(recipient, copies per bucket), hit first on top; where they are many, (which of them, copies of all these)."""
    people_per_row: int = 1


@dataclass(frozen=True)
class LagProfile:
    """After which lags the mail was sent again: in this incident, and in what of the template is in none."""

    sends: int
    repeats: tuple[int, ...]
    """Extra copies of the incident in each lag bin, from 2 seconds to 60 days."""
    usual_sends: int
    """Sends of the templates that are no extra copies of any incident; rightful copies, also of this one, are there."""
    usual_repeats: tuple[int, ...]


@dataclass(frozen=True)
class CaseFacts:
    """Everything the documents of one incident may say. Computed once; documents add no figure of their own."""

    incident: Incident
    affected: tuple[AffectedRecipient, ...]
    """By organization, then most copies first."""
    timeline: Timeline
    log_complete_through: datetime
    """The newest moment the log knows of; nothing after it is known."""
    usual_repeats_per_1000: float | None
    """Of 1,000 sends of this template on ordinary days, how many were repeats."""
    spared_recipients: int
    """People of the same organizations who got this template in the same days exactly as often as they should."""
    outcomes: tuple[tuple[str, int], ...]
    """(outcome, extra copies), most first; outcome as in view `sends`."""
    message_ids: int
    """Distinct message ids among the extra copies."""
    sources: tuple[str, ...]
    """Formats the copies were read from."""
    subjects: tuple[str, ...]
    """Up to three subjects as logged (hostile text!), most frequent first; empty if the log has none."""
    evidence: tuple[str, ...]
    """Why this is an incident, one sentence per number."""
    example_times: tuple[tuple[str, tuple[datetime, ...]], ...] = ()
    """For up to three typical people: (recipient, times of their first extra copies, at most 12)."""
    grade: str = "B"
    """"A" if each copy has an id of its own in the log, "B" if copies are told apart by their time only."""
    earlier: tuple[EarlierIncident, ...] = ()
    """What happened to the same clients before, newest first."""
    later: tuple[EarlierIncident, ...] = ()
    """What has extra copies to the same clients after the last one of this incident to them, newest first."""
    record: CaseRecord | None = None
    """What people did about it, from its journal; None where there is no journal, as in an evaluation."""
    heat: Heat | None = None
    """None if the log no longer supports the incident."""
    lags: LagProfile | None = None


@dataclass(frozen=True)
class RosterGap:
    """One enrolment without its mail, or one mail without an enrolment."""

    kind: str
    """"missing" or "not enrolled"."""
    recipient: str
    course: str
    """"" if the mail does not name one."""
    organization: str | None
    at: datetime
    """When the person enrolled, or was sent the mail."""


@dataclass(frozen=True)
class Archive:
    """An address that gets a copy of other people's mail, which is not counted."""

    recipient: str
    sender: str
    """Whose mail it gets."""
    mails: int
    is_named: bool
    """The config names it; else it was found."""


@dataclass(frozen=True)
class NightFacts:
    """Everything the nightly report may say."""

    as_of: datetime
    log_complete_from: datetime | None
    log_complete_through: datetime | None
    is_stale: bool
    files: tuple[FileTally, ...]
    sends: int
    """Sends in the store after this night; `dropped` ones never left and are not among them."""
    recipients: int
    templates: int
    repeats: int
    """Repeats of any kind, ordinary ones included."""
    incident_repeats: int
    """Those of them that are in incidents, whose `excess` may be more: mails that are the same in another sense."""
    cases: tuple[CaseFacts, ...]
    """Every incident known, newest first."""
    daily_sends: tuple[tuple[datetime, int, int], ...] = ()
    """(day, sends, extra copies in incidents) for the month's picture."""
    version: str = ""
    enrolments: int | None = None
    """In the roster; None without one."""
    roster_gaps: tuple[RosterGap, ...] = ()
    """Missing mails first, then mails to people who are not enrolled; by time."""
    notes: tuple[str, ...] = ()
    """What people must be told of the incidents first: claims that the log contradicts, promises that are late."""
    dropped: int = 0
    dropped_most: tuple[str, int, datetime] | None = None
    """(recipient, mails, day): who had most mails dropped in a day, if they were as many as make an incident."""
    archives: tuple[Archive, ...] = ()
    nameless: int = 0
    """Sends without subject, template and size: whether two of them are the same mail, nobody can tell."""


@dataclass(frozen=True)
class Document:
    """A named text (or image) that people will read."""

    name: str
    """File name, fixed by us, never built from log text; in an incident's folder also one folder down."""
    content: str
    figures: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(what, value) of all that may change under an edited draft, for the list beside its newer version."""
