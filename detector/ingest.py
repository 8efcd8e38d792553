"""Reads log files into `events`, each record once: what is new, how it is framed, which format claims it, what it says.

Per file, in one transaction: records = events + ignored + rejected + blank + held, exactly, or nothing of it is taken.
The ledger (`files`) knows files by the hash of their content, so names, compression and repetition do not matter, and
a grown file is taken from where it ended.
"""

import fnmatch
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from detector.config import Config
from detector.errors import InputError, StoreError
from detector.formats import COLUMNS, Select, choose_format, load_formats
from detector.framings import Framed, Head, frame, sha256_of, shown, sniff
from detector.records import FileTally
from detector.store import Connection, insert, parquet_to_ndjson, parse_records, spool_table, transaction
from detector.years import year_of_stamps

_FIRST_US, _LAST_US = 315_532_800_000_000, 4_102_444_800_000_000
"""1980 and 2100: no mail was sent before, what claims to be later is no time, and 64 bits have room to count."""


@dataclass(frozen=True)
class _Reading:
    """One file on its way into the store."""

    path: Path
    head: Head
    framed: Framed
    format: str
    identity: str
    select: Select
    zone: str
    is_torn: bool
    """A table that does not end in a newline: its last row may be half a row."""


def read_new_logs(db: Connection, config: Config, as_of: datetime, scratch: Path) -> Iterator[FileTally]:
    """Read what is new in the config's files and folders, yielding what became of each. No bad file stops another."""
    formats = load_formats()
    for path in _walk(config.logs.paths):
        with TemporaryDirectory(dir=scratch, prefix="spool-") as folder:
            try:
                reading = _frame_file(db, config, path, formats, Path(folder))
                yield _noted(reading if isinstance(reading, FileTally) else _keep(db, reading, config, as_of))
            except (InputError, StoreError) as error:
                name, problem = shown(path), str(error)
                yield FileTally(name=name, problem=problem if name in problem else f"{name}: {problem}")


