"""Each record of a log is read once: twice is once, renamed and packed is the same, grown is the new lines only, and
what cannot be read is told in one line while everything else is read.
"""

import gzip
import os
import random
import shutil
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from conftest import AS_OF, build, fresh_store, ingest, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.config import Config
from detector.errors import LockedError
from detector.records import FileTally
from detector.store import locked, open_store

FORMATS = Path(__file__).parent / "formats"
SENDS = "select send_id, sent_at, recipient, sender, subject, template, size, outcome, attempts from sends order by all"
HEADER = "timestamp,recipient,subject\n"
GRAINS = {"files": "file_id", "events": "file_id, record_number, part", "rejects": "file_id, record_number"}


def log(name: str) -> str:
    return (FORMATS / name).read_text(encoding="utf-8")


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def row(second: int, recipient: str = "ann@harbor.example") -> str:
    return f"2026-10-27T18:{second // 60:02}:{second % 60:02}Z,{recipient},Welcome\n"


def sends_of(texts: list[str | bytes], suffix: str = ".log") -> list[dict]:
    """The sends in a store of its own that was given these files in this order."""
    with TemporaryDirectory() as folder:
        paths = [written(Path(folder) / f"{number}{suffix}", text) for number, text in enumerate(texts)]
        with fresh_store(Path(folder) / "state") as db:
            ingest(db, *paths)
            build(db)
            return rows(db, SENDS)


def counted(db) -> tuple[int, int]:
    """(events, sends) of the store."""
    build(db)
    (found,) = rows(db, "select (select count(*) from events) as events, (select count(*) from sends) as sends")
    return found["events"], found["sends"]


# --- far too much text ------------------------------------------------------------------------------------------------


def parquet(subjects: list[str], folder: Path) -> bytes:
    with duckdb.connect() as mine:
        mine.execute("create table mails (timestamp varchar, recipient varchar, subject varchar)")
        mine.executemany(
            "insert into mails values (?, 'ann@harbor.example', ?)", list(zip(TIMES, subjects, strict=True))
        )
        mine.execute(f"copy mails to '{folder / 'mails.parquet'}'")
    return (folder / "mails.parquet").read_bytes()


TIMES = [f"2026-10-27T18:04:1{n}Z" for n in range(3)]
IN_EXIM = (
    "{0} 1vD7fs-0000000{1}Lz1-0aBc <= noreply@academy.example H=app1 [10.20.0.11] P=esmtps S=18210 "
    'id=welcome.{1}@app1.academy.example T="{2}"\n'
    "{0} 1vD7fs-0000000{1}Lz1-0aBc => ann@harbor.example R=dnslookup T=remote_smtp H=mx.harbor.example [192.0.2.25]\n"
)
IN_MBOX = (
    "From noreply@academy.example Tue Oct 27 18:04:1{1} 2026\nFrom: noreply@academy.example\nTo: ann@harbor.example\n"
    "Date: Tue, 27 Oct 2026 18:04:1{1} +0000\nMessage-ID: <{1}@academy.example>\nSubject: {2}\n\nWelcome.\n\n"
)
WAYS = {
    ".csv": lambda at, n, subject: ("" if n else HEADER) + f'{at},ann@harbor.example,"{subject}"\n',
    ".json": lambda at, n, subject: (
        f'{{"timestamp": "{at}", "recipient": "ann@harbor.example", "subject": "{subject}"}}\n'
    ),
    ".log": lambda at, n, subject: IN_EXIM.format(at.replace("T", " ").strip("Z"), n, subject),
    ".mbox": IN_MBOX.format,
}


@pytest.mark.parametrize("suffix", [*WAYS, ".parquet"])
def test_mails_with_a_subject_of_2_mb_are_sends_and_only_the_same_one_is_a_repeat(tmp_path, suffix):
    """Two are alike, with bytes among them that are no UTF-8; the third differs in its last word alone."""
    long = "Welcome " + "\udcff" * 9 + "x" * 2_000_000
    subjects = [long + " again", long + " again", long + " anew"]
    if suffix == ".parquet":
        data = parquet([subject.replace("\udcff", "\ufffd") for subject in subjects], tmp_path)
    else:
        said = "".join(
            WAYS[suffix](at, n, subject) for n, (at, subject) in enumerate(zip(TIMES, subjects, strict=True))
        )
        data = said.encode("utf-8", "surrogateescape")
    found = sends_of([data], suffix)
    assert [str(send["sent_at"])[-2:] for send in sorted(found, key=lambda send: send["sent_at"])] == ["10", "11", "12"]
    counts = Counter(send["subject"] for send in found)
    assert sorted(counts.values()) == [1, 2]
    assert all(subject.startswith("Welcome ") and len(subject) < 600 for subject in counts)


