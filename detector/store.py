"""The only door to DuckDB: lock, open, read and write records, publish snapshots.

The writer's database is private (`work/detector.duckdb`); analysts open published copies, because one process that
merely reads the writer's file makes the next night fail. The lock is a file of its own: opening the database file by
any other means in this process would drop DuckDB's locks (POSIX).
"""

import contextlib
import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from detector.disk import no_state, sync
from detector.errors import ConfigError, LockedError, StoreError

SCHEMA_VERSION = 1
KEPT_SNAPSHOTS = 7
_MOST_LOGGED = "512MB"
"""So much may be committed before it is put into place, which looks at all tables: mostly when the store closes."""
LONGEST_LINE = (16 << 20) + 1024
"""Bytes of a spool line, as `framings.LONGEST_RECORD` promises."""
_SNAPSHOT_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "temp_directory": "",
}
_SNAPSHOT_DOOR = threading.Lock()
_WORTH_COMPRESSING = 10_000
"""From so many events on."""
_SWAPS = 5
"""So many nights in a row would have to remove a snapshot between a look at its name and its opening."""
_SQL_DIR = Path(__file__).parent / "sql"

Connection = duckdb.DuckDBPyConnection


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the one lock of a state directory; a second run is told so at once (exit code 4)."""
    try:
        for folder in (state, state / "work", state / "snapshots", state / "reports", state / "incidents"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(state / "work" / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(
            f"{state}: cannot be used as state directory ({error.strerror}). Give another --state."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise LockedError(f"{state}: another run is at work here; this one changed nothing.") from error
    try:
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def open_store(state: Path, *, memory_limit: str = "1200MB") -> Iterator[Connection]:
    """Open the writer's database, creating it whole under a temporary name first. Needs the lock."""
    path = state / "work" / "detector.duckdb"
    if not path.exists():
        _create(path)
    temp = state / "work" / "spill"
    shutil.rmtree(temp, ignore_errors=True)
    db = _connect(path, memory_limit, temp)
    try:
        rows = db.execute("select schema_version from meta").fetchall()
        if rows != [(SCHEMA_VERSION,)]:
            known = rows[0][0] if rows else 0
            what_to_do = (
                "Move it away: the next night reads the logs again; journals, letters and alerts stay."
                if known < SCHEMA_VERSION
                else "Use the newer program, or give another --state."
            )
            raise StoreError(f"{path}: has schema {known}, this program knows {SCHEMA_VERSION}. {what_to_do}")
        yield db
        _spare_compression(db)
    finally:
        db.close()
        shutil.rmtree(temp, ignore_errors=True)


def _spare_compression(db: Connection) -> None:
    """Let a small store be written as it is: to find how each column is best compressed takes as long as to write it,
    and saves nothing where a column does not fill a block."""
    ((events,),) = db.execute("select count(*) from events").fetchall()
    if events < _WORTH_COMPRESSING:
        db.execute("set force_compression = 'uncompressed'")


@contextlib.contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """All or nothing."""
    db.execute("begin")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


@cache
def read_sql(name: str) -> str:
    """The text of one file of `sql/`; a watch reads each once."""
    return (_SQL_DIR / f"{name}.sql").read_text(encoding="utf-8")


