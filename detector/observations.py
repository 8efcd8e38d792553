"""What a night has to note in an incident's journal: the difference between what the journal tells and what the log
shows now, so the same night again notes nothing. And what of it people must be told every night. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from detector.case_record import (
    MACHINE,
    CaseRecord,
    Contradiction,
    JournalEntry,
    Pattern,
    Verdict,
    pattern_values,
    spoken,
    stamp,
)
from detector.lifecycle import TIMES, absorbing
from detector.records import Incident
from detector.verdicts import beyond, covering, has_same_shape, why_muted, why_not_muted

_FIGURES = (
    "template", "severity", "organizations", "recipients", "sends", "excess", "copies_min", "copies_median",
    "copies_max", "median_gap_seconds", "cause", "started_at", "ended_at", "detected_at",
)  # fmt: skip


@dataclass(frozen=True)
class Sighting:
    """What one night knows of one incident."""

    incident: Incident
    as_of: datetime
    pattern: Pattern | None = None
    """None if the log no longer supports it."""
    contradiction: Contradiction | None = None
    """Extra copies after the containment that its journal claims."""
    merged_into: str = ""
    absorbed: tuple[CaseRecord, ...] = ()
    """The incidents that tonight turned out to be a part of it."""
    withdrawn_because: str = ""
    lost_work: str = ""
    """How far people were when its journal was there last; "" if it is there, or there never was one."""
    verdicts: tuple[Verdict, ...] = ()
    others: tuple[CaseRecord, ...] = ()
    """The records of all incidents, to find the one that it repeats."""


def observe(record: CaseRecord, seen: Sighting) -> list[JournalEntry]:
    """What to add to the journal, in order; nothing if it tells all of it already."""
    entries = _figures(record, seen)
    if seen.lost_work and not record.entries:
        entries.append(_entry(seen, "journal lost", was=seen.lost_work))
    entries += [
        absorbing(other, seen.as_of, MACHINE) for other in seen.absorbed if other.incident_id not in record.aliases
    ]
    entries += _signal(record, seen, is_new=any(entry.kind == "opened" for entry in entries))
    if seen.contradiction != record.contradicted_by and record.contained_at is not None:
        entries.append(contradicted(seen.contradiction or Contradiction(record.contained_at, 0, 0), seen.as_of))
    return entries + _muting(record, seen) + _recurrence(record, seen)


def contradicted(found: Contradiction, at: datetime) -> JournalEntry:
    """That the log has copies after it was said to be contained; or, with none of them, that it no longer has."""
    fields = {"first_copy_at": stamp(found.first_copy_at), "copies": found.copies, "people": found.people}
    return JournalEntry("contradicted", at, MACHINE, fields)


def standing_problems(record: CaseRecord, now: datetime) -> tuple[str, ...]:
    """What people must be told of an incident every night until they have done something about it."""
    name, found = record.incident_id, []
    if record.lost_work and not record.was_dealt_with:
        found.append(f"{name}: {journal_lost(record)}")
    if record.contradicted_by and record.contained_at and not record.is_done_with:
        since = record.contradicted_by
        copies = f"{since.copies:,} extra {'copy' if since.copies == 1 else 'copies'}"
        people = f"{since.people:,} {'person' if since.people == 1 else 'people'}"
        found.append(
            f"{name}: {record.contained_by} said that it was contained at {spoken(record.contained_at)}, but the log "
            f"has {copies} to {people} after that, the first at {spoken(since.first_copy_at)}. It is not contained."
        )
    if problem := brake_problem(record):
        found.append(problem)
    if record.reopened_because and record.was_dealt_with:  # of others nobody believes that they were over
        found.append(f"{name}: is open again: {record.reopened_because}.")
    found += wrong_letters(record)
    is_left = record.signal == "withdrawn" and record.was_dealt_with and not record.merged_into
    if is_left and not record.is_done_with:
        found.append(
            f"{name}: is withdrawn ({record.withdrawn_because}), although it is {record.work}. "
            "Its folder stays; close it or dismiss it."
        )
    found += [
        f"{name}: promise {promise.number} was due on {promise.due} and is not kept."
        for promise in record.overdue(now)
        if not (record.merged_into or record.is_done_with)
    ]
    return tuple(found)


def journal_lost(record: CaseRecord) -> str:
    """What nobody knows any more of an incident whose journal was deleted, and what may come of that; "" of others."""
    if not record.lost_work:
        return ""
    return (
        "its journal was lost, and with it what people had noted. On the last night that had it they said "
        f"{record.lost_work!r}; the client may have been told or written to since. Ask before anybody writes again."
    )


def wrong_letters(record: CaseRecord) -> tuple[str, ...]:
    """A line for each client that believes what we know to be wrong, for we wrote it."""
    if record.merged_into or record.work == "dismissed":
        return ()
    name = record.incident_id
    what_to_do = f"Send a correction: detector letter check {name}"
    if record.work == "closed":
        what_to_do = f"Take it up again (detector incidents reopen {name}) and send a correction"
    elif record.signal not in {"stopped", "quiet"}:
        what_to_do = "Send a correction once it is over"
    return tuple(
        f"{name}: {step.organization} holds a letter that is wrong: {step.fields['because']}. {what_to_do}."
        for step in record.to_correct
    )


def brake_problem(record: CaseRecord) -> str:
    """The brake was pulled and may not have taken hold, and nobody has stopped it since; "" if all is well."""
    brake = record.brake
    if brake is None or brake.outcome == "done" or record.merged_into or record.is_done_with:
        return ""
    if record.contained_at and record.contained_at >= brake.at:
        return ""
    return (
        f"{record.incident_id}: {brake.in_words} It is not pulled again. Stop the sender by hand, then: "
        f"detector incidents contain {record.incident_id}"
    )


def figures_of(incident: Incident, pattern: Pattern | None) -> dict[str, Any]:
    """What a journal holds of an incident's figures."""
    values: dict[str, Any] = {name: getattr(incident, name) for name in _FIGURES}
    values |= {name: stamp(values[name]) for name in TIMES} | {"organizations": list(incident.organizations)}
    if pattern is not None:
        values["pattern"] = pattern_values(pattern)
    return values