# --- conservation -------------------------------------------------------------------------------------------------


def test_every_record_of_every_sample_is_accounted_for_in_the_tally_and_in_the_tables(db):
    beside = (".expected.jsonl", ".toml")  # what is expected of a sample, and its config, are no samples
    samples = [path for path in sorted(FORMATS.rglob("*.*")) if path.is_file() and not path.name.endswith(beside)]
    tallies = ingest(db, *samples)  # balanced, as `ingest` asserts
    read = [tally for tally in tallies if tally.format]
    assert len(read) > 150
    per_file = (
        "select f.file_id, (select count(distinct record_number) from {0} as t where t.file_id = f.file_id) as n "
    )
    events = rows(db, per_file.format("events") + ", events as told from files as f order by 1")
    rejects = rows(db, per_file.format("rejects") + ", rejected as told from files as f order by 1")
    assert [f for f in events if f["n"] != f["told"]] == []
    assert [f for f in rejects if f["n"] != f["told"]] == []
    assert sum(tally.records for tally in read) == sum(f["records"] for f in rows(db, "from files"))
    for table, grain in GRAINS.items():
        assert rows(db, f"select {grain}, count(*) as n from {table} group by {grain} having count(*) > 1") == []


def test_a_reject_keeps_its_number_its_reason_and_its_text(db, tmp_path):
    path = written(tmp_path / "mail.csv", HEADER + row(0) + "yesterday,ben@harbor.example,Welcome\n" + row(1))
    (tally,) = ingest(db, path)
    assert (tally.records, tally.events, tally.ignored, tally.rejected) == (4, 2, 1, 1)
    (reject,) = rows(db, "from rejects")
    assert (reject["record_number"], reject["reason"]) == (3, "no time that can be read")
    assert "ben@harbor.example" in reject["text"]
    assert tally.problem.startswith(f"{path}: 1 of 4 records could not be read")


def test_a_reject_in_the_grown_part_has_its_number_in_the_whole_file(db, tmp_path):
    for name, start, bad in (
        ("mail.csv", HEADER + row(0), "yesterday,ben@harbor.example,Welcome\n"),
        ("mail.log", log("postfix/two_recipients.log"), "no stamp\n"),
    ):
        path = written(tmp_path / name, start)
        ingest(db, path)
        written(path, start + bad)
        (tally,) = ingest(db, path)
        assert (tally.records, tally.rejected) == (1, 1)
    assert [r["record_number"] for r in rows(db, "from rejects order by file_id")] == [3, 8]


# --- the same again -----------------------------------------------------------------------------------------------

