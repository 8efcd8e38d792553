"""The short note that an incident ends with: before, after, how long until somebody noticed, how long until it stopped.

Drafted from the journal alone; what it does not tell is left to people.
"""

from detector.case_record import MACHINE, CaseRecord
from detector.documents import phrases
from detector.documents.templates import render_markdown
from detector.records import Document

NAME = "closing-note.md"


def render_closing_note(record: CaseRecord) -> Document:
    """closing-note.md"""
    facts = {
        "record": record,
        "figures": record.figures,
        "after": _after(record),
        "notice": _notice(record),
        "stop": _stop(record),
    }
    return Document(NAME, render_markdown("closing_note.md", facts))


def _after(record: CaseRecord) -> str:
    """What the log has seen since."""
    if record.contradicted_by:
        return f"after it was said to be contained, {phrases.number(record.contradicted_by.copies)} more were sent"
    stopped = [entry.at for entry in record.entries if entry.kind == "stopped"]
    if record.signal != "stopped" or not stopped:
        return f"the log does not say that it stopped; it says {record.signal}"
    return f"no extra copy since; the log of {phrases.minute(stopped[-1])} showed that it had stopped"


def _notice(record: CaseRecord) -> str:
    """From the first extra copy to the night that opened the incident."""
    opened = next(entry.at for entry in record.entries if entry.kind == "opened" and entry.by == MACHINE)
    started_at, detected_at = record.figures["started_at"], record.figures["detected_at"]
    told = phrases.between(started_at, detected_at)
    return f"{phrases.between(started_at, opened)} (the log told of it after {told})"


def _stop(record: CaseRecord) -> str:
    """From the first extra copy to the last, beside what people say."""
    started_at, ended_at = record.figures["started_at"], record.figures["ended_at"]
    last = f"{phrases.between(started_at, ended_at)} until the last extra copy"
    if record.contained_at is None:
        return last
    said = phrases.between(started_at, record.contained_at)
    return f"{last}; {said} until it was said to be contained"
