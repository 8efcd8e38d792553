"""What every test of the store stands on: a fresh one, one fixed instant, and the way from files to sends."""

import atexit
import fcntl
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, NamedTuple

import pytest

from detector import tables
from detector.cli import main
from detector.config import Config
from detector.ingest import read_new_logs
from detector.records import FileTally
from detector.store import Connection, locked, open_store

AS_OF = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
NO_CONFIG = Config()

os.environ |= {"SLURM_CPUS_ON_NODE": "1", "OPENBLAS_NUM_THREADS": "1"}
"""DuckDB's threads, and those of numpy, in the processes that share the tests and in those that a test starts: they run
side by side, and a night of theirs is so small that a second thread costs a fifth more. test_nightly.py has a night on
several."""


os.fsync = lambda _: None
"""No test cuts the power, and a process that is killed loses nothing that it has written: here, to wait for the disk
some sixty times a night proves nothing. Tests of what becomes of a run when it fails put their own in its place."""


DEAREST = (
    *("detection", "letters", "incidents_cli", "nightly", "alerting", "histories", "refresh"),
    *("cli", "watch", "fuzz", "case_on_disk", "ingest", "case_folders"),
)
"""Files of tests that take half a minute or more, the dearest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The dearest files first: two processes share the tests by file, and neither is to end on one of these while the
    other has nothing left."""
    places = {name: place for place, name in enumerate(DEAREST)}
    items.sort(key=lambda item: places.get(item.path.stem.removeprefix("test_"), len(DEAREST)))


@cache
def empty_store() -> Path:
    """A store in which nothing has happened, made once; a copy of it is had in half the time of a new one."""
    state = Path(mkdtemp(prefix="empty-store-"))
    atexit.register(shutil.rmtree, state, ignore_errors=True)
    with locked(state), open_store(state):
        return state / "work" / "detector.duckdb"


@contextmanager
def fresh_store(state: Path) -> Iterator[Connection]:
    """A store under its lock, as a night opens it; an empty one if there was none. What is written stays in its journal
    of changes when it is closed, for to order all tables takes longer than most tests and few open them again."""
    path = state / "work" / "detector.duckdb"
    with locked(state):
        if not path.exists():
            shutil.copy(empty_store(), path)
        with open_store(state) as connection:
            connection.execute("pragma disable_checkpoint_on_shutdown")
            yield connection


@contextmanager
def one_store_for_many(state: Path) -> Iterator[Connection]:
    """A store to be emptied again and again, for making one takes longer than reading a small file."""
    with fresh_store(state) as connection:
        tables.save_settings(connection, NO_CONFIG, AS_OF)
        yield connection


def emptied(db: Connection) -> Connection:
    """The store as if nothing had been read."""
    for table in ("files", "events", "rejects"):
        db.execute(f"delete from {table}")
    return db


def ingest(db: Connection, *paths: Path, config: Config = NO_CONFIG, as_of: datetime = AS_OF) -> list[FileTally]:
    """Read files and folders, in this order, into the store; every tally is balanced, whatever became of the file."""
    with TemporaryDirectory() as scratch:
        tallies = list(read_new_logs(db, config.reading(*paths), as_of, Path(scratch)))
    assert [tally for tally in tallies if not tally.is_balanced] == []
    return tallies


def build(
    db: Connection, names: tuple[str, ...] = tables.SENDS, config: Config = NO_CONFIG, as_of: datetime = AS_OF
) -> None:
    """Make the derived tables."""
    tables.save_settings(db, config, as_of)
    tables.build(db, names)


def rows(db: Connection, sql: str) -> list[dict[str, Any]]:
    """What a query gives, one dictionary a row."""
    result = db.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    """A fresh store."""
    with fresh_store(tmp_path / "state") as connection:
        yield connection


class Run(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Calls `detector ...` in this process, as from a shell, and says how it ended."""

    def call(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["detector", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        out, err = capsys.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    return call


def on_a_terminal(*words: object, columns: int) -> list[str]:
    """The lines that a command prints on a terminal this broad, without what makes letters bold."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "detector", *map(str, words)], stdout=theirs, stderr=subprocess.PIPE,
        env=os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"},
    ):  # fmt: skip
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # EIO: the other end is closed
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    return re.sub("\x1b\\[[01]m", "", shown.decode()).splitlines()  # bold is no colour


@pytest.fixture
def as_of() -> datetime:
    """The one instant of all tests: nothing after it has happened."""
    return AS_OF


@pytest.fixture(scope="session")
def sample_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state after the README's first command, with what it printed in stdout.txt. Copy it before you change it: it
    is made once, by the first of the processes that share the tests, and the others wait for it."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    state = folder / "sample-state"
    with (folder / "sample-state.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not (state / "stdout.txt").exists():
            _run_the_sample_night(state)
    return state


def _run_the_sample_night(state: Path) -> None:
    root = Path(__file__).parent.parent
    line = f"nightly {root}/sample_logs/plain --state {state} --as-of 2026-11-01T02:00:00Z --summary"
    night = subprocess.run(
        [sys.executable, "-m", "detector", *line.split()], cwd=root, capture_output=True, text=True, check=False
    )
    assert (night.returncode, night.stderr) == (0, "")
    (state / "stdout.txt").write_text(night.stdout, encoding="utf-8")
