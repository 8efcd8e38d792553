"""What may be noted of an incident next, and what must be done before it can be closed. Pure.

Guarded once, at the door: nothing lies in the future or before the first extra copy, and nothing comes before what it
rests on. A refusal says what, when, and what to do.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from detector.case_record import CORRECTION, HOLDING_NOTE, LETTER, MACHINE, CaseRecord, JournalEntry, Promise, spoken
from detector.errors import RefusedError
from detector.lifecycle import BY_PEOPLE

_MINUTE = timedelta(minutes=1)


def noted_until(moment: datetime) -> datetime:
    """The end of what a time covers: one without seconds was read off a clock on the wall and means that minute."""
    return moment + _MINUTE if moment.second == 0 and moment.microsecond == 0 else moment


def check(record: CaseRecord, entry: JournalEntry, now: datetime) -> None:
    """Raise RefusedError if a person's entry cannot be so: with both times, or with what is missing."""
    if entry.kind not in BY_PEOPLE:
        raise ValueError(f"{entry.kind!r} is nothing that a person can note")
    if not entry.by.strip():
        raise _refused(record, entry, "has nobody who says so. Name them with --by")
    if entry.by == MACHINE:
        raise _refused(record, entry, f"cannot be said by {MACHINE!r}, which is the program itself. Use another --by")
    if entry.at > now:
        raise _refused(record, entry, f"lies in the future: it is {spoken(now)}. Give the time of it with --at")
    started_at = record.figures.get("started_at")
    if started_at is not None and noted_until(entry.at) < started_at:
        raise _refused(record, entry, f"lies before the first extra copy, {spoken(started_at)}. Check --at")
    if record.is_done_with and entry.kind != "taken up again":
        raise _refused(record, entry, f"comes too late: the incident is {record.work}. Say `incidents reopen` first")
    why = _WHY_NOT[entry.kind](record, entry)
    if why:
        raise _refused(record, entry, why)


def obstacles(record: CaseRecord) -> tuple[str, ...]:
    """What stands in the way of closing an incident, a few words each."""
    if record.signal == "withdrawn":
        found = []
    else:
        sent = {step.organization for step in record.sent}
        noted = {step.organization for step in record.notes_sent}
        told = {step.organization for step in record.told}
        found = [
            f"no letter was sent to {name}"
            + (", only a holding note" if name in noted else "" if name in told else ", and nobody told them")
            for name in record.organizations
            if name not in sent
        ]
        found += [f"{s.organization} holds a letter that is wrong ({s.fields['because']})" for s in record.outdated]
        if record.contradicted_by:
            found.insert(0, "the log has extra copies after it was said to be contained")
        if record.signal != "stopped":
            found.insert(0, f"the log does not say that it stopped but that it is {record.signal}")
    found += [f"promise {p.number} ({p.owner}, {p.due}) is not kept" for p in record.open_promises]
    return tuple(found)


def _refused(record: CaseRecord, entry: JournalEntry, why: str) -> RefusedError:
    return RefusedError(f"{record.incident_id}: {entry.kind!r} at {spoken(entry.at)} {why}. Nothing was noted.")


def _acknowledged(record: CaseRecord, entry: JournalEntry) -> str:
    if record.acknowledged_at is None or record.reopened_because:
        return ""
    return f"is known: {record.acknowledged_by} has had it since {spoken(record.acknowledged_at)}"


def _contained(record: CaseRecord, entry: JournalEntry) -> str:
    if not entry.fields.get("how", "").strip():
        return "does not say what stopped it. Say it with --how"
    if record.contained_at is None or entry.at >= record.contained_at:
        return ""
    return f"lies before {spoken(record.contained_at)}, when {record.contained_by} contained it. Check --at"