def _walk(paths: Sequence[Path]) -> Iterator[Path]:
    """The files meant: a folder stands for all files in it, by name; hidden ones are passed over."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))


def _frame_file(
    db: Connection, config: Config, path: Path, formats: Mapping[str, ModuleType], folder: Path
) -> _Reading | FileTally:
    """Decide what a file is and put its new records before DuckDB; or its tally, if it brings nothing new."""
    head, source, sha256 = sniff(path), path, ""
    if head.framing == "parquet":
        sha256 = sha256_of(path)
        if known := _known_tally(db, sha256, shown(path)):
            return known
        source = folder / "rows.ndjson"
        parquet_to_ndjson(db, path, source)
        head = sniff(source)
    mapping = next((s for s in config.sources.values() if fnmatch.fnmatch(path.name, s.files)), None)
    name = choose_format(head, formats, mapping)
    if name is None:
        raise InputError(_unclaimed(path, head, formats))
    spool = folder / "records"
    framed = frame(source, head.framing, spool, known=_known_versions(db, path))
    if source is not path:
        framed = replace(framed, complete_sha256=sha256, complete_bytes=path.stat().st_size)
    if framed.is_known or (framed.held and framed.known_bytes == framed.complete_bytes):
        known = _known_tally(db, framed.complete_sha256, shown(path)) or FileTally(name=shown(path))
        return replace(known, held=framed.held)
    spool_table(db, spool)
    select = formats[name].select(head, config.logs.zone, mapping)
    zone = mapping.zone if mapping else config.logs.zone
    is_torn = head.framing == "csv" and not framed.compressed and not _ends_line(path)
    identity = (mapping and mapping.identity) or formats[name].IDENTITY
    return _Reading(path, head, framed, name, identity, select, zone, is_torn)


def _keep(db: Connection, reading: _Reading, config: Config, as_of: datetime) -> FileTally:
    """Parse the spooled records and write events, rejects and ledger, all or nothing."""
    framed = reading.framed
    in_spool = framed.known_records - framed.skipped
    columns = ", ".join(COLUMNS)
    parse_records(
        db,
        f"select {columns} from ({reading.select.sql}) where record_number > {in_spool:d}",  # noqa: S608 - our own SQL
        dict(reading.select.parameters),
    )
    db.execute(
        "update parsed set outcome = 'rejected', reason = 'no time that can be read' where outcome = 'event' "
        "and not coalesce(at_us between $first and $last "
        "and coalesce(sent_at_us, at_us) between $first and $last, false)",
        {"first": _FIRST_US, "last": _LAST_US},
    )
    counts = _count_outcomes(db)
    year, year_said = year_of_stamps(db, config.logs.year, as_of)
    tally = FileTally(
        name=shown(reading.path),
        format=reading.format,
        records=framed.new_records + framed.held,
        events=counts.get("event", 0),
        ignored=counts.get("ignored", 0),
        rejected=counts.get("rejected", 0),
        blank=counts.get("blank", 0),
        held=framed.held,
        known_records=framed.known_records,
        assumptions=(*reading.select.assumptions, *year_said),
    )
    if not tally.is_balanced:
        raise InputError(
            f"{tally.name}: {tally.records} records went in, but {tally.events} events, {tally.ignored} ignored, "
            f"{tally.rejected} rejected, {tally.blank} blank and {tally.held} held came out; nothing of it was taken. "
            "This is a fault of the detector."
        )
    with transaction(db):
        _write(db, reading, tally, year, as_of)
    db.execute("drop view records; drop table spooled; drop table parsed")  # hundreds of megabytes of a large log
    return tally


def _count_outcomes(db: Connection) -> dict[str, int]:
    """Records by outcome; one that holds several events counts by the worst of them, yet its good events are kept."""
    ((most_parts,),) = db.execute("select coalesce(max(part), 1) from parsed").fetchall()
    if most_parts == 1:
        return dict(db.execute("select outcome, count(*) from parsed group by outcome").fetchall())
    return dict(
        db.execute(
            "select outcome, count(*) from (select record_number, "
            "arg_min(outcome, list_position(['rejected', 'event', 'ignored', 'blank'], outcome)) as outcome "
            "from parsed group by record_number) group by outcome"
        ).fetchall()
    )


def _write(db: Connection, reading: _Reading, tally: FileTally, year: str, as_of: datetime) -> None:
    """Ledger, events and rejects of one file, inside the caller's transaction."""
    ((file_id,),) = db.execute("select coalesce(max(file_id), 0) + 1 from files").fetchall()
    framed = reading.framed
    for torn_id in _torn_beginnings(db, reading.path):
        for table in ("files", "events", "rejects"):
            db.execute(f"delete from {table} where file_id = ?", [torn_id])  # noqa: S608 - three names of our own
    version = {"sha256": framed.complete_sha256, "byte_count": framed.complete_bytes, "encoding": framed.encoding}
    counts = {name: getattr(tally, name) for name in ("records", "events", "ignored", "rejected", "blank", "held")}
    insert(
        db,
        "files",
        {
            "file_id": file_id,
            **version,
            "from_record": tally.known_records,
            "is_torn": reading.is_torn,
            "name": tally.name,
            "format": tally.format,
            "identity": reading.identity,
            "framing": reading.head.framing,
            **counts,
            "assumptions": "\n".join(tally.assumptions),
            "first_as_of": as_of.replace(tzinfo=None),
        },
    )
    at_us = (
        "case when is_yearless then "
        f"epoch_us(timezone($zone, make_timestamp(at_us) + to_years(cast(({year}) - 2000 as integer)))) else at_us end"
    )
    db.execute(
        f"insert into events select $file_id, record_number + $shift, part, $source, type, {at_us}, sent_at_us, "  # noqa: S608 - numbers of ours
        "message_key, recipient, sender, message_id, subject, template, organization, size, nullif(next_key, '') "
        "from parsed where outcome = 'event'",
        {"file_id": file_id, "shift": framed.skipped, "source": reading.format, "zone": reading.zone},
    )
    db.execute(
        "insert into rejects select $file_id, p.record_number + $shift, min(p.reason), min(left(r.text, 4000)) "
        "from parsed as p join records as r using (record_number) where p.outcome = 'rejected' "
        "group by p.record_number",
        {"file_id": file_id, "shift": framed.skipped},
    )


