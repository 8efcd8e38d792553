"""Numbers, times and durations as people read them: one way of writing each, the same in all documents and locales."""

from collections.abc import Sequence
from datetime import UTC, datetime

from detector.documents.languages import MONTHS
from detector.records import Archive

_MONTHS = MONTHS["en"]
LEAST_SECONDS, SHORT_SECONDS = 0.1, 10
"""Between them, a tenth of a second says something; beyond, whole seconds, as in the words of the causes."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def number(value: float) -> str:
    """3519 -> "3,519"; 70.0 -> "70"; 70.5 -> "70.5"; 0.04 -> "0.04"."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 0.1 else f"{value:.2g}"


def counted(value: int, singular: str, plural: str = "") -> str:
    """1, "person", "people" -> "1 person"; 51 -> "51 people"."""
    return f"{number(value)} {singular if value == 1 else plural or singular + 's'}"


def share(part: int, whole: int) -> str:
    """1915, 2446 -> "78 %"; what is not all is never "100 %", and what is something never "0 %"."""
    percent = round(100 * part / whole)
    if percent == 0 and part:
        return "less than 1 %"
    return "more than 99 %" if percent == 100 and part < whole else f"{percent} %"


def archived(archive: Archive) -> str:
    """Whose copies of other people's mail are not counted, and who said so."""
    mails = f"{counted(archive.mails, 'mail')} from {archive.sender or 'an unknown sender'}"
    if archive.is_named:
        return f"{archive.recipient} is named as an archive; its copies of {mails} are not counted"
    return (
        f"{archive.recipient} rides along in nearly every mail of its sender: its copies of {mails} were taken for "
        "those of an archive and are not counted; [logs] archives in the config settles it"
    )


def nameless(sends: int, of: int) -> str:
    """That a log cannot tell which of its mails are the same."""
    which = "none of the mails has"
    if sends < of:
        which = f"{number(sends)} of {counted(of, 'mail')} ({share(sends, of)}) {'has' if sends == 1 else 'have'} no"
    return f"{which} subject, template or size: which of them are the same cannot be told, so no repeat can be seen"


def iso(moment: datetime) -> str:
    """For machines, always of one form: "2026-10-27T18:04:11.123000Z"."""
    return f"{_utc(moment):%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"


def day(moment: datetime) -> str:
    """ "27 Oct 2026"."""
    utc = _utc(moment)
    return f"{utc.day} {_MONTHS[utc.month - 1][:3]} {utc.year}"


def long_day(moment: datetime) -> str:
    """ "27 October 2026", for headings."""
    utc = _utc(moment)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"


def short_day(moment: datetime) -> str:
    """ "27 Oct", for tables and charts whose year is said elsewhere."""
    utc = _utc(moment)
    return f"{utc.day} {_MONTHS[utc.month - 1][:3]}"


def clock(moment: datetime) -> str:
    """ "18:04"."""
    return f"{_utc(moment):%H:%M}"


def second(moment: datetime) -> str:
    """ "18:04:11"."""
    return f"{_utc(moment):%H:%M:%S}"


def minute(moment: datetime) -> str:
    """ "27 Oct 2026, 18:04 UTC", for sentences."""
    return f"{day(moment)}, {clock(moment)} UTC"


def instant(moment: datetime) -> str:
    """ "27 Oct 2026, 18:04:11 UTC", for facts to compare with other logs."""
    return f"{day(moment)}, {second(moment)} UTC"


def span(start: datetime, end: datetime) -> str:
    """ "between 18:04 and 20:14 UTC on 27 October 2026", or with both days if they differ."""
    if day(start) != day(end):
        return f"between {day(start)}, {clock(start)} and {minute(end)}"
    if clock(start) == clock(end):
        return f"at {clock(start)} UTC on {long_day(start)}"
    return f"between {clock(start)} and {clock(end)} UTC on {long_day(start)}"


def duration(seconds: float) -> str:
    """95 -> "1 min 35 s"; 7800 -> "2 h 10 min"; the two largest units that say something; 3.54 -> "3.5 s"."""
    if seconds < LEAST_SECONDS:
        return "less than a second"
    if seconds < SHORT_SECONDS:
        return f"{round(seconds, 1):g} s"
    left = round(seconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if parts or count:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part)


def between(start: datetime, end: datetime) -> str:
    """How long from one moment to another, counted between the seconds that are shown of them: 18:05:41.9 and
    18:05:44.1 stand in a document as 18:05:41 and 18:05:44, so that it is 3 s to whoever subtracts."""
    return duration((end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds())


def listing(names: Sequence[str], most: int = 3, more: str = "more") -> str:
    """ "A", "A and B", "A, B and 4 more"."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{number(len(names) - most)} {more}")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive one is a mistake of ours and fails here instead of lying in a letter."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)
