"""An incident's journal: only ever added to, whole after a crash, and noticed if anybody changed it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.case_journal import NAME, append, read
from detector.case_record import JournalEntry
from detector.errors import StoreError

NIGHT = datetime(2026, 10, 27, 18, 5, 41, tzinfo=UTC)


def entry(kind: str = "contained", minutes: int = 0, **fields: object) -> JournalEntry:
    return JournalEntry(kind, NIGHT + timedelta(minutes=minutes), "ann", fields, NIGHT + timedelta(hours=1))


def test_what_was_noted_is_read_back_in_order(tmp_path: Path):
    first, second = entry("acknowledged"), entry("contained", 5, how='stopped the "worker"\r\n=1+1 \u202e')
    append(tmp_path, [first])
    append(tmp_path, [second])
    assert read(tmp_path).entries == (first, second)
    assert read(tmp_path).remark == ""


def test_a_folder_without_a_journal_has_no_entries(tmp_path: Path):
    assert read(tmp_path).entries == ()
    assert read(tmp_path / "nowhere").entries == ()


def test_a_journal_is_one_json_object_a_line_in_plain_ascii_for_its_owner_alone(tmp_path: Path):
    append(tmp_path, [entry("contained", how="Zürich\n\x1b[2J"), entry("closed")])
    path = tmp_path / NAME
    lines = path.read_bytes().decode("ascii").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["contained", "closed"]
    assert json.loads(lines[0])["at"] == "2026-10-27T18:05:41Z"
    assert json.loads(lines[0])["how"] == "Zürich\n\x1b[2J"
    assert path.stat().st_mode & 0o777 == 0o600


def test_times_of_any_zone_are_written_in_utc(tmp_path: Path):
    berlin = NIGHT.astimezone(datetime.fromisoformat("2026-01-01T00:00+02:00").tzinfo)
    append(tmp_path, [JournalEntry("closed", berlin, "ann")])
    assert read(tmp_path).entries[0].at == NIGHT


@given(cut=st.integers(1, 400))
def test_a_last_line_that_a_crash_cut_off_did_not_happen(tmp_path_factory: pytest.TempPathFactory, cut: int):
    """Whatever is left of the third line, the first two stand; a fourth entry then takes its place."""
    folder = tmp_path_factory.mktemp("case")
    append(folder, [entry("acknowledged"), entry("contained", how="x" * 300)])
    before = (folder / NAME).read_bytes()
    append(folder, [entry("closed", reason="y" * 300)])
    whole = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(whole[: max(len(before) + 1, len(whole) - 1 - cut)])
    reading = read(folder)
    assert [e.kind for e in reading.entries] == ["acknowledged", "contained"]
    assert "cut off" in reading.remark
    append(folder, [entry("told")])
    assert [e.kind for e in read(folder).entries] == ["acknowledged", "contained", "told"]
    assert read(folder).remark == ""


def test_a_last_line_that_only_lost_its_line_break_is_whole(tmp_path: Path):
    append(tmp_path, [entry("acknowledged"), entry("contained")])
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert [e.kind for e in read(tmp_path).entries] == ["acknowledged", "contained"]
    append(tmp_path, [entry("closed")])
    assert [e.kind for e in read(tmp_path).entries] == ["acknowledged", "contained", "closed"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0].replace(b"18:05", b"17:05"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: [lines[0], b"", *lines[1:]],
        lambda lines: [lines[0], b"\x00" * 40, *lines[1:]],
        lambda lines: [lines[0], b"[]", *lines[1:]],
    ],
    ids=["changed", "first lost", "one lost", "order changed", "line added", "zeros", "foreign JSON"],
)
def test_a_damaged_middle_is_an_error_that_names_the_line_and_what_to_do(tmp_path: Path, damage):
    append(tmp_path, [entry("acknowledged"), entry("contained"), entry("closed")])
    path = tmp_path / NAME
    path.write_bytes(b"\n".join(damage(path.read_bytes().splitlines())) + b"\n")
    spoilt = path.read_bytes()
    with pytest.raises(StoreError, match=r"journal\.log: line [12] is damaged.*backup"):
        read(tmp_path)
    with pytest.raises(StoreError, match="is damaged"):
        append(tmp_path, [entry("told")])
    assert path.read_bytes() == spoilt


def test_who_judged_from_an_older_journal_is_told_to_look_again(tmp_path: Path):
    append(tmp_path, [entry("acknowledged")], seen=0)
    with pytest.raises(StoreError, match="meanwhile"):
        append(tmp_path, [entry("closed")], seen=0)
    append(tmp_path, [entry("closed")], seen=1)
    assert [e.kind for e in read(tmp_path).entries] == ["acknowledged", "closed"]


def test_a_journal_that_cannot_be_written_says_what_was_not_noted(tmp_path: Path):
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="'contained' was not noted"):
        append(tmp_path, [entry()])
    assert not (tmp_path / "elsewhere").exists()


def test_the_journals_own_names_cannot_be_fields(tmp_path: Path):
    with pytest.raises(ValueError, match="seal"):
        append(tmp_path, [JournalEntry("told", NIGHT, "ann", {"seal": "x"})])
