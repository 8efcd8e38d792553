"""The life of a promise, by the journal: made, in words or by what goes out; changed, kept, withdrawn. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from detector.case_record import LETTER, CaseRecord, JournalEntry, Promise

_NUMBER = re.compile(r"(?<=^promise )\d+$")
"""In the code of a promise among the words of an approval."""


def promised(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """One more, to one client or to all."""
    fields, due = entry.fields, date.fromisoformat(entry.fields["due"])
    promise = Promise(
        fields["number"], fields["text"], fields["owner"], due, entry.at, entry.by, fields.get("organization", "")
    )
    return replace(record, promises=(*record.promises, promise))


def _of_promise(record: CaseRecord, entry: JournalEntry, **changes: Any) -> CaseRecord:
    """The record with one promise that is no longer as it was."""
    number = entry.fields["number"]
    promises = (replace(p, **changes) if p.number == number else p for p in record.promises)
    return replace(record, promises=tuple(promises))


def kept(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """Done as it was said."""
    return _of_promise(record, entry, kept_at=entry.at, kept_by=entry.by)


def withdrawn(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """No longer open; it stays listed, with the reason."""
    why = entry.fields["reason"]
    return _of_promise(record, entry, withdrawn_at=entry.at, withdrawn_by=entry.by, withdrawn_because=why)


def changed(record: CaseRecord, entry: JournalEntry) -> CaseRecord:
    """What the entry does not name stays as it was."""
    changes = {name: entry.fields[name] for name in ("text", "owner", "due") if name in entry.fields}
    if "due" in changes:
        changes["due"] = date.fromisoformat(changes["due"])
    before = sum(p.changes for p in record.promises if p.number == entry.fields["number"])
    return _of_promise(record, entry, changes=before + 1, **changes)


def with_next_word(record: CaseRecord, entry: JournalEntry, follows: str) -> CaseRecord:
    """The day on which a client reads that it hears from us is promised like anything else."""
    if "next_on" not in entry.fields:
        return record
    name, due = entry.fields["organization"], date.fromisoformat(entry.fields["next_on"])
    text = f"Write to {name} how it went" if follows == LETTER else f"Call {name}"
    owner = entry.fields.get("next_by") or entry.by
    promise = Promise(len(record.promises) + 1, text, owner, due, entry.at, entry.by, name, follows=follows)
    return replace(record, promises=(*record.promises, promise))


def renumbered(fields: Mapping[str, Any], before: int) -> Mapping[str, Any]:
    """The same with the numbers that its promises have behind those of the incident that goes on."""
    if "number" in fields:
        fields = {**fields, "number": fields["number"] + before}
    if words := fields.get("words"):
        moved = {_NUMBER.sub(lambda found: str(int(found[0]) + before), code): text for code, text in words.items()}
        fields = {**fields, "words": moved}
    return fields
