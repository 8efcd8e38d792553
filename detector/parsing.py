"""Parses the framed records of one file into the temporary table `parsed`: `formats.COLUMNS` and `source`.

One format reads the file. A syslog file may hold several mailers' lines side by side, so lines that it has no use for
are given to the formats whose lines they look like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from detector.config import Source
from detector.formats import COLUMNS
from detector.framings import Head, shown
from detector.headings import guess_columns
from detector.store import Connection, parse_records, show_records


@dataclass(frozen=True)
class Claimed:
    """A file that a format claims."""

    format: str
    name: str
    """The file's, without its folders."""
    head: Head
    zone: str
    """Of stamps that carry none."""
    mapping: Source | None = None


_UNUSED = "select record_number from parsed where outcome in ('ignored', 'rejected')"


def whose_lines(db: Connection, formats: Mapping[str, ModuleType]) -> str | None:
    """The format most of whose lines stand in `records`, for a file whose first lines are nobody's; None if none do."""
    counts = _count_lines(db, formats, "select record_number from records")
    best = max(counts, key=lambda name: counts[name], default=None)
    return best if best is not None and counts[best] > 0 else None


def parse_file(db: Connection, formats: Mapping[str, ModuleType], claimed: Claimed) -> tuple[str, ...]:
    """Make `parsed` of `records`; returns what had to be assumed."""
    said = _parse(db, formats, claimed)
    if claimed.head.framing != "lines" or not db.execute(f"{_UNUSED} limit 1").fetchall():
        return said
    others = {name: module for name, module in formats.items() if name != claimed.format}
    for name, count in _count_lines(db, others, _UNUSED).items():
        if count:
            said += _parse_unused(db, formats, replace(claimed, format=name, mapping=None))
    return tuple(dict.fromkeys(said))


def _parse(db: Connection, formats: Mapping[str, ModuleType], claimed: Claimed) -> tuple[str, ...]:
    select = formats[claimed.format].select(claimed.head, claimed.zone, claimed.mapping)
    sql = f"select {', '.join(COLUMNS)}, '{claimed.format}' as source from ({select.sql})"  # noqa: S608 - our own SQL and names
    parse_records(db, sql, dict(select.parameters))
    assumptions: tuple[str, ...] = select.assumptions
    return assumptions


def _count_lines(db: Connection, formats: Mapping[str, ModuleType], of: str) -> dict[str, int]:
    """How many of the records numbered by the query `of` look like lines of each format that reads lines."""
    patterns = {name: module.LINES for name, module in formats.items() if "lines" in module.FRAMINGS}
    if not patterns:
        return {}
    counts = ", ".join(f"count(*) filter (where regexp_matches(text, ${name}))" for name in patterns)
    ((*found,),) = db.execute(
        f"select {counts} from records where record_number in ({of})",  # noqa: S608 - our own SQL and names
        patterns,
    ).fetchall()
    return dict(zip(patterns, found, strict=True))


def _parse_unused(db: Connection, formats: Mapping[str, ModuleType], claimed: Claimed) -> tuple[str, ...]:
    """Have another format read the unused lines that look like its own, and keep what it made of them."""
    db.execute(
        f"create or replace temp table theirs as select record_number, text from records "  # noqa: S608 - our own SQL
        f"where record_number in ({_UNUSED}) and regexp_matches(text, $lines)",
        {"lines": formats[claimed.format].LINES},
    )
    first = db.execute("select text from theirs order by record_number limit 200").fetchall()
    db.execute("alter table parsed rename to parsed_before")
    show_records(db, "select record_number, text from theirs")
    head = replace(claimed.head, records=tuple(text for (text,) in first))
    said = _parse(db, formats, replace(claimed, head=head))
    db.execute(
        "insert into parsed select * from parsed_before where record_number not in (select record_number from theirs)"
    )
    db.execute("drop table parsed_before")
    show_records(db)
    return said


def unclaimed(path: Path, head: Head, formats: Mapping[str, ModuleType]) -> str:
    """Why no format took the file, and what to do."""
    if head.framing in ("csv", "json"):
        columns = formats["plain"].column_names(head)
        listed = ", ".join(shown(Path(column)) for column in columns[:12]) or "none"
        found = guess_columns(columns)
        wanted = {"timestamp": "the time", "recipient": "the recipient"}
        timeless = "" if "timestamp" in found else " Without any time no repeat can be told; export the table with one."
        missing = " and one for ".join(text for name, text in wanted.items() if name not in found)
        return (
            f"{shown(path)}: is a table without a column for {missing} under a known name "
            f"(columns: {listed}). `detector doctor FILE` proposes a mapping for the config.{timeless}"
        )
    table = " If it is a table, its first line must name the columns." if _looks_like_rows(head) else ""
    return f"{shown(path)}: claimed by no log format, so not read.{table}"


def _looks_like_rows(head: Head) -> bool:
    """True if most lines have as many delimiters of one kind as the first one has: rows, and nothing above them."""
    first = head.records[0] if head.records else ""
    return any(
        first.count(delimiter) > 0
        and 2 * sum(record.count(delimiter) == first.count(delimiter) for record in head.records) > len(head.records)
        for delimiter in (",", ";", "\t", "|")
    )
