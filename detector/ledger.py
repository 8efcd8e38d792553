"""The ledger of files (`files`): which versions of which content were read, under which settings, and what they gave.

A file is known by the hash of its content. What an earlier run read under other settings (a mapping, a zone) or from a
table that was cut in the middle of a row is superseded: it goes when the file is read anew.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.config import Config, Source
from detector.framings import Framed, begins_with
from detector.records import FileTally
from detector.store import Connection, insert

_COUNTS = ("records", "events", "ignored", "rejected", "blank", "held")


@dataclass(frozen=True)
class Version:
    """How one file is about to be read."""

    path: Path
    settings: str
    known: tuple[tuple[int, str], ...]
    """(bytes, sha256) of what the file may begin with and need not be read again."""
    superseded: tuple[int, ...]
    """file_id of earlier readings that go when this one is kept."""


def settings_of(config: Config, mapping: Source | None) -> str:
    """What the config says that changes how a file's records are understood."""
    said = mapping.model_dump(exclude={"files"}) if mapping else None
    return json.dumps({"mapping": said, "zone": config.logs.zone, "year": config.logs.year}, sort_keys=True)


def version_of(db: Connection, path: Path, settings: str) -> Version:
    """What the ledger knows of a file that is to be read under these settings."""
    rows = db.execute("select file_id, byte_count, sha256, settings, is_torn from files order by file_id").fetchall()
    is_needed = any(row[3] != settings or row[4] for row in rows)
    begun, is_whole = begins_with(path, [(row[1], row[2]) for row in rows]) if is_needed else ([], False)
    itself = begun[-1] if is_whole else None
    matching = [row for row in rows if (row[1], row[2]) in begun]
    if any(row[3] != settings for row in matching):
        return Version(path, settings, (), tuple(row[0] for row in matching))
    known = [(row[1], row[2]) for row in rows if row[3] == settings and (not row[4] or (row[1], row[2]) == itself)]
    torn = [row[0] for row in matching if row[4] and (row[1], row[2]) != itself]
    return Version(path, settings, tuple(known), tuple(torn))


def known_tally(db: Connection, version: Version, sha256: str, name: str) -> FileTally | None:
    """The tally of a file that brings nothing new, with the one of the run that read it; None if none has."""
    rows = db.execute(
        f"select from_record, assumptions, format, {', '.join(_COUNTS)} from files "  # noqa: S608 - names of our own
        "where sha256 = $sha256 and settings = $settings",
        {"sha256": sha256, "settings": version.settings},
    ).fetchall()
    if not rows:
        return None
    from_record, assumptions, format_, *values = rows[0]
    earlier = FileTally(
        name=name,
        format=format_,
        known_records=from_record,
        assumptions=tuple(assumptions.split("\n")) if assumptions else (),
        **dict(zip(_COUNTS, values, strict=True)),
    )
    known = from_record + earlier.records - earlier.held
    return FileTally(name=name, format=format_, known_records=known, earlier=earlier)


def forget(db: Connection, file_ids: Sequence[int]) -> None:
    """Take superseded readings out, rows and all."""
    for file_id in file_ids:
        for table in ("files", "events", "rejects"):
            db.execute(f"delete from {table} where file_id = ?", [file_id])  # noqa: S608 - three names of our own


def enter(db: Connection, version: Version, framed: Framed, tally: FileTally, **facts: object) -> int:
    """Write a file into the ledger and return its file_id; `facts` are identity, framing, is_torn and first_as_of."""
    ((file_id,),) = db.execute("select coalesce(max(file_id), 0) + 1 from files").fetchall()
    counts = {name: getattr(tally, name) for name in _COUNTS}
    row = {
        "file_id": file_id,
        "sha256": framed.complete_sha256,
        "byte_count": framed.complete_bytes,
        "encoding": framed.encoding,
        "from_record": tally.known_records,
        "settings": version.settings,
        "name": tally.name,
        "format": tally.format,
        "assumptions": "\n".join(tally.assumptions),
    }
    insert(db, "files", {**row, **counts, **facts})
    return int(file_id)
