"""A folder of bad files: nothing crashes or hangs, each is told in one clear line, the good ones beside them are read
wholly, and one damaged record costs at most what it said.
"""

import gzip
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random

import duckdb
import pytest
from conftest import fresh_store, ingest, one_store_for_many, rows
from damages import RECORD_DAMAGES, TEXT_DAMAGES, damaged_parquet, lay_traps, records, samples, strangers
from laws import costs_beyond, is_told_well

from detector.records import FileTally
from detector.store import Connection

SAMPLES = samples()
SMALL = b"\n".join(SAMPLES["postfix.log"].split(b"\n")[:3]) + b"\n"
GOOD = b"timestamp,recipient\n2026-10-27T18:00:00Z,good@harbor.example\n2026-10-27T18:00:01Z,good@harbor.example\n"


def read_with_good_files(folder: Path) -> list[FileTally]:
    """What became of each bad file in the folder, which lie between two good ones; those are read wholly."""
    first, last = folder / "!first.csv", folder / "~last.csv"
    first.write_bytes(GOOD)
    last.write_bytes(GOOD.replace(b"good@", b"also@"))
    with fresh_store(folder.parent / f"{folder.name}-state") as db:
        tallies = ingest(db, folder)
        assert [tally for tally in tallies if not is_told_well(tally)] == []
        good = [tally for tally in tallies if tally.name in (str(first), str(last))]
        assert [(tally.events, tally.problem) for tally in good] == [(2, None), (2, None)]
        events = rows(
            db, "select recipient from events where recipient in ('good@harbor.example', 'also@harbor.example')"
        )
        assert len(events) == 4
        kept = "select count(distinct (file_id, record_number)) from"
        is_read = "(file_id, record_number) not in (select file_id, record_number from rejects)"
        sql = f"select ({kept} events where {is_read}) as events, ({kept} rejects) as rejected"
        assert rows(db, "select sum(events) as events, sum(rejected) as rejected from files") == rows(db, sql)
    return [tally for tally in tallies if tally not in good]


def test_a_gz_that_is_cut_at_any_byte_is_told_and_none_of_it_is_taken(tmp_path):
    packed = gzip.compress(SMALL, mtime=0)
    folder = tmp_path / "cut"
    folder.mkdir()
    for length in range(1, len(packed)):
        (folder / f"{length:04}.gz").write_bytes(packed[:length])
    tallies = read_with_good_files(folder)
    assert len(tallies) == len(packed) - 1 > 150
    assert [tally for tally in tallies if not tally.problem or tally.records] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_that_suffered_in_any_way_stops_nothing(tmp_path, name):
    """Each in every other way; `dev.py fuzz` draws any."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    ways = list(TEXT_DAMAGES.items())[list(SAMPLES).index(name) % 2 :: 2]
    for number, (damage, damaged) in enumerate(ways):
        suffix = Path(name).suffix if number % 3 else ".gz.csv.json"[number % 4 :]  # a wrong name decides nothing
        (folder / f"{damage} {suffix}").write_bytes(damaged(SAMPLES[name], Random(f"{name} {damage}")))
    assert len(read_with_good_files(folder)) == len(ways) == 13


def test_a_parquet_with_any_byte_changed_stops_nothing(tmp_path):
    folder = tmp_path / "parquet"
    folder.mkdir()
    with duckdb.connect() as memory:
        rows_of = "select '2026-10-27T18:00:00Z' as timestamp, 'p' || i || '@harbor.example' as recipient, i as size"
        memory.execute(f"copy ({rows_of} from range(50) as t(i)) to '{tmp_path}/whole.parquet' (format parquet)")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for number in range(100):
        (folder / f"{number}.parquet").write_bytes(damaged_parquet(whole, Random(number)))
    assert len(read_with_good_files(folder)) == 100


def test_files_that_are_no_logs_are_each_told_in_a_line_of_their_own(tmp_path):
    folder = tmp_path / "strangers"
    folder.mkdir()
    for name, data in strangers(SAMPLES["postfix.log"]).items():
        (folder / name).write_bytes(data)
    taken = {Path(tally.name).name for tally in read_with_good_files(folder) if not tally.problem}
    assert taken == {"header.csv", "headers.csv"}  # a table of no rows is a whole table


def test_pipes_devices_loops_and_odd_names_are_neither_waited_for_nor_followed(tmp_path):
    folder = tmp_path / "traps"
    folder.mkdir()
    lay_traps(folder, SMALL)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.log"))
        tallies = read_with_good_files(folder)
    assert [tally.name for tally in tallies if not tally.problem] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told_and_the_others_are_read(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "closed.log").write_bytes(SMALL)
    (folder / "closed.log").chmod(0)
    (tally,) = read_with_good_files(folder)
    assert "cannot be read" in tally.problem


# --- one bad record ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("records")) as db:
        yield db


@pytest.mark.parametrize("name", SAMPLES)
def test_one_damaged_record_costs_at_most_what_it_said(one_store, tmp_path, name):
    """Two of its records in other ways each, and the next sample in the ways that are left; `dev.py fuzz` draws any."""
    pieces = records(name, SAMPLES[name])
    first = 6 if len(pieces) > 12 else 1  # before it may stand a header, without which a table is none
    bad: dict[int, dict[str, bytes]] = {}
    for n, k in enumerate(Random(name).choices(range(first, len(pieces)), k=2)):
        ways = list(RECORD_DAMAGES)[2 * n + list(SAMPLES).index(name) % 2 :: 4]
        bad.setdefault(k, {}).update({damage: RECORD_DAMAGES[damage](pieces[k]) for damage in ways})
    assert costs_beyond(one_store, tmp_path / name, pieces, bad) == [], {k: pieces[k] for k in bad}
