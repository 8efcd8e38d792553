"""An incident's record for the terminal: facts, both states, what was done for each client, promises, the timeline.

From the journal alone, in plain text; nothing in it acts on a terminal.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from detector.case_record import MACHINE, CaseRecord, JournalEntry, Promise, as_values, stamp
from detector.documents import phrases
from detector.documents.escaping import visible
from detector.documents.sentences import cause_in_words
from detector.documents.still_going import BLIND
from detector.lifecycle_rules import obstacles
from detector.observations import journal_lost

_TIMELINE = "Timeline, by three clocks: the log's own, the night that saw it, and the wall clock of people"
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(
    record: CaseRecord, problems: tuple[str, ...], now: datetime, folder: Path | None = None, subject: str = ""
) -> str:
    """The whole of it, one fact a line: what is wrong, what is known, each client, the promises, the timeline."""
    places = (("folder", str(folder)), ("brief", str(folder / "brief.html"))) if folder else ()
    facts = [("what", _what(record, subject)), *_facts(record), *places, ("next", _next(record))]
    parts = [
        [f"{record.incident_id}: {visible(record.figures['template'])}"],
        [f"! {visible(problem)}" for problem in problems],
        [f"{name:<14}{visible(value)}" for name, value in facts if value],
        ["Clients", *(f"  {visible(line)}" for line in _clients(record))],
        ["Promises", *(f"  {visible(line)}" for line in _promises(record, now))] if record.promises else [],
        [_TIMELINE, *(f"  {visible(line)}" for line in timeline(record))],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def timeline(record: CaseRecord) -> Iterator[str]:
    """What happened when, and by whose clock: the copies, what each night noted, what people did."""
    lines = [
        (e.at, "night", f"{e.kind}{_said(e)}")
        if e.by == MACHINE
        else (e.at, "people", f"{e.by}: {e.kind}{_said(e)}{_noted_later(e)}")
        for e in record.entries
    ]
    lines.append((record.figures["started_at"], "log", "first extra copy"))
    lines.append((record.figures["ended_at"], "log", "last extra copy seen"))
    for at, clock, line in sorted(lines, key=lambda entry: entry[0]):
        yield f"{phrases.instant(at):>25}  {clock:<6}  {line}"


def as_json(record: CaseRecord, problems: tuple[str, ...], now: datetime) -> dict[str, Any]:
    """The record for other programs; times in UTC, texts exact."""
    figures = {name: _plain(value) for name, value in record.figures.items()}
    return {
        "incident_id": record.incident_id,
        "work": record.work,
        "signal": record.signal,
        "is_open": record.is_open,
        "problems": list(problems),
        **figures,
        "acknowledged_at": _plain(record.acknowledged_at),
        "contained_at": _plain(record.contained_at),
        "copies_after_containment": record.contradicted_by.copies if record.contradicted_by else 0,
        "told": [step.organization for step in record.told],
        "holding_notes_sent": [step.organization for step in record.notes_sent],
        "letters_approved": [step.organization for step in record.approved],
        "letters_sent": [step.organization for step in record.sent],
        "letters_outdated": {step.organization: step.fields["because"] for step in record.outdated},
        "corrections_sent": [step.organization for step in record.corrections],
        "promises": [_promise_values(promise, now) for promise in record.promises],
        "closed_at": _plain(record.closed_at),
        "dismissed_because": record.verdict.reason if record.verdict else "",
        "muted_by": record.muted_by,
        "muted_because": record.muted_because,
        "alarms_because": record.alarms_because,
        "merged_into": record.merged_into,
        "aliases": list(record.aliases),
        "recurs_from": record.recurs_from,
        "recurs_after_days": record.recurs_after_days,
        "withdrawn_because": record.withdrawn_because,
        "lost_work": record.lost_work,
        "journal": [as_values(entry) for entry in record.entries],
    }


def _promise_values(promise: Promise, now: datetime) -> dict[str, Any]:
    return {
        "number": promise.number,
        "organization": promise.organization,
        "text": promise.text,
        "owner": promise.owner,
        "due": promise.due.isoformat(),
        "follows": promise.follows,
        "kept_at": _plain(promise.kept_at),
        "withdrawn_at": _plain(promise.withdrawn_at),
        "withdrawn_because": promise.withdrawn_because,
        "is_overdue": promise.is_overdue(now),
    }


def recurrence(record: CaseRecord) -> str:
    """Same shape as INC-7F3K, seven days earlier."""
    if not record.recurs_from:
        return ""
    days = record.recurs_after_days or 0
    word = _NUMBER_WORDS[days] if 0 < days < len(_NUMBER_WORDS) else phrases.number(days)
    when = f"{word} day{'' if days == 1 else 's'} earlier" if days else "earlier on the same day"
    return f"same shape as {record.recurs_from}, {when}"


def remarks(record: CaseRecord) -> tuple[str, ...]:
    """What must stand beside an incident's figures wherever it is told, a sentence each."""
    said = (
        ("Muted: ", record.muted_because),
        ("Dismissed: ", f"{record.verdict.by} said why: {record.verdict.reason}" if record.verdict else ""),
        ("Alarms: ", record.alarms_because),
        ("Recurs: ", recurrence(record)),
        ("Also known as: ", ", ".join(record.aliases)),
        ("Withdrawn: ", record.withdrawn_because),
        ("Begun anew: ", journal_lost(record).removesuffix(".")),
    )
    return tuple(f"{title}{text}." for title, text in said if text)