def _for_a_client(record: CaseRecord, entry: JournalEntry) -> str:
    name = entry.fields.get("organization", "")
    if not name.strip():
        hit = f": {', '.join(record.organizations)}" if record.organizations else ""
        return f"names no client. Name one with --organization{hit}"
    if record.organizations and name not in record.organizations:
        return f"names {name!r}, who was not hit. Hit were: {', '.join(record.organizations)}"
    return ""


def _told(record: CaseRecord, entry: JournalEntry) -> str:
    if not entry.fields.get("channel", "").strip():
        return "does not say how. Say it with --channel, such as phone or voicemail"
    return _for_a_client(record, entry)


def _sent(record: CaseRecord, entry: JournalEntry) -> str:
    name, kind = entry.fields.get("organization", ""), entry.kind.removesuffix(" sent")
    approval = next((step for step in record.approvals(kind) if step.organization == name), None)
    if why := _for_a_client(record, entry):
        return why
    if approval is None:
        if because := why_revoked(record, name, kind):
            return f"comes too late: {because}. Have it approved again: `detector letter approve`"
        return f"comes before anybody approved the {kind} to {name}. Have it approved first: `detector letter approve`"
    if noted_until(entry.at) < approval.at:
        return f"lies before {spoken(approval.at)}, when {approval.by} approved the {kind} to {name}. Check --at"
    return ""


def what_was_sent(record: CaseRecord, organization: str) -> str:
    """What somebody means who says that it went out: the letter, unless only a holding note waits for that, or a
    correction of the letter."""
    if any(step.organization == organization for step in record.corrections_approved):
        return CORRECTION
    waiting, went, letters = (
        {step.organization for step in steps} for steps in (record.notes_approved, record.notes_sent, record.approved)
    )
    return HOLDING_NOTE if organization in waiting - went - letters else LETTER


def next_word(record: CaseRecord, kind: str, organization: str) -> dict[str, str]:
    """What an approved text says of our next word to the client: the day, and who sees to it; once, however often it is
    noted that the same was sent."""
    if any((promise.follows, promise.organization) == (kind, organization) for promise in record.promises):
        return {}
    approval = next((step for step in record.approvals(kind) if step.organization == organization), None)
    fields = approval.fields if approval else {}
    return {name: str(fields[name]) for name in ("next_on", "next_by") if fields.get(name)}


def _promised(record: CaseRecord, entry: JournalEntry) -> str:
    fields = entry.fields
    if not fields.get("text", "").strip() or not fields.get("owner", "").strip():
        return "does not say what is promised, or who sees to it. Give the text and --owner"
    if date.fromisoformat(fields["due"]) < entry.at.date():
        return f"is due on {fields['due']}, before it was made. Check --due"
    return _for_a_client(record, entry) if fields.get("organization") else ""


def _promise_changed(record: CaseRecord, entry: JournalEntry) -> str:
    fields = entry.fields
    if why := _of_a_promise(record, entry):
        return why
    said = [str(fields[name]).strip() for name in ("text", "owner", "due") if name in fields]
    if not said or not all(said):
        return "does not say what is to change. Give the new text, --owner or --due"
    if "due" in fields and date.fromisoformat(fields["due"]) < entry.at.date():
        return f"is due on {fields['due']}, before it is changed. Check --due"
    return _has_reason(entry)


def _promise_withdrawn(record: CaseRecord, entry: JournalEntry) -> str:
    return _of_a_promise(record, entry) or _has_reason(entry)


def _has_reason(entry: JournalEntry) -> str:
    has_one = entry.fields.get("reason", "").strip()
    return "" if has_one else "gives no reason. Say why with --why: whoever was promised it will ask"


