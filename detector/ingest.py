"""Reads log files into `events`, each record once: what is new, how it is framed, which format claims it, what it says.

Per file, in one transaction: records = events + ignored + rejected + blank + held, exactly, or nothing of it is taken.
The ledger (`files`) knows files by the hash of their content, so names, compression and repetition do not matter, and
a grown file is taken from where it ended.
"""

import fnmatch
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from detector.config import Config
from detector.errors import InputError, StoreError
from detector.formats import choose_format, load_formats
from detector.framings import LISTED_OBJECT, Framed, frame, lost_with_it, sha256_of, shown, sniff
from detector.ledger import Version, enter, forget, known_tally, settings_of, version_of
from detector.local_time import Clock, read_clock
from detector.parsing import Claimed, parse_file, unclaimed, whose_lines
from detector.records import FileTally
from detector.store import Connection, drop_records, parquet_to_ndjson, spool_table, transaction

_FIRST_US, _LAST_US = 315_532_800_000_000, 4_102_444_800_000_000
"""1980 and 2100: no mail was sent before, what claims to be later is no time, and 64 bits have room to count."""
_TEXTS = ("message_key", "recipient", "sender", "message_id", "subject", "template", "organization")
_LONGEST_TEXT, _SHOWN_OF_LONG = 4000, 500
"""Bytes of a text that is kept as it is; characters of a longer one that are kept."""

_NO_LOG = "written by `detector simulate` to say what is in its logs, and no log: not read"
_FOREIGN = ("bytes that are not UTF-8 were read as Windows-1252",)


@dataclass(frozen=True)
class _Reading:
    """One file on its way into the store."""

    version: Version
    framed: Framed
    claimed: Claimed
    identity: str
    is_torn: bool
    """A table that does not end in a newline: its last row may be half a row."""


def read_new_logs(
    db: Connection, config: Config, as_of: datetime, scratch: Path, said: Callable[[str], None] = lambda _: None
) -> Iterator[FileTally]:
    """Read what is new in the config's files and folders, yielding what became of each. No bad file stops another.

    `said` is told of each file before it is read: which one it is, of how many, and how big.
    """
    formats = load_formats()
    paths = list(files_meant(config.logs.paths))
    for place, path in enumerate(paths, 1):
        said(f"reading {shown(path)} ({place} of {len(paths)}, {_megabytes(path)})")
        with TemporaryDirectory(dir=scratch, prefix="spool-") as folder:
            if is_truth(path):
                yield FileTally(name=shown(path), format="truth of a simulation", assumptions=(_NO_LOG,))
                continue
            try:
                reading = _frame_file(db, config, path, formats, Path(folder))
                yield _noted(reading if isinstance(reading, FileTally) else _keep(db, reading, formats, config, as_of))
            except (InputError, StoreError) as error:
                name, problem = shown(path), str(error)
                yield FileTally(name=name, problem=problem if name in problem else f"{name}: {problem}")


def files_meant(paths: Sequence[Path]) -> Iterator[Path]:
    """A folder stands for all files in it, by name; hidden ones are passed over. `mail.log*` stands for what it fits
    now, if there is no file of that very name.
    """
    for path in chain.from_iterable(map(_fitting, paths)):
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))


def is_truth(path: Path) -> bool:
    """What `detector simulate` wrote beside its logs: known by its name and its keys."""
    if path.name != "truth.json":
        return False
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"scenario", "seed", "period", "totals", "bursts"} == content.keys()


def _megabytes(path: Path) -> str:
    try:
        return f"{path.stat().st_size / 1e6:,.1f} MB"
    except OSError:
        return "not there"


def _fitting(path: Path) -> list[Path]:
    found = [] if path.exists() else sorted(path.parent.glob(path.name))
    return found or [path]