SAMPLES = ["postfix/two_recipients.log", "ses/send_delay_delivery_bounce.ndjson", "plain/rows_without_id.csv"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_was_read_brings_nothing_new_however_it_is_called_or_packed(db, tmp_path, name):
    content = (FORMATS / name).read_bytes()
    ingest(db, written(tmp_path / Path(name).name, content))
    before = counted(db)
    again = [
        tmp_path / Path(name).name,
        written(tmp_path / "renamed.txt", content),
        written(tmp_path / "moved" / Path(name).name, content),
        written(tmp_path / "packed.gz", gzip.compress(content, 1)),
        written(tmp_path / "packed_again.gz", gzip.compress(content, 9, mtime=7)),
        written(tmp_path / "two_members.gz", gzip.compress(content[:100]) + gzip.compress(content[100:])),
    ]
    (tmp_path / "link.log").symlink_to(again[0])
    tallies = ingest(db, *again, tmp_path / "link.log")
    records = len(content.splitlines())
    assert [(tally.records, tally.known_records, tally.problem) for tally in tallies] == [(0, records, None)] * 7
    assert counted(db) == before
    assert len(rows(db, "from files")) == 1


def test_a_packed_file_is_known_when_it_comes_unpacked(db, tmp_path):
    content = log(SAMPLES[0]).encode()
    ingest(db, written(tmp_path / "mail.log.1.gz", gzip.compress(content)))
    (tally,) = ingest(db, written(tmp_path / "mail.log.1", content))
    assert (tally.records, tally.known_records) == (0, 7)


def test_the_same_parquet_twice_is_once(db, tmp_path):
    path, copy = tmp_path / "mail.parquet", tmp_path / "copy.parquet"
    with duckdb.connect() as memory:
        memory.execute(f"copy (from read_csv('{FORMATS / 'plain/rows_without_id.csv'}')) to '{path}' (format parquet)")
    shutil.copyfile(path, copy)
    first, second, third = ingest(db, path, path, copy)
    assert (first.events, second.records, third.records) == (4, 0, 0)
    assert counted(db) == (4, 4)


def test_two_files_of_one_length_are_two_files_and_each_is_known_again(db, tmp_path):
    a = written(tmp_path / "a.csv", HEADER + row(0, "ann@harbor.example"))
    b = written(tmp_path / "b.csv", HEADER + row(0, "ben@harbor.example"))
    assert a.stat().st_size == b.stat().st_size
    tallies = ingest(db, a, b, a, b)
    assert [(tally.records, tally.known_records) for tally in tallies] == [(2, 0), (2, 0), (0, 2), (0, 2)]
    assert counted(db) == (2, 2)


# --- grown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_grew_line_by_line_is_what_it_is_in_one_piece(tmp_path, name):
    lines = (FORMATS / name).read_bytes().splitlines(keepends=True)
    with fresh_store(tmp_path / "state") as db:
        for count in range(1 + name.endswith(".csv"), len(lines) + 1):
            (tally,) = ingest(db, written(tmp_path / Path(name).name, b"".join(lines[:count])))
            assert tally.records == 1 or count == 2
        build(db)
        assert rows(db, SENDS) == sends_of([b"".join(lines)], Path(name).suffix)


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_log_that_ended_in_the_middle_of_a_line_is_read_whole_when_the_rest_comes(db, tmp_path, cut):
    content = log("postfix/two_recipients.log")
    path = written(tmp_path / "mail.log", content[:-cut])
    (first,) = ingest(db, path)
    assert (first.records, first.held) == (7, 1)
    assert "middle of a record" in first.problem
    (same,) = ingest(db, path)
    assert same.held == 1
    (second,) = ingest(db, written(path, content))
    assert (second.records, second.known_records, second.problem) == (1, 6, None)
    assert counted(db) == (6, 3)  # arrived, identified, queued, three deliveries; three sends


def test_an_object_that_ended_in_the_middle_is_read_whole_when_the_rest_comes(db, tmp_path):
    content = log("ses/send_delay_delivery_bounce.ndjson")
    path = written(tmp_path / "mail.ndjson", content[:-20])
    (first,) = ingest(db, path)
    assert (first.records, first.events, first.held) == (6, 5, 1)
    (second,) = ingest(db, written(path, content))
    assert (second.records, second.events, second.held) == (1, 1, 0)
    assert counted(db) == (6, 2)


@pytest.mark.parametrize(("kept", "counts"), [(10, (3, 1, 0, 1)), (len(row(0)) - 4, (3, 2, 0, 0))])
def test_a_table_that_ended_in_the_middle_of_a_row_gives_the_row_once_it_is_whole(db, tmp_path, kept, counts):
    """Without some of its fields it is held; with half of its last one it is taken, and replaced when it is whole."""
    content = HEADER + row(0) + row(0) + row(1)
    path = written(tmp_path / "mail.csv", HEADER + row(0) + row(0)[:kept])
    (first,) = ingest(db, path)
    assert (first.records, first.events, first.rejected, first.held) == counts
    ingest(db, written(path, content))
    build(db)
    assert [r["sent_at"].second for r in rows(db, "from sends order by sent_at")] == [0, 0, 1]


def test_a_table_that_ended_in_the_middle_of_a_row_is_read_anew_when_it_comes_whole_in_a_gz(db, tmp_path):
    content = HEADER + row(0) + row(1)
    ingest(db, written(tmp_path / "mail.csv", HEADER + row(0)[:10]))
    (tally,) = ingest(db, written(tmp_path / "mail.csv.gz", gzip.compress(content.encode())))
    assert (tally.events, tally.known_records) == (2, 0)
    assert counted(db) == (2, 2)
    assert rows(db, "from rejects") == []


def test_rows_without_ids_that_are_alike_are_counted_over_the_known_and_the_new_part(db, tmp_path):
    path = written(tmp_path / "mail.csv", HEADER + row(0) * 2)
    ingest(db, path)
    (tally,) = ingest(db, written(path, HEADER + row(0) * 5))
    assert (tally.events, tally.known_records) == (3, 3)
    assert counted(db) == (5, 5)


def test_a_rotated_log_under_a_new_name_and_a_fresh_one_under_the_old_give_each_line_once(db, tmp_path):
    lines = log("postfix/queue_id_reused.log").splitlines(keepends=True)
    ingest(db, written(tmp_path / "mail.log", "".join(lines[:4])))
    written(tmp_path / "mail.log.1", "".join(lines[:7]))
    written(tmp_path / "mail.log", "".join(lines[7:]))
    rotated, fresh = sorted(
        ingest(db, tmp_path / "mail.log.1", tmp_path / "mail.log"), key=lambda t: t.name, reverse=True
    )
    assert (rotated.records, rotated.known_records) == (3, 4)
    assert (fresh.records, fresh.known_records) == (3, 0)
    assert counted(db) == (8, 2)


# --- order and rotation -------------------------------------------------------------------------------------------

POSTFIX_DAY = sorted(
    (line for path in sorted((FORMATS / "postfix").glob("*.log")) for line in path.read_text("utf-8").splitlines(True)
     if line.startswith("Oct 27 18:") and "AAAA030000" not in line),
    key=lambda line: line[:15],
)  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_a_log_gives_the_same_sends_in_one_piece_and_rotated_in_any_order(data):
    cuts = sorted(data.draw(st.sets(st.integers(1, len(POSTFIX_DAY) - 1), max_size=4)))
    pieces = [POSTFIX_DAY[a:b] for a, b in zip([0, *cuts], [*cuts, len(POSTFIX_DAY)], strict=True)]
    order = data.draw(st.permutations(pieces))
    told = ["".join(piece) for piece in order]
    packed = [gzip.compress(text.encode()) if data.draw(st.booleans()) else text for text in told]
    readable = [text for text, plain in zip(packed, told, strict=True) if "postfix" in plain]
    assert sends_of(readable) == sends_of(["".join(POSTFIX_DAY)])


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_rotated_pieces_that_overlap_give_no_send_twice(data):
    size = len(POSTFIX_DAY)
    first = data.draw(st.integers(2, size))
    second = data.draw(st.integers(0, first - 1))
    pieces = ["".join(POSTFIX_DAY[:first]), "".join(POSTFIX_DAY[second:])]
    assert sends_of(data.draw(st.permutations(pieces))) == sends_of(["".join(POSTFIX_DAY)])


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12).map(sorted), st.data())
def test_exports_that_overlap_give_each_row_as_often_as_the_export_that_has_it_most(seconds, data):
    bounds = st.tuples(st.integers(0, len(seconds)), st.integers(0, len(seconds))).map(sorted)
    windows = data.draw(st.lists(bounds, min_size=1, max_size=3))
    exports = [seconds[start:end] for start, end in windows if end > start]
    texts = [HEADER + "".join(row(second) for second in export) for export in exports]
    found = [send["sent_at"].second for send in sends_of(texts, ".csv")] if texts else []
    most = {second: max(export.count(second) for export in exports) for export in exports for second in export}
    assert sorted(found) == sorted(second for second, count in most.items() for _ in range(count))


