"""The life of an incident: its journal replayed into a record. Pure.

Replay believes what is written; what may be written is for `lifecycle_rules` to say, once. So what was accepted stays
accepted, even if late rows of the log move a figure.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from detector.case_record import (
    HOLDING_NOTE,
    LETTER,
    Braking,
    CaseRecord,
    Contradiction,
    JournalEntry,
    Step,
    Verdict,
    as_values,
    from_values,
    pattern_in,
)
from detector.promises import changed, kept, promised, renumbered, with_next_word, withdrawn

TIMES = ("started_at", "ended_at", "detected_at")
BOUND = ("facts", "words", "dated", "written_in")
"""What of an approval stays with the letter once it is sent: its figures, what people filled in, its date, its language
and zone."""
_NOT_TAKEN_OVER = {"closed", "dismissed", "taken up again"}
"""What people decided of an incident on its own says nothing of the one that it turned out to be a part of."""


def replay(incident_id: str, entries: Sequence[JournalEntry]) -> CaseRecord:
    """The record that a journal tells. Entries of a kind that is not known, from a newer program, are only kept."""
    record = CaseRecord(incident_id)
    for entry in entries:
        record = _take(record, entry)
    return record


def absorbing(absorbed: CaseRecord, at: datetime, by: str) -> JournalEntry:
    """The entry with which an incident takes over another one, with all that people noted of it."""
    notes = [as_values(entry) for entry in absorbed.entries if entry.by != by]
    fields = {"absorbed": absorbed.incident_id, "aliases": list(absorbed.aliases), "notes": notes}
    return JournalEntry("merged", at, by, fields)


# --- replay ----------------------------------------------------------------------------------------------------------


def _take(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """The record after one more entry."""
    if entry.kind in BY_PEOPLE:
        record = BY_PEOPLE[entry.kind](_seen(record, entry), entry)
    elif entry.kind in BY_MACHINE:
        record = BY_MACHINE[entry.kind](record, entry)
    record = replace(record, entries=(*record.entries, entry))
    return replace(record, work=_work(record))


def _seen(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """Whoever does something about an incident has seen it."""
    if record.acknowledged_at is None:
        record = replace(record, acknowledged_at=entry.at, acknowledged_by=entry.by)
    return replace(record, reopened_because="")


def _work(record: CaseRecord) -> str:
    """How far people are; what is done for each client counts as done when it is done for all that were hit."""
    if record.verdict or record.closed_at:
        return "dismissed" if record.verdict else "closed"
    if _covers(record, record.sent):
        return "following up" if record.promises else "letter sent"
    told = (*record.told, *record.notes_sent)
    for name, steps in (("letter approved", (*record.approved, *record.sent)), ("client told", told)):
        if _covers(record, steps):
            return name
    if record.contained_at:
        return "contained"
    return "acknowledged" if record.acknowledged_at else "new"


def _covers(record: CaseRecord, steps: Sequence[Step]) -> bool:
    """Done for every client that was hit; with none on record, for anybody at all."""
    done = {step.organization for step in steps}
    return bool(done) and set(record.organizations) <= done


def _figures(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    values = {name: value for name, value in entry.fields.items() if name not in {"pattern", "why"}}
    values |= {name: datetime.fromisoformat(values[name]) for name in TIMES if name in values}
    pattern = entry.fields.get("pattern")
    return replace(record, figures=values, pattern=pattern_in(pattern) if pattern else record.pattern)


def _opened(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(_figures(record, entry), signal="active")


def _signal(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, signal=entry.kind)


def _reopened(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """Going on again: whoever closed or dismissed it did not know that."""
    why = entry.fields.get("why", "")
    return replace(record, signal="active", closed_at=None, verdict=None, withdrawn_because="", reopened_because=why)


def _withdrawn(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, signal="withdrawn", withdrawn_because=entry.fields.get("why", ""))


def _merged(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """What people noted of the other one counts here as far as it can; the rest stays readable in the entry."""
    absorbed = (entry.fields["absorbed"], *entry.fields.get("aliases", ()))
    record = replace(record, aliases=tuple(dict.fromkeys((*record.aliases, *absorbed))))
    promises_before = len(record.promises)
    for note in map(from_values, entry.fields.get("notes", ())):
        note = replace(note, fields=renumbered(note.fields, promises_before))
        is_older = note.kind == "contained" and record.contained_at is not None and note.at <= record.contained_at
        if note.kind in BY_PEOPLE and note.kind not in _NOT_TAKEN_OVER and not is_older:
            record = BY_PEOPLE[note.kind](_seen(record, note), note)
    return record


def _merged_into(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    into = entry.fields["into"]
    return replace(
        record, signal="withdrawn", merged_into=into, withdrawn_because=f"it turned out to be part of {into}"
    )


def _contradicted(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    first = datetime.fromisoformat(entry.fields["first_copy_at"])
    found = Contradiction(first, entry.fields["copies"], entry.fields["people"])
    return replace(record, contradicted_by=found if found.copies else None)


def _muted(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, muted_by=entry.fields["verdict"], muted_because=entry.fields["why"], alarms_because="")


def _not_muted(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, muted_by="", muted_because="", alarms_because=entry.fields["why"])


def _recurs(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, recurs_from=entry.fields["like"], recurs_after_days=entry.fields["days"])


def _brake_pulled(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, brake=Braking(entry.at, entry.fields.get("release", "")))


def _brake_ended(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    pulled = record.brake or Braking(entry.at)
    return replace(record, brake=replace(pulled, outcome=entry.fields["outcome"], how=entry.fields["how"]))


def _acknowledged(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return record


def _contained(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    how = entry.fields.get("how", "")
    return replace(record, contained_at=entry.at, contained_by=entry.by, contained_how=how, contradicted_by=None)


def _step(entry: JournalEntry) -> Step:
    others = {name: value for name, value in entry.fields.items() if name != "organization"}
    return Step(entry.fields["organization"], entry.at, entry.by, others)


def _adds(kept_in: str) -> "_Taking":
    """One more step."""
    return lambda record, entry: _with(record, kept_in, (*getattr(record, kept_in), _step(entry)))


def _with(record: CaseRecord, kept_in: str, steps: object) -> CaseRecord:
    return replace(record, **{kept_in: steps})  # type: ignore[arg-type]


def _revokes(kept_in: str) -> "_Taking":
    return lambda record, entry: _with(record, kept_in, _others(getattr(record, kept_in), entry))


def _approves(kept_in: str) -> "_Taking":
    """One approval for each client is in force."""
    return lambda record, entry: _adds(kept_in)(_revokes(kept_in)(record, entry), entry)


def _others(steps: Sequence[Step], entry: JournalEntry) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.organization != entry.fields["organization"])


def _with_facts(entry: JournalEntry, approvals: Sequence[Step]) -> Step:
    """What went out, with the facts that its approval bound: the client holds them from now on."""
    step = _step(entry)
    approval = next((a for a in approvals if a.organization == step.organization), step)
    return replace(step, fields={n: approval.fields[n] for n in BOUND if n in approval.fields} | dict(step.fields))


def _sent(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    step = _with_facts(entry, record.approved)
    record = replace(record, sent=(*record.sent, step), outdated=_others(record.outdated, entry))
    return with_next_word(record, entry, LETTER)


def _note_sent(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return with_next_word(_adds("notes_sent")(record, entry), entry, HOLDING_NOTE)


def _corrected(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """The next correction needs an approval of its own."""
    step, left = _with_facts(entry, record.corrections_approved), _others(record.corrections_approved, entry)
    sent = (*record.corrections, step)
    return replace(record, corrections=sent, corrections_approved=left, outdated=_others(record.outdated, entry))


def _outdated(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    steps = [_step(entry)] if entry.fields["because"] else []
    return replace(record, outdated=(*_others(record.outdated, entry), *steps))


def _closed(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, closed_at=entry.at, closed_by=entry.by, closed_reason=entry.fields.get("reason", ""))


def _dismissed(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    pattern = pattern_in(entry.fields["pattern"])
    return replace(record, verdict=Verdict(record.incident_id, entry.at, entry.by, entry.fields["reason"], pattern))


def _taken_up_again(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    return replace(record, closed_at=None, closed_by="", closed_reason="", verdict=None)


def _silenced(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    until, why = datetime.fromisoformat(entry.fields["until"]), entry.fields["reason"]
    return replace(record, silenced_until=until, silenced_by=entry.by, silenced_because=why)


_Taking = Callable[[CaseRecord, JournalEntry], CaseRecord]
BY_MACHINE: dict[str, _Taking] = {
    "opened": _opened,
    "extended": _figures,
    "revised": _figures,
    "active": _signal,
    "quiet": _signal,
    "stopped": _signal,
    "blind": _signal,
    "reopened": _reopened,
    "withdrawn": _withdrawn,
    "merged": _merged,
    "merged into": _merged_into,
    "contradicted": _contradicted,
    "muted": _muted,
    "not muted": _not_muted,
    "recurs": _recurs,
    "letter revoked": _revokes("approved"),
    "holding note revoked": _revokes("notes_approved"),
    "correction revoked": _revokes("corrections_approved"),
    "letter outdated": _outdated,
    "brake pulled": _brake_pulled,
    "brake ended": _brake_ended,
}
BY_PEOPLE: dict[str, _Taking] = {
    "acknowledged": _acknowledged,
    "contained": _contained,
    "client told": _adds("told"),
    "holding note approved": _approves("notes_approved"),
    "holding note sent": _note_sent,
    "letter approved": _approves("approved"),
    "letter sent": _sent,
    "correction approved": _approves("corrections_approved"),
    "correction sent": _corrected,
    "promised": promised,
    "kept": kept,
    "promise changed": changed,
    "promise withdrawn": withdrawn,
    "closed": _closed,
    "dismissed": _dismissed,
    "taken up again": _taken_up_again,
    "silenced": _silenced,
}
