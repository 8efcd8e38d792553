"""The brief of one incident, as a page and as Markdown: what we know, do not know yet, have done, and do next.

It is internal. What the log tells is filled in; what only people know stands there as a marked gap, never as a guess.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from detector.case_record import CORRECTION, MACHINE, CaseRecord
from detector.documents import charts, phrases, sentences
from detector.documents.album import Album
from detector.documents.apology_letter import due, letter_name
from detector.documents.case_in_words import recurrence
from detector.documents.desk import Desk, client_folders, people_of
from detector.documents.languages import Language
from detector.documents.still_going import is_said_to_be_stopped
from detector.documents.templates import Safe, one_line, render_html, render_markdown
from detector.observations import journal_lost
from detector.records import CaseFacts, Document

LISTED_PEOPLE = 500
"""People listed one by one; affected.csv holds them all."""
TOLD_CLIENTS = 3
"""Up to so many clients are told in sentences, more in a table."""
TOLD_EARLIER = 5


@dataclass(frozen=True)
class ClientContact:
    """One client in the brief: whom to call, and where the draft to them lies."""

    organization: str
    people: int
    excess: int
    contact: str
    phone: str
    folder: str
    """Where the drafts to them lie in the incident's folder; "" for the folder itself."""
    call: str
    """What was said on the telephone, and when; "" if nobody noted it."""
    reached: str
    """How we have reached them: "was told", "has the letter, and no call is noted"; "" if nobody has."""
    draft: str
    """What is due, a letter or a holding note."""
    file: str
    state: str
    """How far that is: "draft", "approved", "sent"."""
    wrong: str
    """What of the letter that they hold is no longer so."""


def render_brief(case: CaseFacts, desk: Desk | None = None, album: Album | None = None) -> tuple[Document, Document]:
    """brief.html and brief.md; what people filled in stands where it belongs."""
    desk, album = desk or Desk(), {} if album is None else album
    contacts = _contacts(case, desk)
    one_day = _only_day(case)
    facts: dict[str, Any] = {
        "case": case,
        "incident": case.incident,
        "cause_in_words": sentences.cause_in_words,
        "contacts": contacts,
        "is_many": len(contacts) > TOLD_CLIENTS,
        "earlier": case.earlier[:TOLD_EARLIER],
        "recurs": recurrence(case.record) if case.record else "",
        "more_earlier": max(0, len({known.incident_id for known in case.earlier}) - TOLD_EARLIER),
        "cause_known": _cause(desk),
        "is_confirmed": desk.human.cause.status == "confirmed" and bool(desk.human.cause.statement),
        "stopped": stopped(case, desk),
        "is_stopped": is_said_to_be_stopped(case),
        "is_acknowledged": any(entry.kind == "acknowledged" for entry in (case.record.entries if case.record else ())),
        "human": desk.human,
        **_by_the_journal(case),
        "next_update": _joined(desk.human.next_update.on, desk.human.next_update.by),
        "vendor": _joined(desk.human.vendor.name, desk.human.vendor.ticket, desk.human.vendor.answer),
        "private_people": sum(row.organization is None for row in case.affected),
        "people": case.affected[:LISTED_PEOPLE],
        "unlisted": max(0, len(case.affected) - LISTED_PEOPLE),
        "one_day": one_day,
        "moment": phrases.second if one_day else _day_and_second,
        "columns": charts.timeline_columns(case.timeline),
        "rows": charts.timeline_rows(case.timeline)[: charts.TABLE_ROWS],
        "examples": [(recipient, ", ".join(map(phrases.second, times))) for recipient, times in case.example_times],
    }
    pictures = {"chart": charts.timeline_chart(case, album), "pictures": charts.burst_charts(case, album)}
    page = facts | pictures | {"words": sentences.in_html(case)}
    text = facts | {"words": sentences.in_markdown(case), "safe": Safe}
    return (
        Document("brief.html", render_html("incident_brief.html", page)),
        Document("brief.md", render_markdown("incident_brief.md", text)),
    )


def _by_the_journal(case: CaseFacts) -> dict[str, Any]:
    """What the journal tells beside the figures."""
    return {
        "record": case.record,
        "contradiction": contradiction(case),
        "lost": journal_lost(case.record) if case.record else "",
        "done_with": done_with(case.record) if case.record else None,
        "promises": _promises(case),
        "journal": _journal(case),
    }


def _contacts(case: CaseFacts, desk: Desk) -> list[ClientContact]:
    """The clients that were hit, most people first, each with its own figures."""
    folders = client_folders(case.incident.organizations)
    record = case.record or CaseRecord(case.incident.incident_id)
    told = {step.organization: (step.at, step.by, step.fields.get("channel")) for step in record.told}
    contacts = []
    for organization in case.incident.organizations:
        rows = people_of(case, organization)
        client, words, kind = desk.client(organization), desk.words(organization), due(case, organization)
        contacts.append(
            ClientContact(
                organization=organization,
                people=len(rows),
                excess=sum(row.excess for row in rows),
                contact=client.contact,
                phone=client.phone,
                folder=folders[organization],
                call=_joined(*told.get(organization, ()), words.call),
                reached=_reached(record, organization),
                draft=kind,
                file=letter_name(case, organization, kind),
                state=_state(record, organization, kind),
                wrong=wrong.fields["because"] if (wrong := record.outdated_for(organization)) else "",
            )
        )
    return contacts


