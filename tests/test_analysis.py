"""What analysts are promised: views with these columns, frames and figures, and snapshots that nobody waits for."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from conftest import empty_store

import detector
from detector.analysis import PICTURES
from detector.errors import RefusedError
from detector.store import KEPT_SNAPSHOTS, Connection, open_snapshot, publish
from detector.views import VIEWS

PAGE = (Path(__file__).parent.parent / ".github" / "docs" / "analysis.md").read_text(encoding="utf-8")
TYPES = {
    "UTC": {"TIMESTAMP"},
    "microseconds": {"BIGINT"},
    "microseconds since 1970 UTC": {"BIGINT"},
    "seconds": {"DOUBLE"},
    "repeats in 1,000 sends": {"DOUBLE"},
    "bytes": {"BIGINT"},
    "count": {"BIGINT"},
    "people": {"BIGINT"},
    "copies": {"BIGINT", "DOUBLE"},
    "number": {"BIGINT", "INTEGER"},
    "yes or no": {"BOOLEAN"},
    "list of texts": {"VARCHAR[]"},
    **{unit: {"VARCHAR"} for unit in ("id", "text", "address", "word", "path", "key")},
}


@pytest.fixture
def db(sample_state: Path) -> Iterator[Connection]:
    with open_snapshot(sample_state) as db:
        yield db


# --- the views ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_is_there_and_of_the_type_that_its_unit_says(db: Connection, view: str) -> None:
    rows = db.execute("select column_name, data_type from duckdb_columns() where table_name = ?", [view]).fetchall()
    types = dict(rows)
    for column, (unit, meaning) in VIEWS[view].columns.items():
        assert types[column] in TYPES[unit], column
        assert meaning


def test_the_views_are_those_of_the_readme() -> None:
    for view in VIEWS:
        assert f"| `{view}` |" in PAGE
    assert list(detector.describe()["view"]) == list(VIEWS)
    assert list(detector.describe("affected")["column"]) == list(VIEWS["affected"].columns)
    for name in ("open_snapshot", "describe", "frame", "figure", "BurstDetector", "load_config"):
        assert name in dir(detector)


def test_a_frame_has_the_promised_columns_and_times_in_utc(db: Connection) -> None:
    """The founding night of the sample: 51 people, 3,590 copies, 3,539 of them extra (sample_logs/truth.json)."""
    [incident] = detector.frame(db, "incidents").to_dict("records")
    assert list(incident) == list(VIEWS["incidents"].columns)
    assert incident["started_at"] == pd.Timestamp("2026-10-27T18:05:41.123Z")
    people = detector.frame(db, "affected", incident["incident_id"])
    assert (len(people), people["sends"].sum(), people["excess"].sum()) == (51, 3_590, 3_539)
    assert len(detector.frame(db, "affected", "INC-NONE")) == 0
    sends = detector.frame(db, "sends")
    assert len(sends) == 10_393
    assert str(sends["sent_at"].dtype).endswith("UTC]")
    repeats = detector.frame(db, "repeats")
    assert len(repeats) == repeats["send_id"].nunique() == len(sends), "each send once"


def test_the_baselines_leave_incidents_out(db: Connection) -> None:
    """Counted another way: repeats within ten minutes of whatever is in no incident."""
    base = detector.frame(db, "baselines")
    assert base.groupby("template_key")["lag_bin"].nunique().eq(11).all()
    ((quick,),) = db.execute(
        "select count(*) from repeats where grain = 'mail' and lag_us < 600000000 "
        "and send_id not in (select send_id from incident_repeats)"
    ).fetchall()
    assert base[base["until_seconds"] <= 600]["repeats"].sum() == quick
    assert (base["per_1000"] - 1000 * base["repeats"] / base["sends"]).abs().max() < 1e-9


@pytest.mark.parametrize("picture", PICTURES)
def test_a_figure_is_drawn_without_a_display_and_shows_itself_in_a_notebook(db: Connection, picture: str) -> None:
    ((name,),) = db.execute("select incident_id from incidents").fetchall()
    figure = detector.figure(db, picture, None if picture == "month" else name)
    assert figure._repr_png_().startswith(b"\x89PNG\r\n")
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda db: detector.frame(db, "affcted"), "Did you mean affected?"),
        (lambda db: detector.frame(db, "sends", "INC-7F3K"), "has no column incident_id"),
        (lambda db: detector.describe("x; drop table sends"), "There are: sends, repeats"),
        (lambda db: detector.figure(db, "timelin", "INC-7F3K"), "Did you mean timeline?"),
        (lambda db: detector.figure(db, "timeline"), "There are: INC-"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(db: Connection, call: object, answer: str) -> None:
    with pytest.raises(RefusedError, match=answer.replace("?", r"\?")):
        call(db)  # type: ignore[operator]


# --- the snapshot -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "set enable_external_access = true",
        "set timezone = 'Europe/Berlin'",
        "set memory_limit = '1GB'",
        "attach 'other.duckdb'",
        "copy sends to 'sends.csv'",
        "select * from read_csv('/etc/hostname')",
        "load httpfs",
        "create table mine (n integer)",
        "delete from incidents",
    ],
)
def test_a_snapshot_can_do_nothing_but_be_read(db: Connection, statement: str) -> None:
    with pytest.raises(duckdb.Error, match=r"configuration|disabled|read-only"):
        db.execute(statement)


def test_two_notebooks_in_one_process_open_the_same_snapshot(sample_state: Path, db: Connection) -> None:
    with open_snapshot(sample_state) as other:
        other.execute("create temp table mine as select 1")
        assert other.execute("select current_setting('timezone')").fetchall() == [("UTC",)]
        assert db.execute("select count(*) from affected").fetchall() == [(51,)]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state with an empty database, ready to be published from."""
    for name in ("work", "snapshots"):
        (tmp_path / "state" / name).mkdir(parents=True)
    shutil.copy(empty_store(), tmp_path / "state" / "work" / "detector.duckdb")
    return tmp_path / "state"