def state(record: CaseRecord) -> str:
    """Both states in a few words."""
    muted = f", muted by {record.muted_by}" if record.muted_by else ""
    merged = f", now {record.merged_into}" if record.merged_into else ""
    return f"{record.signal}{muted}{merged}"


def _facts(record: CaseRecord) -> Iterator[tuple[str, str]]:
    figures = record.figures
    people = phrases.counted(figures["recipients"], "person", "people")
    excess = phrases.counted(figures["excess"], "extra copy", "extra copies")
    yield "figures", f"{people}, {excess}, {_each(figures)}"
    yield "extra copies", f"{phrases.instant(figures['started_at'])} to {phrases.instant(figures['ended_at'])}"
    yield "cause", _cause(figures["cause"])
    yield "severity", figures["severity"] + (" (muted)" if record.muted_by else "")
    why = BLIND if record.signal == "blind" else record.withdrawn_because
    yield "the log says", state(record) + (f": {why}" if why else "")
    yield "people say", record.work
    yield "begun anew", journal_lost(record)
    if record.contained_at:
        yield "contained", f"{phrases.instant(record.contained_at)} by {record.contained_by}: {record.contained_how}"
    if record.brake:
        yield "brake", record.brake.in_words
        yield "to release", record.brake.release
    if record.silenced_until:
        until = phrases.instant(record.silenced_until)
        yield "silenced", f"until {until} by {record.silenced_by}: {record.silenced_because}"
    yield "muted", record.muted_because
    yield "alarms", record.alarms_because
    if record.verdict:
        yield "dismissed", f"{record.verdict.by}: {record.verdict.reason}"
    if record.closed_at:
        reason = f", although something was open: {record.closed_reason}" if record.closed_reason else ""
        yield "closed", f"{phrases.instant(record.closed_at)} by {record.closed_by}{reason}"
    yield "recurs", recurrence(record)
    yield "also known as", ", ".join(record.aliases)


def _what(record: CaseRecord, subject: str) -> str:
    """The mail as its readers know it, and as the system does that sends it."""
    label = record.figures["template"]
    return f"{subject} (template {label})" if subject not in {"", label} else label


def _next(record: CaseRecord) -> str:
    """The first that people have to do, as long as there is something."""
    if not record.is_open:
        return ""
    if record.work == "new":
        return f"say who sees to it: detector incidents ack {record.incident_id}"
    found = obstacles(record)
    return f"before it can be closed: {found[0]}" if found else f"detector incidents close {record.incident_id}"


def _cause(cause: str) -> str:
    """What the copies look like, in the words of the brief; nobody has confirmed it."""
    words = cause_in_words(cause)
    return f"consistent with: {words} ({cause})" if cause != "unknown" else words


def _each(figures: Mapping[str, Any]) -> str:
    least, most = figures["copies_min"], figures["copies_max"]
    return phrases.counted(most, "copy", "copies") + " each" if least == most else f"{least:,} to {most:,} copies each"


def _clients(record: CaseRecord) -> Iterator[str]:
    """How far each client is; those whose addresses are private belong to none."""
    for organization in record.organizations:
        yield f"{organization}: {'; '.join(_steps(record, organization)) or 'nothing done yet'}"
    if not record.organizations:
        yield "none; the addresses are private"