def _reached(record: CaseRecord, organization: str) -> str:
    """A letter is no call: that somebody was told stands here only if somebody noted it."""
    kinds = (("was told", record.told), ("has the letter, and no call is noted", record.sent),
             ("has the holding note, and no call is noted", record.notes_sent))  # fmt: skip
    return next((words for words, steps in kinds if organization in {s.organization for s in steps}), "")


def _state(record: CaseRecord, organization: str, kind: str) -> str:
    """A correction that is due has not been sent, whatever was before it."""
    sent = () if kind == CORRECTION else record.sendings(kind)
    found = (("sent", sent), ("approved", record.approvals(kind)))
    return next((word for word, steps in found if organization in {s.organization for s in steps}), "draft")


def _cause(desk: Desk) -> str:
    """H1 as people wrote it, with how sure it is."""
    cause = desk.human.cause
    how = {"suspected": "suspected, not confirmed", "unknown": "looked for, not known"}.get(cause.status, cause.status)
    if not how:
        return ""
    source = _joined(how, cause.confirmed_by, cause.confirmed_on)
    return f"{cause.statement.rstrip('. ')} ({source})".strip()


def stopped(case: CaseFacts, desk: Desk) -> str:
    """H3 in sentences: what and how checked from human.toml, else the journal's words, which alone knows the time."""
    words, record = desk.human.stopped, case.record
    what = words.what.strip().rstrip(".")
    if record and record.contained_at:
        what = f"{what or record.contained_how} ({_joined(record.contained_at, record.contained_by)})"
    return in_sentences(what, words.checked)


def done_with(record: CaseRecord) -> tuple[str, str] | None:
    """Why nobody need do anything about it any more, in a word and a sentence; None while somebody must."""
    again = f"detector incidents reopen {record.incident_id} takes it up again."
    if record.merged_into:
        return "Part of another one.", f"It turned out to be a part of {record.merged_into}; see there."
    if verdict := record.verdict:
        return "Dismissed.", in_sentences(f"By {verdict.by}, {phrases.minute(verdict.at)}: {verdict.reason}", again)
    if record.closed_at is None:
        return None
    why = f", although something was open: {record.closed_reason}" if record.closed_reason else ""
    return "Closed.", in_sentences(f"By {record.closed_by}, {phrases.minute(record.closed_at)}{why}", again)


def in_sentences(*told: str) -> str:
    """Each text that says something, with a full stop."""
    return " ".join(f"{text.rstrip('. ')}." for text in told if text.strip())


def contradiction(case: CaseFacts) -> str:
    """What was claimed and what the log says, both with their times; "" if they agree."""
    record = case.record
    if record is None or record.contradicted_by is None or record.contained_at is None:
        return ""
    found = record.contradicted_by
    return (
        f"Noted as contained at {phrases.minute(record.contained_at)} by {record.contained_by}, and yet "
        f"{phrases.counted(found.copies, 'extra copy', 'extra copies')} to "
        f"{phrases.counted(found.people, 'person', 'people')} since, the first at "
        f"{phrases.minute(found.first_copy_at)}."
    )


def _promises(case: CaseFacts) -> list[tuple[str, str, str, str]]:
    """(promise, owner, due, state); overdue is measured by the end of the log, for documents know no clock."""
    told = []
    for promise in case.record.promises if case.record else ():
        state = "overdue" if promise.is_overdue(case.log_complete_through) else "open"
        state = "kept" if promise.kept_at else state
        state = f"withdrawn: {one_line(promise.withdrawn_because)}" if promise.withdrawn_at else state
        whose = f"{promise.organization}: " if promise.organization and len(case.incident.organizations) > 1 else ""
        told.append((f"{whose}{promise.text}", promise.owner, Language().day(promise.due), state))
    return told


def _journal(case: CaseFacts) -> list[tuple[str, str, str]]:
    """(when, what, who) of everything that people noted."""
    entries = case.record.entries if case.record else ()
    return [
        (phrases.minute(e.at), _joined(e.kind, e.fields.get("organization")), e.by) for e in entries if e.by != MACHINE
    ]


def _joined(*parts: object) -> str:
    """What is there of it, with commas between."""
    return ", ".join(_worded(part) for part in parts if part)


def _worded(part: object) -> str:
    if isinstance(part, datetime):
        return phrases.minute(part)
    if isinstance(part, date):
        return Language().day(part)
    text = str(part).strip()
    return text.rstrip(".") if len(text.split()) > 3 else text  # the end of a sentence, not of "A. B."


def _only_day(case: CaseFacts) -> str:
    """The day on which everything happened, in words; "" if there were several."""
    times = (time for row in case.affected for time in (row.first_sent_at, row.last_sent_at))
    days = {phrases.long_day(time) for time in times}
    return days.pop() if len(days) == 1 else ""


def _day_and_second(moment: datetime) -> str:
    return f"{phrases.short_day(moment)} {phrases.second(moment)}"
