"""A message trace of Microsoft 365 as CSV: a row per message and recipient, with the end of it, without templates."""

import csv
import io
from collections.abc import Iterator
from random import Random

from detector.simulate.files import Line
from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import iso, uuid_of
from detector.simulate.traffic import DayOfMail

COLUMNS = (
    *("Organization", "MessageId", "Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "ToIP"),
    *("FromIP", "Size", "MessageTraceId"),
)


def trace_header() -> str:
    """The first line of every file."""
    return ",".join(COLUMNS)


class MessageTrace:
    """Renders days of mail as rows of a trace."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def render(self, day: DayOfMail) -> Iterator[Line]:
        """A row per message and recipient, by the time of receipt."""
        rng = Random(f"{self._seed}/m365/{day.number}")
        for message in day.messages:
            trace = uuid_of(rng)
            status = "Failed" if message.outcome == "bounced" else "Delivered"
            received = f"{iso(message.sent_at_ms)[:-1]}0000"
            for recipient in message.recipients:
                ids = (ACADEMY_DOMAIN, f"<{message.message_id}>", received, message.sender, recipient)
                row = (*ids, message.subject, status, "", "192.0.2.44", message.size, trace)
                cells = io.StringIO()
                csv.writer(cells, lineterminator="").writerow(row)
                yield message.sent_at_ms * 1_000, cells.getvalue()