def _frame_file(
    db: Connection, config: Config, path: Path, formats: Mapping[str, ModuleType], folder: Path
) -> _Reading | FileTally:
    """Decide what a file is and put its new records before DuckDB; or its tally, if it brings nothing new."""
    head, source, sha256 = sniff(path), path, ""
    mapping = next((s for s in config.sources.values() if fnmatch.fnmatch(path.name, s.files)), None)
    version = version_of(db, path, settings_of(config, mapping))
    if head.framing == "parquet":
        sha256 = sha256_of(path)
        if known := known_tally(db, version, sha256, shown(path)):
            return known
        source = folder / "rows.ndjson"
        parquet_to_ndjson(db, path, source)
        head = sniff(source)
    name = choose_format(head, formats, mapping)
    if name is None and head.framing != "lines":
        raise InputError(unclaimed(path, head, formats))
    spool = folder / "records"
    framed = frame(source, head.framing, spool, known=version.known)
    if source is not path:
        framed = replace(framed, complete_sha256=sha256, complete_bytes=path.stat().st_size)
    if framed.is_known or (framed.held and framed.known_bytes == framed.complete_bytes):
        known = known_tally(db, version, framed.complete_sha256, shown(path)) or FileTally(name=shown(path))
        return replace(known, held=framed.held)
    spool_table(db, spool)
    name = name or whose_lines(db, formats)
    if name is None:
        raise InputError(unclaimed(path, head, formats))
    claimed = Claimed(name, path.name, head, mapping.zone if mapping else config.logs.zone, mapping)
    is_torn = head.framing == "csv" and not framed.compressed and not _ends_line(path)
    identity = (mapping and mapping.identity) or formats[name].IDENTITY
    return _Reading(version, framed, claimed, identity, is_torn)


def _keep(
    db: Connection, reading: _Reading, formats: Mapping[str, ModuleType], config: Config, as_of: datetime
) -> FileTally:
    """Parse the spooled records and write events, rejects and ledger, all or nothing."""
    framed = reading.framed
    assumptions = parse_file(db, formats, reading.claimed)
    if in_spool := framed.known_records - framed.skipped:
        db.execute("delete from parsed where record_number <= ?", [in_spool])
    db.execute(
        "update parsed set outcome = 'rejected', reason = 'no time that can be read' where outcome = 'event' "
        "and not coalesce(at_us between $first and $last "
        "and coalesce(sent_at_us, at_us) between $first and $last, false)",
        {"first": _FIRST_US, "last": _LAST_US},
    )
    _say_what_is_lost(db, reading.claimed.head.framing)
    counts = _count_outcomes(db)
    clock = read_clock(db, reading.claimed, config.logs.year, as_of)
    tally = FileTally(
        name=shown(reading.version.path),
        format=reading.claimed.format,
        records=framed.new_records + framed.held,
        events=counts.get("event", 0),
        ignored=counts.get("ignored", 0),
        rejected=counts.get("rejected", 0),
        blank=counts.get("blank", 0),
        held=framed.held,
        known_records=framed.known_records,
        assumptions=(*assumptions, *clock.said, *_FOREIGN[: framed.is_windows_1252]),
    )
    if not tally.is_balanced:
        raise InputError(
            f"{tally.name}: {tally.records} records went in, but {tally.events} events, {tally.ignored} ignored, "
            f"{tally.rejected} rejected, {tally.blank} blank and {tally.held} held came out; nothing of it was taken. "
            "This is a fault of the detector."
        )
    problem = f"{tally.name}: {clock.contradiction}." if clock.contradiction else None
    why = _most_frequent_reason(db, framed.skipped) if tally.rejected else ""
    with transaction(db):
        _write(db, reading, tally, clock, as_of)
    drop_records(db)
    return replace(tally, rejected_because=why, problem=problem, proved_zone=clock.proved_zone)