def insert(db: Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add one row. `table` and the names are ours (fields of our dataclasses), the values may be anything."""
    columns, marks = ", ".join(values), ", ".join("?" for _ in values)
    db.execute(f"insert into {table} ({columns}) values ({marks})", list(values.values()))  # noqa: S608 - see above


def utc(value: datetime) -> datetime:
    """A column's zone-less UTC time as an aware one."""
    return value.replace(tzinfo=UTC)


def spool_table(db: Connection, spool: Path) -> None:
    """Make the temporary table `records(record_number, text)` of a spool file, which has one record per line.

    The rowid of a fresh table counts insertion order, which DuckDB preserves; a window function would read on one core.
    """
    db.execute("drop view if exists records")
    db.execute(
        "create or replace temp table spooled as select text from read_csv($path, header = false, "
        "columns = {'text': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', auto_detect = false, "
        "max_line_size = $longest, buffer_size = 2 * $longest, compression = 'none')",
        {"path": str(spool), "longest": LONGEST_LINE},
    )
    show_records(db)


def show_records(
    db: Connection, rows: str = "select rowid + 1 as record_number, coalesce(text, '') as text from spooled"
) -> None:
    """What a format's SELECT finds as `records`: all of the spool, or what the query `rows` picks."""
    db.execute(f"create or replace temp view records as {rows}")


def drop_records(db: Connection) -> None:
    """Give back what one file took: hundreds of megabytes of a large log."""
    db.execute("drop view records; drop table spooled; drop table parsed")


def parse_records(db: Connection, sql: str, parameters: dict[str, Any]) -> None:
    """Make the temporary table `parsed` of a format's SELECT. Raises StoreError if a record or a setting breaks it."""
    try:
        db.execute(f"create or replace temp table parsed as {sql}", parameters)
    except duckdb.Error as error:
        raise StoreError(f"cannot be parsed ({_said(error)}); nothing of it was taken.") from error


def parquet_to_ndjson(db: Connection, path: Path, out: Path) -> None:
    """Rewrite a Parquet file as one JSON object per line. Raises StoreError if DuckDB cannot read it."""
    try:
        db.execute(
            "copy (select * from read_parquet($path)) to $out (format json)", {"path": str(path), "out": str(out)}
        )
    except duckdb.Error as error:
        raise StoreError(f"is damaged: no Parquet that can be read ({_said(error)}). Fetch a whole copy.") from error


def _said(error: duckdb.Error) -> str:
    """What DuckDB says of a file, in one short line that any terminal can show, for it quotes what it read."""
    return "".join(c if c.isprintable() else "?" for c in str(error).partition("\n")[0])[:200]


def publish(state: Path, run: str) -> Path:
    """Copy the closed database to `snapshots/<run>.duckdb` and swap `current.duckdb` to it, each by rename."""
    source = state / "work" / "detector.duckdb"
    if source.with_name(source.name + ".wal").exists():
        raise StoreError(f"{source}: has a write-ahead log after closing; not published.")
    folder = state / "snapshots"
    for stale in folder.glob(".tmp-*"):
        stale.unlink()
    target = _unused(folder, run)
    temp = folder / f".tmp-{target.name}"
    shutil.copyfile(source, temp)
    temp.chmod(0o400)
    sync(temp)
    temp.rename(target)
    link = state / ".current.tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("snapshots") / target.name)
    link.rename(state / "current.duckdb")
    sync(folder)
    sync(state)
    for old in sorted(folder.glob("*.duckdb"))[:-KEPT_SNAPSHOTS]:
        if old != target:  # after a look back, the newest has an old name
            old.unlink()
    return target


def open_snapshot(state: Path | str) -> Connection:
    """The newest published snapshot, read-only and without access to anything else. Never blocks a night."""
    current = Path(state) / "current.duckdb"
    if not Path(state).is_dir():
        raise ConfigError(no_state(Path(state)))
    for attempt in range(_SWAPS):
        try:
            return _connect_to_snapshot(current.resolve(strict=True))
        except (OSError, duckdb.Error) as error:
            if attempt < _SWAPS - 1:  # a night may just have swapped it and removed the old one
                continue
            raise StoreError(
                f"{current}: no snapshot can be opened ({error}). Run `detector nightly` first."
            ) from error
    raise AssertionError("unreachable")


def _connect_to_snapshot(path: Path) -> Connection:
    """A connection that reads this file and nothing else, and writes nowhere. What is set holds for every connection of
    this process to the file, so the first one sets and locks it."""
    db = duckdb.connect(str(path), read_only=True, config=_SNAPSHOT_CONFIG)
    with _SNAPSHOT_DOOR:
        if db.execute("select current_setting('lock_configuration')").fetchall() == [(False,)]:
            db.execute("set global timezone = 'UTC'")
            db.execute("set lock_configuration = true")
    return db


def _create(path: Path) -> None:
    """A new database, whole or not at all: a kill while DuckDB creates a file leaves one that it refuses to open."""
    temp = path.with_name(".new.duckdb")
    for leftover in (temp, temp.with_name(temp.name + ".wal")):
        leftover.unlink(missing_ok=True)
    db = _connect(temp, "500MB", path.parent / "spill")
    db.execute(read_sql("schema"))
    db.execute("checkpoint")
    db.close()
    temp.chmod(0o600)
    sync(temp)
    temp.rename(path)
    sync(path.parent)


def _connect(path: Path, memory_limit: str, temp: Path) -> Connection:
    """A connection with every limit set by us; times are UTC, nothing is loaded or installed at run time."""
    try:
        db = duckdb.connect(
            str(path),
            config={
                "memory_limit": memory_limit,
                "temp_directory": str(temp),
                "checkpoint_threshold": _MOST_LOGGED,
                "autoload_known_extensions": "false",
                "autoinstall_known_extensions": "false",
            },
        )
    except duckdb.Error as error:
        raise StoreError(
            f"{path}: cannot be opened ({str(error).splitlines()[0]}). Move it aside; the next run builds it anew."
        ) from error
    db.execute("set timezone = 'UTC'")
    return db


def _unused(folder: Path, run: str) -> Path:
    """A snapshot name that does not exist yet: runs of one second get a counter, so that names sort by age."""
    numbers = (int(path.stem.removeprefix(f"{run}-")) for path in folder.glob(f"{run}-*.duckdb"))
    return folder / f"{run}-{max(numbers, default=-1) + 1:03}.duckdb"
