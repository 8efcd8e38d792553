"""Promises as an iCalendar file (RFC 5545), one all-day event on the day each is due, for any calendar program.

Uids come from incident and number, so that a calendar that reads the file again moves the events instead of doubling
them. What people typed is text and nothing else: escaped, without control characters, folded after 75 octets.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from detector.case_record import CaseRecord, Promise
from detector.documents.escaping import visible

_OCTETS = 75


def in_ics(records: Iterable[CaseRecord]) -> str:
    """Every promise that is not kept; one that was withdrawn as cancelled, so that calendars let go of it. Lines end in
    CR LF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//detector//promises//EN"]
    for record in records:
        for promise in record.promises:
            lines += _event(record, promise) if promise.kept_at is None else []
    return "".join(_folded(line) + "\r\n" for line in (*lines, "END:VCALENDAR"))


def _event(record: CaseRecord, promise: Promise) -> list[str]:
    clients = promise.organization or ", ".join(record.organizations) or "private addresses"
    about = f"Promised by {promise.made_by} on {promise.made_at:%Y-%m-%d} for {record.incident_id} ({clients})."
    return [
        "BEGIN:VEVENT",
        f"UID:{record.incident_id}-promise-{promise.number}@detector",
        f"SEQUENCE:{promise.changes + bool(promise.withdrawn_at)}",
        f"DTSTAMP:{_moment(promise.made_at)}",
        f"DTSTART;VALUE=DATE:{_day(promise.due)}",
        f"DTEND;VALUE=DATE:{_day(promise.due + timedelta(days=1))}",
        f"SUMMARY:{_text(f'{promise.owner}: {promise.text} ({record.incident_id})')}",
        f"DESCRIPTION:{_text(about)}",
        *(["STATUS:CANCELLED"] if promise.withdrawn_at else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(value: str) -> str:
    """A TEXT value: backslash, semicolon and comma escaped, line breaks and whatever is hidden written out."""
    return visible(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """No line over 75 octets; a continuation begins with a blank; no character is cut in two."""
    pieces, piece, room = [], "", _OCTETS
    for character in line:
        size = len(character.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", _OCTETS - 1
        piece, room = piece + character, room - size
    return "\r\n ".join([*pieces, piece])


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