@settings(max_examples=5, deadline=None)
@given(st.data())
def test_events_with_ids_give_the_same_sends_in_any_order_any_split_and_any_repetition(data):
    lines = log("ses/send_delay_delivery_bounce.ndjson").splitlines(True) + log(
        "ses/several_destinations.ndjson"
    ).splitlines(True)
    shuffled = data.draw(st.permutations(lines + data.draw(st.lists(st.sampled_from(lines), max_size=6))))
    cut = data.draw(st.integers(1, len(shuffled) - 1))
    texts = ["".join(shuffled[:cut]), "".join(shuffled[cut:])]
    assert sends_of(texts, ".ndjson") == sends_of(["".join(lines)], ".ndjson")


@settings(max_examples=5, deadline=None)
@given(st.data())
def test_a_table_with_ids_gives_the_same_sends_in_any_split_and_order(data):
    header, *lines = (
        log("plain/one_id_sent_twice.csv").splitlines(True)
        + log("plain/one_id_sent_twice.csv").replace("ann@", "ben@").splitlines(True)[1:]
    )
    shuffled = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(1, len(shuffled) - 1))
    texts = [header + "".join(shuffled[:cut]), header + "".join(shuffled[cut:])]
    assert sends_of(texts, ".csv") == sends_of([header + "".join(lines)], ".csv")