def one_more_night(state: Path, number: int) -> Path:
    """As-of moves on by a day, and one more person gets an extra copy; committed at once, then published."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    with duckdb.connect(str(state / "work" / "detector.duckdb")) as writer:
        writer.execute("begin")
        writer.execute(f"create or replace table settings as select timestamp '{at:%Y-%m-%d}' as as_of")
        writer.execute("delete from incidents")
        writer.execute(
            "insert into incidents select 'INC-7F3K', 'active', 'minor', 't', 'subject', 's', [], a, a, a, a, true, "
            f"{number}, 0, {number}, 1, 1, 1, 1, 'unknown', '[]' from (select as_of as a from settings)"
        )
        writer.execute("insert into affected select 'INC-7F3K', 'x', null, 2, 1, 1, as_of, as_of from settings")
        writer.execute("commit")
    return publish(state, f"{at:%Y%m%dT%H%M%SZ}")


def test_twenty_readers_never_fail_never_wait_and_see_one_night_at_a_time(state: Path, tmp_path: Path) -> None:
    """Fourteen nights pass meanwhile; `dev.py fuzz` has readers beside real ones."""
    one_more_night(state, 1)
    readers = subprocess.Popen(
        [sys.executable, Path(__file__).parent / "readers.py", state, tmp_path / "stop"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin"},
    )
    while not (tmp_path / "begun").exists() and readers.poll() is None:
        time.sleep(0.05)
    for number in range(2, 16):
        one_more_night(state, number)
    (tmp_path / "stop").touch()
    told = json.loads(readers.communicate(timeout=60)[0])
    assert told["errors"] == []
    assert told["looks"] > 20
    assert told["nights"] > 3
    assert told["longest"] < 5, (
        "twenty threads share the processor with the nights; each look itself takes milliseconds"
    )
    assert len(list((state / "snapshots").iterdir())) == KEPT_SNAPSHOTS


def test_the_newest_snapshot_outlives_all_others_whatever_its_name(state: Path) -> None:
    """Twelve nights of one second, and then a look back, whose name is the oldest of all."""
    for _ in range(12):
        published = publish(state, "20261101T020000Z")
        assert (state / "current.duckdb").resolve(strict=True) == published
    published = publish(state, "20261001T020000Z")
    assert (state / "current.duckdb").resolve(strict=True) == published
    open_snapshot(state).close()


def test_the_report_splits_the_repeats_as_the_store_counts_them(sample_state: Path, db: Connection) -> None:
    ((repeats, extra),) = db.execute(
        "select count(*), (select sum(excess) from incidents) from repeats where grain = 'mail' and copies_before > 0"
    ).fetchall()
    report = (sample_state / "reports" / "2026-11-01" / "report.md").read_text(encoding="utf-8")
    split = (
        f"{repeats:,} of them are repeats: {extra:,} extra copies of 1 incident, and {repeats - extra:,} ordinary ones."
    )
    assert split in report