def _entry(seen: Sighting, kind: str, **fields: Any) -> JournalEntry:
    return JournalEntry(kind, seen.as_of, MACHINE, fields)


def _figures(record: CaseRecord, seen: Sighting) -> list[JournalEntry]:
    """Opened, or the figures that moved: extended if nothing became less, else revised."""
    if not record.figures:
        return [_entry(seen, "opened", **figures_of(seen.incident, seen.pattern))]
    if seen.incident.state == "withdrawn":
        return []  # it keeps the figures that it had
    was, now = record.figures, seen.incident
    is_same_pattern = seen.pattern is None or seen.pattern == record.pattern
    if is_same_pattern and all(_plain(was.get(name)) == _plain(getattr(now, name)) for name in _FIGURES):
        return []
    has_grown = now.excess >= was["excess"] and now.recipients >= was["recipients"] and now.ended_at >= was["ended_at"]
    kind = "extended" if has_grown and (now.excess, now.ended_at) != (was["excess"], was["ended_at"]) else "revised"
    return [_entry(seen, kind, **figures_of(now, seen.pattern))]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _signal(record: CaseRecord, seen: Sighting, *, is_new: bool) -> list[JournalEntry]:
    """What became of it since the journal's last word."""
    state, was = seen.incident.state, "active" if is_new else record.signal
    if seen.merged_into:
        is_known = record.merged_into == seen.merged_into
        return [] if is_known else [_entry(seen, "merged into", into=seen.merged_into)]
    if state == "withdrawn":
        why = seen.withdrawn_because or "the log no longer shows it"
        return [] if was == "withdrawn" else [_entry(seen, "withdrawn", why=why)]
    why = "" if is_new else why_again(record, seen)
    entries = [_entry(seen, "reopened", why=why, was_over=record.is_done_with)] if why else []
    was = "active" if why else was
    if state == "blind" and was == "stopped":
        return entries  # that it had stopped was seen with open eyes, and holds until the log shows otherwise
    return [*entries, *([_entry(seen, state)] if state != was else [])]


def why_again(record: CaseRecord, seen: Sighting) -> str:
    """Why it must be taken up again; "" if it need not."""
    more = seen.incident.excess - record.figures["excess"]
    known = (record, *seen.absorbed)
    is_later = seen.incident.ended_at > max(other.figures["ended_at"] for other in known if other.figures)
    if record.verdict:
        far = beyond(record.verdict.pattern, seen.pattern) if seen.pattern else ""
        return f"it went far beyond what {record.verdict.by} dismissed: {far}" if far else ""
    if record.signal == "withdrawn":
        return "the log shows it again"
    if not is_later or not (record.closed_at or record.signal == "stopped"):
        return ""
    closed = f", although {record.closed_by} closed it on {record.closed_at:%Y-%m-%d}" if record.closed_at else ""
    return f"{more:,} more extra {'copy' if more == 1 else 'copies'} after it had stopped{closed}"


def _muting(record: CaseRecord, seen: Sighting) -> list[JournalEntry]:
    """Muted by somebody's verdict on another incident, or no longer."""
    if seen.pattern is None or record.verdict is not None:
        return []
    others = [verdict for verdict in seen.verdicts if verdict.incident_id != record.incident_id]
    verdict = covering(seen.pattern, others)
    if verdict is not None:
        why = why_muted(verdict)
        is_known = (record.muted_by, record.muted_because) == (verdict.incident_id, why)
        return [] if is_known else [_entry(seen, "muted", verdict=verdict.incident_id, why=why)]
    why = why_not_muted(seen.pattern, others) or ("the verdict was taken back" if record.muted_by else "")
    return [_entry(seen, "not muted", why=why)] if why and why != record.alarms_because else []


def _recurrence(record: CaseRecord, seen: Sighting) -> list[JournalEntry]:
    """The last affair before this one that had its shape, once this one has come to rest."""
    if seen.pattern is None or record.recurs_from or seen.incident.state not in {"quiet", "stopped"}:
        return []
    earlier = _latest_alike(seen.incident, seen.pattern, seen.others)
    if earlier is None:
        return []
    days = round((seen.incident.started_at - earlier.figures["started_at"]) / timedelta(days=1))
    return [_entry(seen, "recurs", like=earlier.incident_id, days=days)]


def _latest_alike(incident: Incident, pattern: Pattern, others: Iterable[CaseRecord]) -> CaseRecord | None:
    alike: Sequence[CaseRecord] = [
        other
        for other in others
        if other.pattern is not None
        and other.signal != "withdrawn"
        and other.incident_id != incident.incident_id
        and other.figures["started_at"] < incident.started_at
        and has_same_shape(other.pattern, pattern)
    ]
    return max(alike, key=lambda other: (other.figures["started_at"], other.incident_id), default=None)