def test_a_table_without_ids_that_tells_delivered_before_sent_is_the_same_in_one_piece_and_grown(db, tmp_path):
    header = "timestamp,event,recipient,subject\n"
    early = "2026-10-27T18:00:05Z,delivered,ann@harbor.example,Welcome\n"
    late = "2026-10-27T18:00:00Z,sent,ann@harbor.example,Welcome\n"
    ingest(db, written(tmp_path / "mail.csv", header + early))
    ingest(db, written(tmp_path / "mail.csv", header + early + late))
    build(db)
    whole = sends_of([header + early + late], ".csv")
    assert len(whole) == 1
    assert rows(db, SENDS) == whole


def test_a_hop_over_two_own_hosts_is_one_send_in_whichever_order_their_logs_come():
    app, mx = log("postfix/two_own_hosts/app1.log"), log("postfix/two_own_hosts/mx1.log")
    assert len(sends_of([app, mx])) == 1
    assert sends_of([app, mx]) == sends_of([mx, app])


# --- bad files ----------------------------------------------------------------------------------------------------


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """What may lie in a folder of logs -> the file, and what must be said about it."""
    os.mkfifo(folder / "pipe")
    packed = gzip.compress(log(SAMPLES[0]).encode() * 50)
    garbled = bytearray(packed)
    garbled[len(garbled) // 2] ^= 0xFF
    rng = random.Random(27)
    return {
        "empty": (written(folder / "empty.log", ""), "is empty"),
        "blank": (written(folder / "blank.log", "\n\n\n"), "is empty"),
        "binary": (written(folder / "core", b"\x7fELF" + rng.randbytes(5000)), "is binary"),
        "noise": (written(folder / "noise", rng.randbytes(5000)), "is binary"),
        "cut gzip": (written(folder / "cut.gz", packed[: len(packed) // 2]), "is cut off"),
        "garbled gzip": (written(folder / "garbled.gz", bytes(garbled)), "is damaged"),
        "cut Parquet": (written(folder / "cut.parquet", b"PAR1" + rng.randbytes(100)), "is cut off"),
        "garbled Parquet": (written(folder / "bad.parquet", b"PAR1" + rng.randbytes(100) + b"PAR1"), "bad.parquet"),
        "pipe": (folder / "pipe", "is a pipe"),
        "missing": (folder / "missing.log", "does not exist"),
        "unknown columns": (written(folder / "sales.csv", "when,who\n1,2\n3,4\n"), "columns: when, who"),
        "no log": (written(folder / "notes.txt", "Dear diary,\ntoday nothing was sent.\n"), "claimed by no log format"),
    }


def test_each_bad_file_is_told_in_one_line_and_the_others_are_read(db, tmp_path):
    bad = bad_files(tmp_path)
    good = written(tmp_path / "zz_good.log", log(SAMPLES[0]))
    tallies = ingest(db, *(path for path, _ in bad.values()), good)
    for tally, (path, said) in zip(tallies, bad.values(), strict=False):
        assert tally.format is None
        assert str(path) in tally.problem
        assert said in tally.problem
        assert "\n" not in tally.problem
    assert (tallies[-1].events, tallies[-1].problem) == (6, None)
    assert rows(db, "from rejects") == []


def test_a_folder_stands_for_the_files_in_it_and_hidden_ones_are_passed_over(db, tmp_path):
    written(tmp_path / "logs" / "b" / "mail.log", log("postfix/deferred_then_sent.log"))
    written(tmp_path / "logs" / "a.log", log("postfix/two_recipients.log"))
    written(tmp_path / "logs" / ".hidden.log", log("postfix/queue_id_reused.log"))
    written(tmp_path / "logs" / ".git" / "x.log", log("postfix/queue_id_reused.log"))
    tallies = ingest(db, tmp_path / "logs")
    assert [Path(tally.name).name for tally in tallies] == ["a.log", "mail.log"]
    assert counted(db)[1] == 4


def test_an_empty_folder_gives_nothing(db, tmp_path):
    (tmp_path / "logs").mkdir()
    assert ingest(db, tmp_path / "logs") == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_log_in_another_encoding_is_read_like_the_same_in_utf_8(encoding):
    content = log(SAMPLES[0])
    assert sends_of([content.encode(encoding)]) == sends_of([content])


def test_bytes_that_are_no_text_cost_no_line():
    content = log(SAMPLES[0]).encode().replace(b"said: 550", b"said: \xff\xfe\x80 550")
    assert len(sends_of([content])) == 3


def test_a_problem_never_carries_a_control_character_of_a_files_name(db, tmp_path):
    (tally,) = ingest(db, written(tmp_path / "a\x1b[31m\nb.log", ""))
    assert tally.problem.isprintable()
    assert tally.name.isprintable()


def test_what_the_database_says_of_a_damaged_parquet_is_one_line_that_a_terminal_can_show(db, tmp_path):
    path = tmp_path / "mail.parquet"
    with duckdb.connect() as memory:
        memory.execute(f"copy (from read_csv('{FORMATS / 'plain/rows_without_id.csv'}')) to '{path}' (format parquet)")
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    told = set()
    for at in range(footer, len(content) - 8, 3):
        (tally,) = ingest(db, written(path, content[:at] + b"\xff" + content[at + 1 :]))
        told.add(tally.problem)
    problems = {problem for problem in told if problem}
    assert problems
    assert {problem for problem in problems if not problem.isprintable() or str(path) not in problem} == set()


def test_a_file_of_half_rubbish_gives_its_good_half_and_tells_of_the_other(db, tmp_path):
    good = log(SAMPLES[0]).splitlines(True)
    path = written(tmp_path / "mail.log", "".join(line + "rubbish\n" for line in good))
    (tally,) = ingest(db, path)
    assert (tally.records, tally.events, tally.ignored, tally.rejected) == (14, 6, 1, 7)
    assert counted(db) == (6, 3)


# --- all or nothing -----------------------------------------------------------------------------------------------


def test_a_write_that_fails_in_the_middle_leaves_nothing_of_the_file(db, tmp_path):
    # the last insert of a file's transaction is the one into rejects: a table that refuses its rows stops it there
    path = written(tmp_path / "mail.csv", HEADER + row(0) + "yesterday,ben@harbor.example,Welcome\n")
    db.execute("drop table rejects")
    columns = "file_id integer, record_number bigint, reason varchar check (length(reason) > 999), text varchar"
    db.execute(f"create table rejects ({columns})")
    try:
        (tally,) = ingest(db, path)
    except duckdb.Error:
        pass
    else:
        assert tally.problem
    assert rows(db, "from files") == []
    assert rows(db, "from events") == []


@pytest.mark.parametrize(("mails", "is_small"), [(200, True), (10_000, False)])
def test_a_store_is_compressed_once_it_holds_ten_thousand_events(tmp_path, mails, is_small):
    log = "".join(f"2026-10-27T18:00:00Z,p{n}@a.example\n" for n in range(mails))
    with locked(tmp_path / "state"), open_store(tmp_path / "state") as db:
        ingest(db, written(tmp_path / "mail.csv", f"timestamp,recipient\n{log}"))
    with duckdb.connect(str(tmp_path / "state/work/detector.duckdb"), read_only=True) as db:
        found = {row["compression"] for row in rows(db, "from pragma_storage_info('events')")}
    assert (found <= {"Uncompressed", "Constant"}) == is_small


CRASH = (
    textwrap.dedent("""
    import sys
    from datetime import datetime
    from pathlib import Path
    from detector.config import Config
    from detector.ingest import read_new_logs
    from detector.store import locked, open_store
    state, *paths = map(Path, sys.argv[1:])
    config = Config.model_validate({"logs": {"paths": tuple(paths)}})
    with locked(state), open_store(state) as db:
        print("open", flush=True)
        for tally in read_new_logs(db, config, datetime.fromisoformat(%r), state / "work"):
            print(tally.name, flush=True)
""")
    % AS_OF.isoformat()
)


@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_a_night_that_is_killed_while_it_reads_is_made_good_by_the_next(tmp_path, wait):
    lines = log("postfix/two_recipients.log").splitlines(True)
    paths = []
    for number in range(6):  # 6 files of 400 messages to 3 people each
        text = "".join(line.replace("AAAA020000", f"{number:02}{copy:04}BBBB") for copy in range(400) for line in lines)
        paths.append(written(tmp_path / f"mail.log.{number}", text))
    state = tmp_path / "state"
    night = subprocess.Popen([sys.executable, "-c", CRASH, state, *paths], stdout=subprocess.PIPE, text=True)
    assert night.stdout.readline() == "open\n"
    night.stdout.readline()  # one file is in
    time.sleep(wait)
    night.kill()
    night.communicate()
    with fresh_store(state) as db:
        kept = rows(
            db,
            "select events, (select count(*) from events as e where e.file_id = f.file_id) as n from files as f",
        )
        assert 1 <= len(kept) <= 6
        assert [f for f in kept if f["events"] != f["n"]] == []
        tallies = ingest(db, *paths)
        assert [tally.records for tally in tallies[: len(kept)]] == [0] * len(kept)
        assert counted(db) == (6 * 400 * 6, 6 * 400 * 3)


def test_two_nights_at_once_are_told_apart_by_the_lock(tmp_path):
    with fresh_store(tmp_path / "state"), pytest.raises(LockedError), fresh_store(tmp_path / "state"):
        pass


def test_a_tally_that_does_not_add_up_is_seen():
    assert FileTally(name="x", records=3, events=1, ignored=1, rejected=0, blank=0, held=1).is_balanced
    assert not FileTally(name="x", records=3, events=1, ignored=1).is_balanced


# --- the config is mended -------------------------------------------------------------------------------------------

OUTBOX = "When,Who,State\n" + "".join(f"2026-10-27 18:0{n}:00,p{n}@harbor.example,sent\n" for n in range(4))


def mapped(zone="UTC", when="When"):
    columns = {"timestamp": when, "recipient": "Who", "event": "State"}
    return Config.model_validate({"sources": {"outbox": {"files": "outbox*", "zone": zone, "columns": columns}}})


def times(db):
    return [
        row["at"]
        for row in rows(db, "select strftime(make_timestamp(at_us), '%H:%M') as at from events order by at_us")
    ]


def test_a_file_read_under_a_wrong_zone_is_read_anew_when_the_zone_is_put_right(db, tmp_path):
    path = tmp_path / "outbox.csv"
    path.write_text(OUTBOX, encoding="utf-8")
    ingest(db, path, config=mapped("Asia/Tokyo"))  # nine hours ahead
    assert times(db) == ["09:00", "09:01", "09:02", "09:03"]
    (tally,) = ingest(db, path, config=mapped("Europe/Berlin"))  # one hour ahead in winter, from 25 October
    assert (tally.events, tally.known_records) == (4, 0)
    assert times(db) == ["17:00", "17:01", "17:02", "17:03"]
    assert len(rows(db, "from files")) == 1
    (again,) = ingest(db, path, config=mapped("Europe/Berlin"))
    assert (again.records, again.known_records) == (0, tally.records)


def test_what_a_wrong_mapping_rejected_is_taken_when_the_mapping_is_put_right(db, tmp_path):
    path = tmp_path / "outbox.csv"
    path.write_text(OUTBOX, encoding="utf-8")
    (tally,) = ingest(db, path, config=mapped(when="Whn"))
    assert "Whn" in tally.problem
    (tally,) = ingest(db, path, config=mapped())
    assert (tally.events, tally.rejected, tally.problem) == (4, 0, None)
    assert rows(db, "from rejects") == []


def test_a_file_that_grew_and_was_then_read_under_other_settings_is_read_anew_from_its_first_record(db, tmp_path):
    path = tmp_path / "outbox.csv"
    head = OUTBOX[: OUTBOX.index("2026-10-27 18:02")]
    for text, zone in ((head, "UTC"), (OUTBOX, "UTC"), (OUTBOX, "Asia/Tokyo")):
        path.write_text(text, encoding="utf-8")
        ingest(db, path, config=mapped(zone))
    assert times(db) == ["09:00", "09:01", "09:02", "09:03"]
    assert [row["from_record"] for row in rows(db, "from files")] == [0]


def test_a_file_that_grew_while_the_settings_changed_is_whole_under_the_new_ones(db, tmp_path):
    path = tmp_path / "outbox.csv"
    path.write_text(OUTBOX[: OUTBOX.index("2026-10-27 18:02")], encoding="utf-8")
    ingest(db, path, config=mapped("UTC"))
    path.write_text(OUTBOX, encoding="utf-8")
    ingest(db, path, config=mapped("Asia/Tokyo"))
    assert times(db) == ["09:00", "09:01", "09:02", "09:03"]