def _known_versions(db: Connection, path: Path) -> list[tuple[int, str]]:
    """(bytes, sha256) of every version of a file read so far; a torn one is known only if the file is just that."""
    return db.execute(
        "select byte_count, sha256 from files where not is_torn or byte_count = $size or $is_packed",
        {"size": path.stat().st_size, "is_packed": _is_packed(path)},
    ).fetchall()


def _torn_beginnings(db: Connection, path: Path) -> list[int]:
    """The torn versions that the file begins with, now that it has grown: it holds all they held, and the row whole."""
    torn = db.execute(
        "select file_id, byte_count, sha256 from files where is_torn and byte_count < ? order by file_id",
        [path.stat().st_size],
    ).fetchall()
    found = []
    for file_id, byte_count, sha256 in torn:
        with path.open("rb") as log:
            if hashlib.sha256(log.read(byte_count)).hexdigest() == sha256:
                found.append(file_id)
    return found


def _is_packed(path: Path) -> bool:
    """True for gzip."""
    with path.open("rb") as log:
        return log.read(2) == b"\x1f\x8b"


def _ends_line(path: Path) -> bool:
    """True if the last byte is a line break (or the second half of one in UTF-16)."""
    with path.open("rb") as log:
        log.seek(-1, os.SEEK_END)
        return log.read(1) in (b"\n", b"\r", b"\0")


def _known_tally(db: Connection, sha256: str, name: str) -> FileTally | None:
    """The tally of a file that brings nothing new, with the one of the run that read it; None if none has."""
    columns = ("format", "records", "events", "ignored", "rejected", "blank", "held")
    rows = db.execute(
        f"select from_record, assumptions, {', '.join(columns)} from files where sha256 = ?",  # noqa: S608 - ours
        [sha256],
    ).fetchall()
    if not rows:
        return None
    from_record, assumptions, *values = rows[0]
    earlier = FileTally(
        name=name,
        known_records=from_record,
        assumptions=tuple(assumptions.split("\n")) if assumptions else (),
        **dict(zip(columns, values, strict=True)),
    )
    known = from_record + earlier.records - earlier.held
    return FileTally(name=name, format=earlier.format, known_records=known, earlier=_noted(earlier))


def _noted(tally: FileTally) -> FileTally:
    """The tally with its one clear line if a person should look at the file."""
    if tally.rejected:
        return replace(
            tally,
            problem=f"{tally.name}: {tally.rejected} of {tally.records} records could not be read; they are kept with "
            "their reasons in the table `rejects`. The rest was taken.",
        )
    if tally.held:
        return replace(
            tally,
            records=max(tally.records, tally.held),
            problem=f"{tally.name}: ends in the middle of a record, which is read when the rest has arrived. "
            "If the file was cut, copy it again.",
        )
    return tally


def _unclaimed(path: Path, head: Head, formats: Mapping[str, ModuleType]) -> str:
    """Why no format took the file, and what to do."""
    known = ", ".join(formats)
    if head.framing in ("csv", "json"):
        columns = formats["plain"].column_names(head)
        listed = ", ".join(shown(Path(column)) for column in columns[:12]) or "none"
        found = formats["plain"].guess_columns(columns)
        wanted = {"timestamp": "the time", "recipient": "the recipient"}
        timeless = "" if "timestamp" in found else " Without any time no repeat can be told; export the table with one."
        missing = " and one for ".join(text for name, text in wanted.items() if name not in found)
        return (
            f"{shown(path)}: is a table without a column for {missing} under a known name "
            f"(columns: {listed}). Map what it has under [sources.NAME] in the config; see the README.{timeless}"
        )
    table = " If it is a table, its first line must name the columns." if _looks_like_rows(head) else ""
    return f"{shown(path)}: no log format claims it (known: {known}); it was not read.{table}"


def _looks_like_rows(head: Head) -> bool:
    """True if most lines have as many delimiters of one kind as the first one has: rows, and nothing above them."""
    first = head.records[0] if head.records else ""
    return any(
        first.count(delimiter) > 0
        and 2 * sum(record.count(delimiter) == first.count(delimiter) for record in head.records) > len(head.records)
        for delimiter in (",", ";", "\t", "|")
    )
