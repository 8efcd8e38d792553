"""The application's own mail log as a table, CSV or JSONL: a row per event and recipient, with the columns of our docs.

This is the log that always knows template and client. A message without a later row was still on its way.
"""

import csv
import io
import json
from collections.abc import Iterator

from detector.simulate.files import Line
from detector.simulate.messages import Message, iso
from detector.simulate.traffic import DayOfMail

COLUMNS = (
    *("timestamp", "event", "message_id", "sender", "recipient"),
    *("subject", "template", "organization", "size"),
)
Row = dict[str, str | int]


def csv_header() -> str:
    """The first line of every file."""
    return ",".join(COLUMNS)


def csv_lines(day: DayOfMail) -> Iterator[Line]:
    """Rows as CSV, quoted only where needed."""
    cell = io.StringIO()
    writer = csv.writer(cell, lineterminator="")
    for at_us, row in _rows(day):
        cell.seek(0)
        cell.truncate()
        writer.writerow(row.values())
        yield at_us, cell.getvalue()


def json_lines(day: DayOfMail) -> Iterator[Line]:
    """Rows as JSON objects; what is not known is left out."""
    for at_us, row in _rows(day):
        known = {column: value for column, value in row.items() if value != ""}
        yield at_us, json.dumps(known, ensure_ascii=False)


def _rows(day: DayOfMail) -> Iterator[tuple[int, Row]]:
    for message in day.messages:
        for after_ms, event in _events(message):
            at_ms = message.sent_at_ms + after_ms
            for recipient in message.recipients:
                facts = (iso(at_ms), event, message.message_id, message.sender, recipient)
                content = (message.subject, message.template, message.organization, message.size)
                row: Row = dict(zip(COLUMNS, (*facts, *content), strict=True))
                yield from ((logged_ms * 1_000, row) for logged_ms in _logged_at(message, at_ms))


def _logged_at(message: Message, at_ms: int) -> tuple[int, ...]:
    """When an event reaches the log: at once, and again if it is delivered twice."""
    again_ms = message.logged_again_after_ms
    return (at_ms, at_ms + again_ms) if again_ms else (at_ms,)


def _events(message: Message) -> Iterator[tuple[int, str]]:
    """(milliseconds after the submission, event) of one message."""
    yield 0, "sent"
    for after_ms in message.deferred_after_ms:
        yield after_ms, "deferred"
    yield message.settled_after_ms, message.outcome