def _say_what_is_lost(db: Connection, framing: str) -> None:
    """How many others stand in the lists of an object that is none: a damaged page takes all of its facts along."""
    if framing != "json":
        return
    found = db.execute(
        "select p.record_number, len(regexp_extract_all(r.text, $listed)) as listed "
        "from (select distinct record_number from parsed where outcome = 'rejected') as p "
        "join records as r using (record_number) where not json_valid(r.text) and not starts_with(r.text, chr(2))",
        {"listed": LISTED_OBJECT},
    ).fetchall()
    for number, listed in found:
        if said := lost_with_it(listed):
            db.execute("update parsed set reason = reason || ? where record_number = ?", [said, number])


def _most_frequent_reason(db: Connection, skipped: int) -> str:
    """Why most of the rejected records could not be read, and where the first of them stands."""
    ((reason, first, kinds),) = db.execute(
        "with reasons as (select reason, count(*) as n, min(record_number) as first from parsed "
        "where outcome = 'rejected' group by reason) "
        "select arg_max(reason, n), arg_max(first, n), count(*) from reasons"
    ).fetchall()
    return f"{'mostly: ' if kinds > 1 else ''}{reason}; first in record {first + skipped}"


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


def _write(db: Connection, reading: _Reading, tally: FileTally, clock: Clock, as_of: datetime) -> None:
    """Ledger, events and rejects of one file, inside the caller's transaction."""
    forget(db, reading.version.superseded)
    framed = reading.framed
    file_id = enter(
        db,
        reading.version,
        framed,
        tally,
        identity=reading.identity,
        framing=reading.claimed.head.framing,
        is_torn=reading.is_torn,
        first_as_of=as_of.replace(tzinfo=None),
    )
    db.execute(
        f"insert into events select $file_id, record_number + $shift, part, source, type, {clock.at_us}, sent_at_us, "  # noqa: S608 - ours
        f"{', '.join(map(_kept, _TEXTS))}, size, nullif({_kept('next_key')}, '') from parsed where outcome = 'event'",
        {"file_id": file_id, "shift": framed.skipped} | clock.parameters,
    )
    if tally.rejected:
        db.execute(
            "insert into rejects select $file_id, p.record_number + $shift, min(p.reason), min(left(r.text, 4000)) "
            "from parsed as p join records as r using (record_number) where p.outcome = 'rejected' "
            "group by p.record_number",
            {"file_id": file_id, "shift": framed.skipped},
        )


def _kept(text: str) -> str:
    """SQL: a text of a log; of one that nobody wrote for people, its start, its length and a hash of the whole, which
    is the same wherever the text is and another for every other text."""
    cut = f"left({text}, {_SHOWN_OF_LONG}) || ' ... [' || length({text}) || ' characters, md5 ' || md5({text}) || ']'"
    return f"case when strlen({text}) > {_LONGEST_TEXT} then {cut} else {text} end"


def _ends_line(path: Path) -> bool:
    """True if the last byte is a line break (or the second half of one in UTF-16)."""
    with path.open("rb") as log:
        log.seek(-1, os.SEEK_END)
        return log.read(1) in (b"\n", b"\r", b"\0")


def _noted(tally: FileTally) -> FileTally:
    """The tally with its one clear line if a person should look at the file."""
    said = [tally.problem.removeprefix(f"{tally.name}: ")] if tally.problem else []
    if tally.rejected:
        because = f" ({tally.rejected_because})" if tally.rejected_because else ""
        said.append(
            f"{tally.rejected} of {tally.records} records could not be read{because}; they are kept with their reasons "
            f"in the table `rejects`. {'The rest was taken.' if tally.events else 'Nothing was left to be taken.'}"
        )
    elif tally.held:
        said.append(
            "ends in the middle of a record, which is read when the rest has arrived. If the file was cut, copy it "
            "again."
        )
    if not said:
        return tally
    records = tally.records if tally.rejected else max(tally.records, tally.held)
    return replace(tally, records=records, problem=f"{tally.name}: {' '.join(said)}")
