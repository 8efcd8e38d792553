"""Looks at one log file as a night would, and says what it sees: format, five events, counts, assumptions.

For a table that no format knows, or whose words nobody knows, it proposes a mapping; for a log whose zone is proved to
be another, that zone.
"""

import fnmatch
import tomllib
from collections.abc import Container
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from detector import ingest, kept_apart, tables
from detector.config import Config, Source
from detector.examined import Examined
from detector.formats import load_formats, plain
from detector.framings import Head, shown, sniff
from detector.headings import guess_columns
from detector.mapping_proposal import propose_mapping, propose_words, propose_zone
from detector.records import FileTally
from detector.store import Connection, locked, open_store

Rows = tuple[tuple[str, ...], ...]


def examine(path: Path, config: Config, as_of: datetime, taken: Container[str] = ()) -> Examined:
    """Read one file into a store of its own that is thrown away. Raises InputError if it is no text at all.

    `taken`: names of mappings that there are, none of which a proposal may have.
    """
    head = sniff(path)
    formats = load_formats()
    counts = {name: module.claims(head) for name, module in formats.items() if head.framing in module.FRAMINGS}
    mapping = next((name for name, s in config.sources.items() if fnmatch.fnmatch(path.name, s.files)), None)
    with TemporaryDirectory(prefix="doctor-") as folder, locked(Path(folder)), open_store(Path(folder)) as db:
        (tally,) = ingest.read_new_logs(db, config.reading(path), as_of, Path(folder))
        tables.save_settings(db, config, as_of)
        tables.build(db, tables.SENDS)
        examined = Examined(
            name=shown(path),
            framing=head.framing,
            claims=tuple(sorted(((n, c) for n, c in counts.items() if c), key=lambda claim: -claim[1])),
            looked_at=len(head.records),
            mapping=mapping,
            tally=tally,
            known=() if tally.format else tuple(formats),
            unused=_unused(head, config.sources.get(mapping or "")) if tally.format == "plain" else (),
            proposal=_proposal(db, path, head, tally, taken) if not (mapping and tally.format) else "",
            words=_words(db, head, config.sources[mapping]) if mapping and tally.format == "plain" else "",
            **_found(db),
        )
    return replace(examined, rows=_tried(path, examined.proposal, as_of)) if examined.proposal else examined


def _proposal(db: Connection, path: Path, head: Head, tally: FileTally, taken: Container[str]) -> str:
    """What to paste into the config, if it lacks something that the file needs."""
    if tally.proved_zone:
        return propose_zone(path, tally.proved_zone, taken)
    return propose_mapping(path, head, taken) if not tally.format or _strange(db, 1) else ""


def _words(db: Connection, head: Head, source: Source) -> str:
    """What the mapping that applies lacks, if that is words."""
    rejected = _strange(db, 10_000)
    return propose_words(head, source, rejected) if rejected else ""


def _tried(path: Path, proposal: str, as_of: datetime) -> Rows:
    """The first rows as a night would read them with the proposal; none as long as a column that it needs is missing.

    What its words mean only a person can say, so the column with the words is left out.
    """
    try:
        proposed: dict[str, Any] = tomllib.loads(proposal).get("sources", {})
    except tomllib.TOMLDecodeError:  # a name of half a character, which TOML cannot hold
        return ()
    source: dict[str, Any] = next(iter(proposed.values()), {})
    columns = {ours: theirs for ours, theirs in source.get("columns", {}).items() if ours != "event"}
    if not all(columns.get(ours) for ours in ("timestamp", "recipient")):
        return ()
    mapping = Source(columns=columns, time_format=source.get("time_format"))
    with TemporaryDirectory(prefix="doctor-") as folder, locked(Path(folder)), open_store(Path(folder)) as db:
        (_,) = ingest.read_new_logs(db, Config(sources={"proposed": mapping}).reading(path), as_of, Path(folder))
        return _first_rows(db)


def _unused(head: Head, source: Source | None) -> tuple[str, ...]:
    """Columns of a table that say nothing to the detector, as they are called in the file."""
    names = plain.column_names(head)
    used = set((source.columns if source and source.columns else guess_columns(names)).values())
    return tuple(name for name in names if name not in used)


def _strange(db: Connection, most: int) -> list[str]:
    """Records of a table that are known but for the word in the event column."""
    found = db.execute(
        "select text from rejects where reason = ? order by record_number limit ?", [plain.STRANGE_WORD, most]
    ).fetchall()
    return [text for (text,) in found]


def _found(db: Connection) -> dict[str, Any]:
    """What the store of one file holds."""
    ((sends, recipients),) = db.execute(
        "select count(*), count(distinct recipient) from sends where outcome <> 'dropped'"
    ).fetchall()
    return {
        "sends": sends,
        "recipients": recipients,
        "dropped": kept_apart.dropped(db),
        "nameless": kept_apart.nameless(db),
        "archives": kept_apart.archives(db),
        "sources": tuple(
            db.execute("select source, count(*) from events group by source order by 2 desc, 1").fetchall()
        ),
        "rows": _first_rows(db),
        "rejects": tuple(
            db.execute(
                "select min(record_number), reason, count(*) from rejects group by reason order by 3 desc, 1 limit 5"
            ).fetchall()
        ),
    }


def _first_rows(db: Connection) -> Rows:
    """The first events as they were read."""
    return tuple(
        db.execute(
            "select strftime(make_timestamp(at_us), '%Y-%m-%d %H:%M:%S'), cast(type as varchar), "
            "coalesce(recipient, ''), coalesce(sender, ''), coalesce(subject, ''), coalesce(template, '') "
            "from events order by record_number, part limit 5"
        ).fetchall()
    )
