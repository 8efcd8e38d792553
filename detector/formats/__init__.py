"""Log formats: each says which files it claims and gives one SELECT from records to events.

How to add a format: one module here, one sample in `sample_logs/`, one accepted expectation; nothing else is edited,
because this package is listed, not registered. The module has

    FRAMINGS             the framings it can read, such as ("lines",); see `detector.framings`
    LINES                of a format that reads lines: a regular expression (RE2) that the mailer's own lines match, so
                         that in a syslog file of several mailers each line goes to its own format
    IDENTITY             what makes an event the same event when it is read twice (DESIGN 2.2):
                         "stream"     lines of a rotated log: ids inside the line tell
                         "event_id"   the provider's ids and content fields tell
                         "export"     nothing tells but the row itself: maximum multiplicity over files
    claims(head)         how many of the head's records are surely its own; the format with most wins
    select(head, zone, source)
                         a `Select`: SQL over `records(record_number, text)` with one row per event, or one row that
                         says why there is none, in the columns of `COLUMNS`; `zone` is of stamps that carry none,
                         `source` the mapping that the config has for the file

Every record appears at least once, with `part` 1, and all rows of a record have the same outcome.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from detector.config import Source
from detector.framings import Head

COLUMNS = {
    "record_number": "BIGINT",
    "part": "INTEGER",
    "outcome": "VARCHAR",  # event, ignored, rejected, blank
    "reason": "VARCHAR",  # why it was rejected
    "type": "VARCHAR",  # arrived identified queued expired noted | accepted delivered deferred bounced dropped
    "at_us": "BIGINT",  # microseconds since 1970 in UTC; if is_local, of the wall clock in the log's zone
    "is_local": "BOOLEAN",
    "is_yearless": "BOOLEAN",  # the line has no year: at_us is in the year 2000
    "sent_at_us": "BIGINT",  # when the message was submitted, if this event knows
    "message_key": "VARCHAR",  # what the log itself calls the message
    "recipient": "VARCHAR",
    "sender": "VARCHAR",
    "message_id": "VARCHAR",
    "subject": "VARCHAR",
    "template": "VARCHAR",
    "organization": "VARCHAR",
    "size": "BIGINT",
    "next_key": "VARCHAR",  # the queue id the next host, or a filter on this one, gave the message
}


@dataclass(frozen=True)
class Select:
    """SQL over `records`, its parameters, and what had to be assumed to read the file."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()


@cache
def load_formats() -> dict[str, ModuleType]:
    """Every format module of this folder by name, in alphabetical order; one that cannot be loaded is fatal."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def choose_format(head: Head, formats: Mapping[str, ModuleType], mapping: Source | None) -> str | None:
    """The name of the format that claims most of the head, or None. A mapping in the config decides by itself."""
    if mapping is not None and mapping.columns and head.framing in formats["plain"].FRAMINGS:
        return "plain"
    claims = {name: module.claims(head) for name, module in formats.items() if head.framing in module.FRAMINGS}
    best = max(claims, key=lambda name: claims[name], default=None)
    return best if best is not None and claims[best] > 0 else None