def _of_a_promise(record: CaseRecord, entry: JournalEntry) -> str:
    """Nothing is said of a promise that nobody made, that is kept or withdrawn, or before it was made."""
    promise = promise_of(record, entry.fields["number"])
    if promise is None:
        numbers = ", ".join(str(p.number) for p in record.promises)
        return f"names promise {entry.fields['number']}, which nobody made. " + (
            f"There are: {numbers}" if numbers else "There is none yet"
        )
    if promise.kept_at is not None:
        return f"is known: {promise.kept_by} kept promise {promise.number} at {spoken(promise.kept_at)}"
    if promise.withdrawn_at is not None:
        return f"comes too late: {promise.withdrawn_by} withdrew it at {spoken(promise.withdrawn_at)}"
    if noted_until(entry.at) < promise.made_at:
        return f"lies before {spoken(promise.made_at)}, when it was promised. Check --at"
    return ""


def _closed(record: CaseRecord, entry: JournalEntry) -> str:
    last = max((e.at for e in record.entries if e.kind in BY_PEOPLE), default=entry.at)
    if noted_until(entry.at) < last:
        return f"lies before {spoken(last)}, of which the last note is. Check --at"
    found = obstacles(record)
    if found and not entry.fields.get("reason", "").strip():
        return f"comes too early: {'; '.join(found)}. Do that first, or say --anyway --reason"
    return ""


def _dismissed(record: CaseRecord, entry: JournalEntry) -> str:
    if not entry.fields.get("reason", "").strip():
        return "gives no reason. Say why with --reason: whoever meets the pattern again will be shown it"
    due = record.open_promises if record.sent else ()
    if due:
        open_ones = ", ".join(f"promise {p.number} ({p.owner}, {p.due})" for p in due)
        name = record.incident_id
        return (
            f"comes too late: {', '.join(step.organization for step in record.sent)} has our letter, and {open_ones} "
            f"is not kept. Keep it (incidents promise kept {name}), or close it with --anyway --reason"
        )
    return "" if entry.fields.get("pattern") else "has no pattern yet. Run `detector nightly` first"


def _taken_up_again(record: CaseRecord, entry: JournalEntry) -> str:
    if not record.is_done_with:
        return f"is needless: the incident is {record.work}"
    return "" if entry.fields.get("reason", "").strip() else "gives no reason. Say why with --reason"


def why_revoked(record: CaseRecord, organization: str, kind: str) -> str:
    """When an approval of what a client is written was taken back, and what had moved; "" if that is not the last word
    on it."""
    words = {f"{kind} {word}" for word in ("approved", "revoked", "sent")}
    entries = (e for e in reversed(record.entries) if e.kind in words and e.fields.get("organization") == organization)
    last = next(entries, None)
    if last is None or not last.kind.endswith("revoked"):
        return ""
    return f"the approval was taken back at {spoken(last.at)}, for {last.fields['because']}"


def _silenced(record: CaseRecord, entry: JournalEntry) -> str:
    if not entry.fields.get("reason", "").strip():
        return "gives no reason. Say why with --reason: everybody who misses an alert will ask"
    now, until = entry.noted_at or entry.at, datetime.fromisoformat(entry.fields["until"])
    if noted_until(until) < now and not (record.is_silent(now) and until.date() == now.date()):
        return f"would be over before it began, {spoken(until)}: it is {spoken(now)}. Check --until"
    return ""


def promise_of(record: CaseRecord, number: int) -> Promise | None:
    """The promise with this number."""
    return next((promise for promise in record.promises if promise.number == number), None)


_WHY_NOT: dict[str, Callable[[CaseRecord, JournalEntry], str]] = {
    "acknowledged": _acknowledged,
    "contained": _contained,
    "client told": _told,
    "holding note approved": _for_a_client,
    "holding note sent": _sent,
    "letter approved": _for_a_client,
    "letter sent": _sent,
    "correction approved": _for_a_client,
    "correction sent": _sent,
    "promised": _promised,
    "kept": _of_a_promise,
    "promise changed": _promise_changed,
    "promise withdrawn": _promise_withdrawn,
    "closed": _closed,
    "dismissed": _dismissed,
    "taken up again": _taken_up_again,
    "silenced": _silenced,
}