def _steps(record: CaseRecord, organization: str) -> Iterator[str]:
    kinds = (
        ("told", record.told),
        *(("holding note approved", record.notes_approved), ("holding note sent", record.notes_sent)),
        *(("letter approved", record.approved), ("letter sent", record.sent)),
        *(("correction approved", record.corrections_approved), ("correction sent", record.corrections)),
    )
    for name, steps in kinds:
        for step in steps:
            if step.organization == organization:
                channel = step.fields.get("channel", "")
                by_what = f" by {channel}" if channel else ""
                yield f"{name} {phrases.instant(step.at)}{by_what} ({step.by})"
    if wrong := record.outdated_for(organization):
        yield f"HOLDS A WRONG LETTER: {wrong.fields['because']}"


def _promises(record: CaseRecord, now: datetime) -> Iterator[str]:
    for promise in record.promises:
        kept = f"kept {phrases.instant(promise.kept_at)}" if promise.kept_at else f"due {promise.due}"
        if promise.withdrawn_at:
            kept = f"withdrawn {phrases.instant(promise.withdrawn_at)}: {promise.withdrawn_because}"
        late = " OVERDUE" if promise.is_overdue(now) else ""
        whose = f" to {promise.organization}" if promise.organization and len(record.organizations) > 1 else ""
        yield f"promise {promise.number}{whose}: {promise.text} ({promise.owner}), {kept}{late}"


def _noted_later(entry: JournalEntry) -> str:
    if entry.noted_at is None or (entry.noted_at - entry.at).total_seconds() < 60:
        return ""
    return f" (noted {phrases.instant(entry.noted_at)})"


def _said(entry: JournalEntry) -> str:
    """What an entry says beside its kind, in words; of a kind that is not known here, nothing."""
    said = _WORDS[entry.kind](entry.fields) if entry.kind in _WORDS else ""
    return f": {said}" if said else ""


def _grown(fields: Mapping[str, Any]) -> str:
    people = phrases.counted(fields["recipients"], "person", "people")
    excess = phrases.counted(fields["excess"], "extra copy", "extra copies")
    return f"{people}, {excess}, the last at {phrases.instant(datetime.fromisoformat(fields['ended_at']))}"


def _contradicted(fields: Mapping[str, Any]) -> str:
    if not fields["copies"]:
        return "no longer; the log as it is now has none after it"
    copies = phrases.counted(fields["copies"], "extra copy", "extra copies")
    people = phrases.counted(fields["people"], "person", "people")
    first = phrases.instant(datetime.fromisoformat(fields["first_copy_at"]))
    return f"{copies} to {people} after it was said to be contained, the first at {first}"


def _of(*names: str) -> Callable[[Mapping[str, Any]], str]:
    """These fields as they are, with commas between."""
    return lambda fields: ", ".join(str(fields[name]) for name in names if fields.get(name))


def _went_out(fields: Mapping[str, Any]) -> str:
    next_word = f", who hear from us again by {fields['next_on']}" if "next_on" in fields else ""
    return f"{_of('organization', 'channel')(fields)}{next_word}"


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("opened", "extended", "revised"), _grown),
    **dict.fromkeys(("withdrawn", "reopened", "muted", "not muted"), _of("why")),
    **dict.fromkeys(("closed", "dismissed", "taken up again"), _of("reason")),
    "contained": _of("how"),
    "contradicted": _contradicted,
    "journal lost": lambda fields: f"people said {fields['was']!r} on the last night that had it",
    "client told": _of("organization", "channel"),
    **dict.fromkeys(("letter approved", "holding note approved", "correction approved"), _of("organization")),
    **dict.fromkeys(("letter revoked", "holding note revoked", "correction revoked"), _of("organization", "because")),
    **dict.fromkeys(("letter sent", "holding note sent", "correction sent"), _went_out),
    "letter outdated": lambda fields: f"{fields['organization']}, {fields['because'] or 'no longer'}",
    "promised": lambda fields: f"{fields['number']}, {fields['text']} ({fields['owner']}, due {fields['due']})",
    "kept": lambda fields: f"promise {fields['number']}",
    "promise changed": lambda fields: f"{fields['number']}, {_of('text', 'owner', 'due')(fields)}: {fields['reason']}",
    "promise withdrawn": lambda fields: f"{fields['number']}: {fields['reason']}",
    "merged": lambda fields: f"{fields['absorbed']} is a part of it",
    "merged into": _of("into"),
    "brake pulled": _of("command"),
    "brake ended": _of("outcome", "how", "said"),
    "recurs": lambda fields: f"like {fields['like']}, {phrases.counted(fields['days'], 'day')} earlier",
}
"""Kind of entry -> what it says."""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value
