"""Framings: every record of a file is one line of the spool, none is lost or doubled, and damage costs only itself."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import random
import socket
import tempfile
import tracemalloc
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import InputError
from detector.framings import FIELD, LONGEST_RECORD, Framed, frame, opening, sha256_of, sniff
from detector.framings.lines import Lines
from detector.framings.mail_headers import addresses_in, message_record, time_in
from detector.framings.sniffing import framer_for, shape_of
from detector.framings.spooling import Spool, clean

MARK, FORBIDDEN = "\x02", set("\r\0\x01")
STAMP = "Oct  7 12:00:01 mx1 postfix/smtp[411]: 4XyZ: to=<a@b.example>, relay=none, delay=1, status=sent (250 ok)"
quick = settings(max_examples=150, deadline=None, database=None)


@dataclass(frozen=True)
class Spooled:
    framed: Framed
    records: list[str]

    @property
    def good(self) -> list[str]:
        return [record for record in self.records if record and not record.startswith(MARK)]


def spooled(data: bytes, framing: str = "", known: dict[int, str] | None = None) -> Spooled:
    """What `data` becomes as a file, with the laws that hold for any file checked on the way."""
    with tempfile.TemporaryDirectory() as folder:
        log, spool = Path(folder, "log"), Path(folder, "spool")
        log.write_bytes(data)
        framed = frame(log, framing or sniff(log).framing, spool, known=(known or {}).items())
        written = spool.read_bytes().decode() if spool.exists() else ""
    records = written.split("\n")[:-1]
    content = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    assert not written or written.endswith("\n")
    assert FORBIDDEN.isdisjoint(written)
    assert framed.records == len(records)
    assert framed.blank == sum(not record for record in records)
    assert framed.rejected == sum(record.startswith(MARK) for record in records)
    assert (framed.byte_count, framed.sha256) == (len(content), sha256(content))
    assert framed.complete_sha256 == sha256(content[: framed.complete_bytes])
    assert framed.held == (framed.held_bytes > 0)
    return Spooled(framed, records)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def head_of(data: bytes, name: str = "log"):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(data)
        return sniff(Path(folder, name))


def refusal(data: bytes, name: str = "log") -> str:
    with pytest.raises(InputError) as caught:
        head_of(data, name)
    return str(caught.value)


# --- lines ----------------------------------------------------------------------------------------------------------


def test_a_line_ends_at_a_newline_and_nowhere_else():
    text = "one\u2028still one\x85\x0b\x0c\x1c\u2029 one\ntwo\r\nthree\rthree\n"
    assert spooled(text.encode(), "lines").records == [
        "one\u2028still one\x85\x0b\x0c\x1c\u2029 one",
        "two",
        "three three",
    ]


def test_blank_lines_keep_their_place_so_that_record_3_is_line_3():
    file = spooled(b"one\n \t\nthree\n\n\r\nsix\n", "lines")
    assert file.records == ["one", "", "three", "", "", "six"]
    assert (file.framed.records, file.framed.blank) == (6, 3)


def test_bytes_that_are_no_utf_8_are_shown_and_cost_nobody_else_anything():
    file = spooled(b"before\nM\xfcller \xc0\xaf \xed\xa0\x80 \x01\x02\x00!\nafter\n", "lines")
    assert file.records == ["before", r"M\xfcller \xc0\xaf \xed\xa0\x80    !", "after"]


def test_nuls_before_a_line_are_the_hole_of_a_truncated_log_and_are_dropped():
    assert spooled(b"\0" * 3_000_000 + b"first\nsecond\n", "lines").records == ["first", "second"]
    assert head_of(b"\0" * 3_000_000 + STAMP.encode() + b"\n").records == (STAMP,)


def test_a_last_line_without_newline_is_held_in_a_plain_file_and_a_record_in_a_gz():
    plain, packed = spooled(b"one\ntwo", "lines"), spooled(gzip.compress(b"one\ntwo"), "lines")
    assert (plain.records, plain.framed.held, plain.framed.held_bytes, plain.framed.complete_bytes) == (
        ["one"],
        1,
        3,
        4,
    )
    assert (packed.records, packed.framed.held, packed.framed.complete_bytes) == (["one", "two"], 0, 7)


@pytest.mark.parametrize("framing", ["lines", "json", "csv", "mbox"])
def test_a_subject_of_2_mb_is_in_a_record_like_any_other(framing):
    subject = b"x" * 2_000_000
    start, end = {
        "lines": (STAMP.encode() + b' T="', b'"'),
        "json": (b'{"subject": "', b'"}'),
        "csv": (HEADER + b"0,ann@harbor.example,Welcome\n" + b'1,ann@harbor.example,"over\ntwo lines\n', b'"'),
        "mbox": (ENVELOPE.encode() + b"\nTo: ann@harbor.example\nSubject: ", b"\n"),
    }[framing]
    file = spooled(start + subject + end + b"\n", framing)
    assert (file.framed.records, file.framed.rejected) == (3 if framing == "csv" else 1, 0)
    shown = b"x" * 500 + b" ... [2000000 characters, md5 " if framing == "mbox" else subject
    assert shown in file.records[-1].encode()


def test_a_line_of_40_mb_is_one_reject_in_flat_memory():
    data = gzip.compress(b"before\n" + b"x" * 40_000_000 + b"\nafter\n" + b"y" * 5_000_000, 1)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "log").write_bytes(data)
        tracemalloc.start()
        frame(Path(folder, "log"), "lines", Path(folder, "spool"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        before, long, after, last = Path(folder, "spool").read_text().splitlines()
    assert (before, after) == ("before", "after")
    assert long.startswith("\x02line of 40,000,000 bytes, longer than 4,194,304\x02xxxx")
    assert last.startswith("\x02line of 5,000,000 bytes")
    assert len(long) < 4100
    assert peak < 10_000_000


@quick
@given(st.binary(max_size=200).filter(lambda data: not data.startswith(b"\x1f")))
def test_lines_of_any_bytes_are_counted_exactly(data):
    file = spooled(data, "lines")
    assert file.framed.records == data.count(b"\n")
    assert file.framed.held_bytes == len(data) - data.rfind(b"\n") - 1
    assert spooled(gzip.compress(data), "lines").records[: file.framed.records] == file.records


@quick
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\x01\x02"), min_size=1), max_size=8))
def test_lines_of_clean_text_arrive_unchanged_in_utf_8_and_utf_16(lines):
    text = "".join(f"{line}\n" for line in lines)
    expected = [line if line.strip(" \t\v\f\x1f") else "" for line in lines]
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le")):
        assert spooled(data, "lines").records == expected or data.startswith(b"\xef\xbb\xbf")
    assert spooled(b"\xfe\xff" + text.encode("utf-16-be"), "lines").records == expected


def test_utf_16_is_recognised_with_and_without_mark_and_positions_are_those_of_the_file():
    text = f"{STAMP}\n{STAMP} \U0001f4e7\nhalf a li"
    for encoding, mark in (
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ):
        file = spooled(mark + text.encode(encoding))
        assert file.framed.encoding == encoding
        assert file.records == [STAMP, f"{STAMP} \U0001f4e7"]
        assert file.framed.held_bytes == 2 * len("half a li")
    odd = spooled(b"\xff\xfe" + "one\n".encode("utf-16-le") + b"t", "lines")
    assert (odd.records, odd.framed.held, odd.framed.held_bytes) == (["one"], 1, 1)


# --- versions: growth, rotation, compression ------------------------------------------------------------------------


def grown(old: bytes, new: bytes, framing: str) -> tuple[Spooled, list[str]]:
    """Read `old`, then `new` knowing it: the second reading, and the records of both in order."""
    first = spooled(old, framing)
    second = spooled(new, framing, known={first.framed.complete_bytes: first.framed.complete_sha256})
    unread = second.records[second.framed.known_records - second.framed.skipped :]
    assert second.framed.is_known or len(unread) == second.framed.new_records
    return second, first.records + unread


def test_the_same_content_is_known_whatever_its_name_or_compression():
    data = b"one\ntwo\n"
    for again in (
        data,
        gzip.compress(data, 1),
        gzip.compress(data, 9),
        gzip.compress(b"one\n") + gzip.compress(b"two\n"),
    ):
        second, _ = grown(data, again, "lines")
        assert second.framed.is_known
        assert (second.framed.known_bytes, second.framed.complete_bytes, second.records) == (8, 8, [])


def test_a_file_that_grew_by_two_lines_brings_two_lines_with_their_numbers():
    second, _ = grown(b"one\ntwo\nthr", b"one\ntwo\nthree\nfour\n", "lines")
    assert second.records == ["three", "four"]
    assert (second.framed.known_records, second.framed.skipped, second.framed.known_bytes) == (2, 2, 8)


def test_a_known_file_with_a_new_half_line_brings_nothing_and_holds_the_half():
    second, _ = grown(b"one\ntwo\n", b"one\ntwo\nthr", "lines")
    assert (second.framed.known_bytes, second.framed.complete_bytes, second.framed.held, second.records) == (
        8,
        8,
        1,
        [],
    )


def test_two_files_with_the_same_first_64_kib_are_both_read_in_full():
    banner = b"# banner\n" * 8000
    _, records = grown(banner + b"one\n", banner + b"two\n", "lines")
    assert records == ["# banner"] * 8000 + ["one"] + ["# banner"] * 8000 + ["two"]


def test_two_known_versions_of_one_length_are_both_known():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "log").write_bytes(b"aaa\n")
        versions = [(4, sha256(b"bbb\n")), (4, sha256(b"aaa\n")), (4, sha256(b"ccc\n"))]
        assert frame(Path(folder, "log"), "lines", Path(folder, "spool"), known=versions).is_known


def test_a_last_line_that_was_read_from_a_gz_is_not_read_again_when_its_newline_has_come():
    second, records = grown(gzip.compress(b"one\ntwo"), b"one\ntwo\nthree\n", "lines")
    assert (records, second.framed.known_records) == (["one", "two", "three"], 2)
    assert grown(gzip.compress(b"one\ntwo"), b"one\ntwo", "lines")[0].framed.is_known


@quick
@given(st.binary(max_size=120).filter(lambda data: not data.startswith(b"\x1f")), st.data())
def test_any_log_cut_anywhere_and_grown_gives_the_records_of_the_whole(data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    assert grown(data[:cut], data, "lines")[1] == spooled(data, "lines").records


@quick
@given(st.text(st.sampled_from("ab\n\r\u00e9\U0001f4e7"), max_size=40), st.data())
def test_a_utf_16_log_cut_at_any_byte_and_grown_gives_the_records_of_the_whole(text, draw):
    data = b"\xff\xfe" + text.encode("utf-16-le")
    cut = draw.draw(st.integers(2, len(data)))
    assert grown(data[:cut], data, "lines")[1] == spooled(data, "lines").records


def test_a_file_that_becomes_shorter_while_it_is_read_is_refused_and_leaves_no_spool(tmp_path, monkeypatch):
    log, spool = tmp_path / "mail.log", tmp_path / "spool"
    log.write_bytes(b"line\n" * 100_000)
    read = os.pread
    monkeypatch.setattr(opening.os, "pread", lambda fd, n, at: b"" if at > 200_000 else read(fd, n, at))
    with pytest.raises(InputError, match=r"mail\.log changed while it was read"):
        frame(log, "lines", spool)
    assert not spool.exists()


# --- gzip -----------------------------------------------------------------------------------------------------------


def test_a_gz_cut_at_any_byte_is_refused_and_nothing_of_it_is_used():
    packed = gzip.compress(f"{STAMP}\n{STAMP}\n".encode())
    for cut in range(len(packed)):
        with pytest.raises(InputError):
            spooled(packed[:cut])
    assert "mail.log.2.gz is cut off: " in refusal(packed[:-3], "mail.log.2.gz")


def test_a_gz_with_any_flipped_bit_is_refused_or_reads_the_same():
    text = f"{STAMP}\n".encode() * 3
    packed = gzip.compress(text, mtime=0)
    same = 0
    for at in range(8 * len(packed)):
        damaged = bytearray(packed)
        damaged[at // 8] ^= 1 << at % 8
        try:
            same += spooled(bytes(damaged), "lines").records == [STAMP] * 3 or damaged[:2] != b"\x1f\x8b"
        except (InputError, OSError, EOFError):
            continue
    assert 0 < same < 100  # the time stamp, the system and the like in the header


def test_zeros_after_a_gz_are_padding_and_anything_else_is_damage():
    packed = gzip.compress(f"{STAMP}\n".encode())
    assert head_of(packed + b"\0" * 100_000 + packed).records == (STAMP, STAMP)
    assert "damaged" in refusal(packed + b"garbage and more garbage")
    assert "cut off" in refusal(packed + packed[:20])


def test_a_bomb_stops_at_the_cap(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "LARGEST_FILE", 10_000_000)
    (tmp_path / "bomb").write_bytes(gzip.compress(b"a line of a bomb\n" * 1_000_000))
    with pytest.raises(InputError, match="too large"):
        frame(tmp_path / "bomb", "lines", tmp_path / "spool")
    assert not (tmp_path / "spool").exists()


# --- JSON -----------------------------------------------------------------------------------------------------------

names = st.text(st.sampled_from('ab{}[],:"\\ \u00e9\n'), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=5)
LAYOUTS = {
    "one a line": lambda items: "".join(f"{json.dumps(i)}\n" for i in items),
    "one a line, CRLF": lambda items: "".join(f"{json.dumps(i)}\r\n" for i in items),
    "nothing between": lambda items: "".join(json.dumps(i) for i in items),
    "an array": lambda items: json.dumps(items),
    "a compact array": lambda items: json.dumps(items, separators=(",", ":"), ensure_ascii=False),
    "a pretty array": lambda items: json.dumps(items, indent=2),
    "pretty objects": lambda items: "\n".join(json.dumps(i, indent=4) for i in items),
    "an array a line": lambda items: "".join(f"{json.dumps([i])}\n" for i in items),
    "an array, one a line": lambda items: "[\n" + ",\n".join(json.dumps(i) for i in items) + "\n]\n",
    "a sequence (RFC 7464)": lambda items: "".join(f"\x1e{json.dumps(i)}\n" for i in items),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=40, deadline=None, database=None)
@given(objects)
def test_however_objects_are_laid_out_the_records_are_the_objects(layout, items):
    file = spooled(LAYOUTS[layout](items).encode(), "json")
    assert [json.loads(record) for record in file.records] == items
    assert file.framed.held == 0


@quick
@given(objects, st.sampled_from(sorted(LAYOUTS)), st.data())
def test_json_cut_anywhere_and_grown_gives_the_records_of_the_whole(items, layout, draw):
    data = LAYOUTS[layout](items).encode()
    cut = draw.draw(st.integers(0, len(data)))
    assert grown(data[:cut], data, "json")[1] == spooled(data, "json").records


scraps = (
    '{"a": 1}',
    '{"b": {"c": [{}, {"d": "x"}]}}',
    '{"a": [',
    '{"a": {"b": 1',
    "garbage",
    "  {",
    "\\",
    "\r\n",
    "\n",
    *'{}[]",: 1',
)


@quick
@given(st.lists(st.sampled_from(scraps), max_size=24).map("".join), st.integers(1, 20))
def test_where_the_blocks_are_cut_makes_no_difference_even_to_scraps_of_json(text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK", size)
        small = spooled(text.encode(), "json")
    assert small == spooled(text.encode(), "json")


DAMAGED_JSON = (
    '{"id": 2, "a": {"b": 1', '{"id": 2, "a": [1,', '{"id": 2, "a": "b', '{"id": 2, "a": "b\\', '{"id": 2 {"a": 1}}',
    '"id": 2}}', "{", "}", "]}{[", "{]}", '{"id": 2, "a"', '{"id": 2, "a": [{"b": 1}, {"b"', "not json at all",
)  # fmt: skip


@pytest.mark.parametrize("damaged", DAMAGED_JSON)
def test_a_damaged_json_line_damages_only_itself(damaged):
    lines = [json.dumps({"id": 1, "a": {"b": [{}, {"c": "}{"}]}}), damaged, *(json.dumps({"id": n}) for n in (3, 4, 5))]
    file = spooled("".join(f"{line}\n" for line in lines).encode(), "json")
    whole = [record for record in file.good if is_json(record)]
    assert [json.loads(record)["id"] for record in whole] == [1, 3, 4, 5]
    assert file.framed.records in (5, 6)


def is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@quick
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b c"]), values, min_size=1), min_size=3, max_size=6), st.data())
def test_any_damaged_byte_in_json_lines_damages_only_its_line(items, draw):
    lines = [json.dumps({"n": n, **item}).encode() for n, item in enumerate(items)]
    hit = draw.draw(st.integers(0, len(lines) - 1))
    at, byte = draw.draw(st.integers(0, len(lines[hit]) - 1)), draw.draw(st.sampled_from(b'{}[]",:\\ x\xff'))
    lines[hit] = lines[hit][:at] + bytes([byte]) + lines[hit][at + 1 :]
    kept = spooled(b"".join(line + b"\n" for line in lines) + b'{"last": 1}\n', "json").records
    for n, line in enumerate(lines):
        assert n == hit or line.decode() in kept


def test_an_object_that_does_not_end_is_held_in_a_plain_file_and_a_reject_in_a_gz():
    data = b'{"a": 1}\n{"b": {"c": 2},'
    plain, packed = spooled(data, "json"), spooled(gzip.compress(data), "json")
    assert (plain.records, plain.framed.held, plain.framed.complete_bytes) == (['{"a": 1}'], 1, 9)
    assert packed.records == ['{"a": 1}', '\x02the object does not end\x02{"b": {"c": 2},']


def test_a_log_line_among_json_is_one_reject_with_its_text():
    file = spooled(b'{"a": 1}\n[2026-04-29 11:24:47] SUCCESS\n{"b": 2}\n', "json")
    assert file.records == ['{"a": 1}', "\x02not a JSON object\x02[2026-04-29 11:24:47] SUCCESS", '{"b": 2}']


def test_an_object_over_the_cap_is_one_reject():
    big = '{"a": "%s"}' % ("x" * LONGEST_RECORD)
    file = spooled(f'{{"a": 1}}\n{big}\n{{"b": 2}}\n'.encode(), "json")
    assert (file.records[0], file.records[2]) == ('{"a": 1}', '{"b": 2}')
    assert file.records[1].startswith('\x02longer than 16,777,216 bytes\x02{"a": "xxx')


@pytest.mark.parametrize("bomb", ['{"a":', "[", '{"a":[', '[{"a":', '{"a":[{"b":"'])
def test_a_depth_bomb_neither_recurses_nor_takes_long(bomb):
    closed = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert spooled((bomb * 300_000).encode(), "json").good == []
    assert spooled(f'{{"n": 1}}\n{closed}\n{{"n": 2}}\n'.encode(), "json").good == ['{"n": 1}', '{"n": 2}']


def test_bytes_that_are_no_utf_8_are_letters_of_windows_1252_in_an_object():
    (record,) = spooled(b'{"name": "M\xfcller \x81 \x80", "too": "\xc3\xa9"}\n', "json").records
    assert json.loads(record) == {"name": "M\u00fcller \\x81 \u20ac", "too": "\u00e9"}  # 81 is none there


def test_bytes_that_are_no_utf_8_are_letters_of_windows_1252_in_a_table():
    table = spooled(b"who;what\nM\xfcller;\x93B\xfcro\x94 \x81\nAnn;caf\xc3\xa9\n", "csv")
    assert table.records == ["who\x1fwhat", "M\u00fcller\x1f\u201cB\u00fcro\u201d \\x81", "Ann\x1fcaf\u00e9"]
    assert table.framed.is_windows_1252
    assert not spooled("who;what\nM\u00fcller;x\n".encode(), "csv").framed.is_windows_1252


# --- CSV ------------------------------------------------------------------------------------------------------------

HEADER = b"timestamp,recipient,subject\n"


def fields(file: Spooled) -> list[list[str]]:
    return [record.split("\x1f") for record in file.records]


def test_quoted_delimiters_newlines_and_doubled_quotes_are_read_by_rfc_4180():
    file = spooled(HEADER + b'1,a@x.example,"Hello, ""you""\r\nthere"\r\n2,"",\n"3",,last without newline')
    assert fields(file)[1:] == [
        ["1", "a@x.example", 'Hello, "you"\x1ethere'],
        ["2", "", ""],
        ["3", "", "last without newline"],
    ]
    assert (file.framed.held, file.framed.rejected) == (0, 0)


@pytest.mark.parametrize("half", ["2", "2,b@x.exam", '2,b@x.example,"Wel', "2,b@x\u00e9"])
def test_a_last_row_that_lacks_fields_is_held_in_a_plain_file_and_a_record_in_a_gz(half):
    data = HEADER + b"1,a@x.example,Welcome\n" + half.encode()
    plain, packed = spooled(data), spooled(gzip.compress(data))
    assert (plain.framed.records, plain.framed.held, plain.framed.held_bytes) == (2, 1, len(half.encode()))
    assert (packed.framed.records, packed.framed.held) == (3, 0)
    whole = HEADER + b"1,a@x.example,Welcome\n" + b'2,b@x.example,"Wel come"\n'
    assert grown(data, whole, "csv")[1] == spooled(whole, "csv").records


@pytest.mark.parametrize(("encoding", "read"), [("utf-8", "caf\u00c3"), ("utf-16", "caf\ufffd")])
def test_a_last_row_with_all_fields_that_ends_in_half_a_letter_is_taken(encoding, read):
    file = spooled((HEADER.decode() + "1,a@x.example,caf\u00e9").encode(encoding)[:-1])
    assert (file.framed.records, file.framed.held, fields(file)[1]) == (2, 0, ["1", "a@x.example", read])


def test_the_marks_of_the_spool_inside_a_cell_become_spaces():
    assert fields(spooled(HEADER + b'1,a\x1fb@x.example,"c\x1ed\x02"\n'))[1] == ["1", "a b@x.example", "c d "]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_rows_that_fit_the_header(delimiter):
    rows = [
        ["timestamp", "recipient", "subject"],
        ["2026-01-01", "a@x.example", "a, b; c"],
        ["2026-01-02", "b@x.example", "d"],
    ]
    data = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert fields(spooled(data.encode())) == rows


def test_a_preamble_stands_before_the_header_and_keeps_its_numbers():
    exchange = b"#Software: Microsoft Exchange Server\r\n#Date: 2024-01-25\r\n#Fields: date-time,event-id,subject\r\n"
    head = head_of(exchange + b"1,SEND,a\r\n")
    assert (head.framing, head.header, head.records[0]) == ("csv", 3, "#Fields: date-time\x1fevent-id\x1fsubject")
    assert head_of(b"sep=;\ntimestamp;recipient\n1;a@x.example\n").header == 2
    assert head_of(b"\n\ntimestamp;recipient\n1;a@x.example\n").records == (
        "timestamp\x1frecipient",
        "1\x1fa@x.example",
    )


def test_a_quote_that_never_closes_costs_its_line_of_10_000_and_no_other():
    for at in (1, 5000, 10_000):
        rows = [f'{n},"a{n}@x.example","Welcome, {n}"' for n in range(1, 10_001)]
        rows[at - 1] = rows[at - 1][:-1]
        file = spooled(HEADER + "".join(f"{row}\n" for row in rows).encode())
        assert (file.framed.records, file.framed.rejected) == (10_001, 1)
        assert file.records[at].startswith("\x02a quote is not closed")
        assert fields(file)[10_000 if at < 10_000 else 9_999][2] == f"Welcome, {10_000 if at < 10_000 else 9_999}"


cells = st.one_of(
    st.text(st.sampled_from("ab ;|\u00e9'"), max_size=5),
    st.tuples(st.sampled_from("ab1"), st.text(st.sampled_from('ab,"\n '), max_size=6)).map("".join),
)
tables = st.lists(st.tuples(st.integers(0, 999).map(str), cells, cells, cells).map(list), min_size=2, max_size=8)


def csv_bytes(rows: list[list[str]], quote_all: bool) -> list[bytes]:
    def cell(text: str) -> str:
        quote = quote_all or any(c in text for c in '",\n')
        return '"' + text.replace('"', '""') + '"' if quote else text

    return [",".join(map(cell, row)).encode() + b"\n" for row in [["number", "recipient", "subject", "note"], *rows]]


def as_spooled(row: list[str]) -> str:
    return "\x1f".join(cell.replace("\n", "\x1e") for cell in row)


@quick
@given(tables, st.booleans(), st.integers(1, 50))
def test_a_table_arrives_cell_by_cell_wherever_its_blocks_are_cut(rows, quote_all, size):
    data = b"".join(csv_bytes(rows, quote_all))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK", size)
        file = spooled(data, "csv")
    assert file.records[1:] == [as_spooled(row) for row in rows]


@settings(max_examples=400, deadline=None, database=None)
@given(tables, st.booleans(), st.data())
def test_one_damaged_quote_damages_at_most_one_row(rows, quote_all, draw):
    written = csv_bytes([*rows, *([str(n), "a", "b", "c"] for n in range(20))], quote_all)
    hit = draw.draw(st.integers(1, len(rows)))
    row = written[hit]
    at = draw.draw(st.integers(0, len(row) - 2))
    quotes = [i for i, byte in enumerate(row) if byte == ord('"')]
    if quotes and draw.draw(st.booleans()):
        at = draw.draw(st.sampled_from(quotes))
        written[hit] = row[:at] + draw.draw(st.sampled_from([b"", b"x", b'""'])) + row[at + 1 :]
    else:
        written[hit] = row[:at] + b'"' + row[at + draw.draw(st.integers(0, row[at] != ord("\n"))) :]
    kept = spooled(b"".join(written), "csv").records
    for number, row in enumerate(rows, 1):
        assert number == hit or as_spooled(row) in kept


@quick
@given(tables, st.booleans(), st.data())
def test_a_table_grown_by_rows_gives_the_rows_of_the_whole(rows, quote_all, draw):
    written = csv_bytes(rows, quote_all)
    cut = draw.draw(st.integers(1, len(written)))
    missing_newline = draw.draw(st.booleans())
    old = b"".join(written[:cut])[: -1 if missing_newline else None]
    assert grown(old, b"".join(written), "csv")[1] == spooled(b"".join(written), "csv").records


def test_stray_quotes_are_text_if_the_row_has_as_many_cells_as_the_header():
    file = spooled(HEADER + b'1,a@x.example,5" pipe\n2,"a@x.example","He said "hi" to me"\n3,"a"b,c\n4,x"y,"z\n')
    assert fields(file)[1:3] == [["1", "a@x.example", '5" pipe'], ["2", "a@x.example", 'He said "hi" to me']]
    assert [record[:1] for record in file.records[3:]] == [MARK, MARK]


def test_a_row_of_empty_cells_is_blank_and_ragged_rows_are_kept_as_they_are():
    file = spooled(HEADER + b",,\n1,a@x.example\n2,b@x.example,c,d\n3,,\n4,,\n5,,\n")
    assert fields(file)[1:4] == [[""], ["1", "a@x.example"], ["2", "b@x.example", "c", "d"]]


def test_a_table_of_100_000_columns_is_refused():
    assert "at most 1,000 are read" in refusal(b",".join(b"column%d" % n for n in range(100_000)) + b"\n")


# --- mail -----------------------------------------------------------------------------------------------------------

ENVELOPE = "From ann@harbor.example Tue Oct 27 18:04:11 2026"
MAIL = (
    "Message-ID: <{0}@academy.example>\nTo: ann@harbor.example\nSubject: Welcome, {0}\nDate: 1 Oct 2026 10:00 +0200\n"
)


def mails(file: Spooled) -> list[dict]:
    """The messages that were read, without their sizes: a body may still have been growing."""
    return [{name: said for name, said in json.loads(mail).items() if name != "size"} for mail in file.good]


def subjects(file: Spooled) -> list[str]:
    return [mail["headers"].get("subject", [""])[0] for mail in mails(file)]


def mailbox(*bodies: str) -> bytes:
    return "".join(f"{ENVELOPE}\n{MAIL.format(n)}\n{body}\n\n" for n, body in enumerate(bodies, 1)).encode()


def test_a_message_of_a_mailbox_begins_at_an_envelope_line_and_at_no_other_line_with_from():
    bodies = (
        "From here on we meet on Mondays.\n\nFrom 10:00 to 12:00\n\nFrom ann@harbor.example on Tue",
        f">{ENVELOPE}\n>>{ENVELOPE}\n\n {ENVELOPE}\n",
        f"quoted without a blank line:\n{ENVELOPE}\nand no header follows",
        "",
    )
    file = spooled(mailbox(*bodies))
    assert subjects(file) == ["Welcome, 1", "Welcome, 2", "Welcome, 3", "Welcome, 4"]
    assert (file.framed.records, file.framed.rejected, file.framed.held) == (4, 0, 0)
    assert [json.loads(mail)["envelope"] for mail in file.records] == ["ann@harbor.example"] * 4
    assert json.loads(file.records[3])["size"] == len(MAIL.format(4)) + len("\n\n\n")


@pytest.mark.parametrize(
    "envelope",
    [
        "From ann@harbor.example  Tue Oct 27 18:04:11 2026",
        "From - Tue Oct 27 18:04:11 2026",
        "From 1793120651@xxx Tue Oct 27 18:04:11 +0000 2026",
        "From MAILER-DAEMON Tue Oct 27 18:04:11 UTC 2026",
        "From ann at harbor.example  Tue Oct 27 18:04:11 2026",
        'From "ann lee"@harbor.example Tue, 27 Oct 2026 18:04:11 +0000',
    ],
)
def test_envelope_lines_of_many_writers_part_messages_and_tell_the_time(envelope):
    file = spooled("".join(f"{envelope}\n{MAIL.format(n)}\nbody\n\n" for n in (1, 2)).encode())
    assert [mail["times"]["envelope"] for mail in mails(file)] == [["2026-10-27T18:04:11Z"]] * 2


def test_a_mail_file_is_one_message_whatever_its_body_quotes():
    file = spooled(f"{MAIL.format(1)}\nsee below\n\n{ENVELOPE}\n{MAIL.format(2)}\nend".encode())
    assert (subjects(file), file.framed.records, file.framed.held) == (["Welcome, 1"], 1, 0)


def test_headers_that_have_not_ended_are_held_in_a_plain_file_and_a_reject_in_a_gz():
    data = mailbox("one") + f"{ENVELOPE}\nMessage-ID: <2@academy".encode()
    plain, packed = spooled(data), spooled(gzip.compress(data))
    assert (subjects(plain), plain.framed.held, plain.framed.complete_bytes) == (["Welcome, 1"], 1, len(mailbox("one")))
    assert subjects(packed) == ["Welcome, 1"]
    assert packed.records[1].startswith("\x02the headers do not end\x02From ann@harbor.example")


def test_a_torn_message_costs_only_itself():
    one, two, three = (mailbox(body) for body in ("one", "two", "three"))
    in_headers, in_body, hole = two[:90], two[:-3], two[:-1] + b"\0" * 5000
    for torn, kept in ((in_headers, 2), (in_body, 3), (hole, 3), (b"garbage\n\n", 2), (two[:-1], 3)):
        file = spooled(one + torn + (b"\n" if torn in (in_headers, in_body) else b"") + three)
        assert (len(file.good), file.framed.rejected) == (kept, torn is in_headers)
        assert subjects(file)[-1] == "Welcome, 1"
    assert file.framed.byte_count == len(one + two) - 1 + len(three)


mail_scraps = (
    ENVELOPE, "From ", "From here on", "\n", "\n\n", "\r\n", "\r\n\r\n", "To: ann@harbor.example", "Subject: Hello",
    " folded", "text", "Fro", f"{ENVELOPE}\nTo: a@b.example\n\n", "\0\0", "X:", ">From x",
)  # fmt: skip


@settings(max_examples=400, deadline=None, database=None)
@given(st.lists(st.sampled_from(mail_scraps), max_size=14).map("".join), st.booleans(), st.integers(1, 20))
def test_where_the_blocks_are_cut_makes_no_difference_even_to_scraps_of_mail(text, is_mailbox, size):
    data = (f"{ENVELOPE}\nTo: ann@harbor.example\n" * is_mailbox + text).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "BLOCK", size)
        small = spooled(data, "mbox")
    assert small == spooled(data, "mbox")


@settings(max_examples=400, deadline=None, database=None)
@given(st.lists(st.sampled_from(mail_scraps), max_size=14).map("".join), st.booleans(), st.data())
def test_mail_cut_anywhere_and_grown_gives_the_messages_of_the_whole(text, is_mailbox, draw):
    data = (f"{ENVELOPE}\nTo: ann@harbor.example\n" * is_mailbox + text).encode()
    cut = draw.draw(st.integers(0, len(data)))
    records, whole = grown(data[:cut], data, "mbox")[1], spooled(data, "mbox")
    assert mails(Spooled(whole.framed, records)) == mails(whole)
    assert len(records) == whole.framed.records


def test_an_attachment_of_40_mb_is_read_in_flat_memory_and_headers_of_5_mb_are_one_reject():
    attached = mailbox("x" * 20_000_000 + "\n" + "QUJD\n" * 4_000_000)
    endless = f"{ENVELOPE}\nTo: {'a@b.example, ' * 400_000}".encode()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "log").write_bytes(attached + endless + b"\n\n" + mailbox("last"))
        tracemalloc.start()
        frame(Path(folder, "log"), "mbox", Path(folder, "spool"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        first, reject, last = Path(folder, "spool").read_text().splitlines()
    assert json.loads(first)["size"] == len(attached) - len(ENVELOPE) - 1
    assert reject.startswith("\x02headers longer than 4,194,304 bytes\x02From ann")
    assert json.loads(last)["headers"]["subject"] == ["Welcome, 1"]
    assert peak < 12_000_000


def test_headers_are_unfolded_decoded_and_shown_in_one_line_of_utf_8():
    block = (
        b"Subject: =?utf-8?q?Welcome_=C3=A4?=\n =?utf-8?b?w7Y=?= and\n\t=?latin-1?q?=FC?=\nX-Raw: M\xfcller \xc3\xa9\n"
        b"X-Bad: =?nonsense?q?a?= =?utf-8?b?a?= =?unicode_escape?q?=5cud800?= =?utf-8?q?=00=0a=02?=\n"
        b"Received: by mx (Postfix) id 4XyZ;\n\tTue, 27 Oct 2026 19:04:11 +0100 (CET)\n"
        b"Content-Type: multipart/report; report-type=delivery-status\n"
    )
    said = json.loads(message_record(clean(block), 0))
    assert said["headers"]["subject"] == ["Welcome \u00e4\u00f6 and \u00fc"]
    assert said["headers"]["x-raw"] == ["M\\xfcller \u00e9"]
    assert (said["times"], said["is_report"]) == ({"received": ["2026-10-27T18:04:11Z"]}, True)


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        (
            "Ann Lee <ANN@harbor.example>, ben@harbor.example (Ben, of sales)",
            ["ann@harbor.example", "ben@harbor.example"],
        ),
        ('"Doe, Ann <forged@evil.example>" <ann@harbor.example>', ["ann@harbor.example"]),
        ("=?utf-8?q?forged=40evil.example=2C?= <ann@harbor.example>", ["ann@harbor.example"]),
        ("forged@evil.example <ann@harbor.example>", ["ann@harbor.example"]),
        ('"a>b, c"@harbor.example', ['"a>b, c"@harbor.example']),
        ("Sales: ann@harbor.example, <ben@harbor.example>;", ["ann@harbor.example", "ben@harbor.example"]),
        ("undisclosed-recipients:;", []),
        ("Doe, Ann <ann@harbor.example>", ["ann@harbor.example"]),
        ('"never closed <ann@harbor.example>', ["ann@harbor.example"]),
        ("<>", []),
    ],
)
def test_addresses_are_read_from_headers_and_none_from_a_name(header, addresses):
    assert addresses_in(header) == addresses


mail_bits = st.sampled_from(
    (
        rb'Subject: |To: |Date: |From |=?utf-8?q?|?=|=?utf-16?b?2AA=?=|=?idna?q?xn--?=|=?hex?q?aa?=|"|(|)|<|>|\|@|,|;|'
        b"\n|\r|\n |\0|\xff|\xc3\xa4|\x0b|Thu, 26 Oct 2017 09:40:08 +0200|99|:|-2400|+9999|1|=?x\0?q?a?=|Content-Type: "
    ).split(b"|")
)


@settings(max_examples=500, deadline=None, database=None)
@given(st.lists(mail_bits, max_size=30).map(b"".join) | st.binary(max_size=200))
def test_no_headers_raise_anything(block):
    record = message_record(clean(block), 1)
    assert record.count(b"\n") == 1
    assert json.loads(record)["size"] == 1
    time_in(block.decode("latin-1"))


@pytest.mark.parametrize("mark", ['"', "(", "<", '"\\', "(\\", '<"a"', "a@", "=?a?q?"])
def test_a_header_of_a_million_marks_does_not_take_long(mark):
    addresses_in(mark * (1_000_000 // len(mark)))


# --- wrapped lines --------------------------------------------------------------------------------------------------

ENTRY = "postfix/smtp[411]: 4XyZ: to=<a@b.example>, relay=none, delay=1, status=sent (250 ok)"
MESSAGE = ENTRY.partition(": ")[2]
AT = "2026-10-07T12:00:01.500000Z"
EXIM = "2026-10-07 12:00:01 1rAbCd-0001ab-CD => a@b.example R=dnslookup T=remote_smtp"
QMAIL = "@4000000068e4f2a10bebc200 delivery 1: success: ok/"
JOURNAL = {
    "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1791374401500000", "_HOSTNAME": "mx1",
    "SYSLOG_IDENTIFIER": "postfix/smtp", "_PID": "411", "MESSAGE": MESSAGE,
}  # fmt: skip
WRAPPED = {
    "journal": (json.dumps(JOURNAL), f"{AT} mx1 {ENTRY}"),
    "journal, bytes": (json.dumps({**JOURNAL, "MESSAGE": list(MESSAGE.encode())}), f"{AT} mx1 {ENTRY}"),
    "journal, json-seq": (f"\x1e{json.dumps(JOURNAL)}", f"{AT} mx1 {ENTRY}"),
    "journal, a field twice": (json.dumps({**JOURNAL, "_PID": ["411", "9"]}), f"{AT} mx1 {ENTRY}"),
    "Filebeat of a file": (
        json.dumps(
            {"@timestamp": "2026-10-07T12:00:09.1Z", "host": {"name": "mx9"}, "log": {"offset": 1}, "message": STAMP}
        ),
        STAMP,
    ),
    "Filebeat of a journal": (
        json.dumps(
            {
                "@timestamp": "2026-10-07T12:00:01.5Z",
                "host": {"hostname": "mx1"},
                "message": MESSAGE,
                "syslog": {"identifier": "postfix/smtp"},
                "process": {"pid": 411},
            }
        ),
        f"{AT} mx1 {ENTRY}",
    ),
    "Elasticsearch": (
        json.dumps({"_index": "m", "_source": {"@timestamp": "2026-10-07T12:00:09Z", "message": STAMP}}),
        STAMP,
    ),
    "Logstash": (
        json.dumps(
            {
                "@timestamp": "2026-10-07T12:00:01.500Z",
                "logsource": "mx1",
                "program": "postfix/smtp",
                "pid": "411",
                "message": MESSAGE,
            }
        ),
        f"{AT} mx1 {ENTRY}",
    ),
    "rsyslog": (
        json.dumps(
            {
                "timestamp": "2026-10-07T14:00:01.5+02:00",
                "host": "mx1",
                "syslogtag": "postfix/smtp[411]:",
                "message": f" {MESSAGE}".strip(),
            }
        ),
        f"{AT} mx1 {ENTRY}",
    ),
    "Vector": (
        json.dumps(
            {
                "timestamp": "2026-10-07T12:00:01.5Z",
                "hostname": "mx1",
                "appname": "postfix/smtp",
                "procid": 411,
                "message": MESSAGE,
            }
        ),
        f"{AT} mx1 {ENTRY}",
    ),
    "Fluent Bit": (json.dumps({"date": 1791374401.5, **JOURNAL, "__REALTIME_TIMESTAMP": None}), f"{AT} mx1 {ENTRY}"),
    "Docker": (json.dumps({"log": f"{STAMP}\n", "stream": "stdout", "time": "2026-10-07T12:00:01.500000001Z"}), STAMP),
    "Docker, no stamp": (
        json.dumps({"log": f"{ENTRY}\n", "stream": "stdout", "time": "2026-10-07T12:00:01.500000001Z"}),
        f"{AT} - {ENTRY}",
    ),
    "Loki": (json.dumps({"labels": {"host": "mx1"}, "line": STAMP, "timestamp": "2026-10-07T12:00:01Z"}), STAMP),
    "priority": (f"<22>{STAMP}", STAMP),
    "RFC 5424": (
        f"<22>1 2026-10-07T12:00:01.5Z mx1 postfix/smtp 411 - - {MESSAGE}",
        f"2026-10-07T12:00:01.5Z mx1 {ENTRY}",
    ),
    "RFC 5424, data": (
        f'<22>1 2026-10-07T12:00:01Z mx1 postfix/smtp 411 ID [a@1 b="c\\"]d"][e f="g"] \ufeff{MESSAGE}',
        f"2026-10-07T12:00:01Z mx1 {ENTRY}",
    ),
    "CRI": (f"2026-10-07T12:00:01.500000001Z stdout F {STAMP}", STAMP),
    "docker compose": (f"mail-1  | {STAMP}", STAMP),
    "kubectl": (f"2026-10-07T12:00:01.500000001Z {STAMP}", STAMP),
    "kubectl, prefix": (f"[pod/mail-0/postfix] {STAMP}", STAMP),
    "grep": (f"/var/log/mail.log.1:{STAMP}", STAMP),
    "Exim": (f"mail-1 | {EXIM}", EXIM),
    "qmail": (json.dumps({"log": f"{QMAIL}\n", "time": "2026-10-07T12:00:01Z"}), QMAIL),
    "syslog in syslog": (f"Oct  7 14:00:01 box docker[99]: {STAMP}", STAMP),
}


@pytest.mark.parametrize("shape", WRAPPED)
def test_a_wrapped_line_becomes_the_plain_line(shape):
    wrapped, plain = WRAPPED[shape]
    data = f"{wrapped}\n".encode() * 3
    assert (head_of(data).framing, head_of(data).records) == ("lines", (plain,) * 3)
    for written in (data, b"\xef\xbb\xbf" + data, gzip.compress(data), data.replace(b"\n", b"\r\n")):
        assert spooled(written).records == [plain] * 3
    if wrapped.isascii():
        assert spooled(b"\xff\xfe" + data.decode().encode("utf-16-le")).records == [plain] * 3


@pytest.mark.parametrize("shape", WRAPPED)
def test_wrapped_lines_cut_anywhere_and_grown_give_the_lines_of_the_whole(shape):
    data = f"{WRAPPED[shape][0]}\n".encode() * 3
    whole = spooled(data, "lines").records
    for cut in range(0, len(data) + 1, 7):
        assert grown(data[:cut], data, "lines")[1] == whole


def test_a_line_among_wrapped_ones_that_has_another_shape_stays_as_it_is():
    journal = json.dumps(JOURNAL)
    file = spooled(f"{journal}\n{journal[:70]}\n\n{STAMP}\n{journal}\n{journal}\n{journal}\n".encode())
    assert file.records == [f"{AT} mx1 {ENTRY}", journal[:70], "", STAMP, *[f"{AT} mx1 {ENTRY}"] * 3]
    assert spooled(f"mail | {STAMP}\nweb  | GET /\nmail | {STAMP}\n".encode()).records == [STAMP, "web  | GET /", STAMP]


def test_a_message_of_the_journal_cannot_write_a_line_of_its_own():
    forged = {**JOURNAL, "MESSAGE": f"hello\n{STAMP}\r{STAMP}", "SYSLOG_IDENTIFIER": "evil]: x\n", "_HOSTNAME": "a b\n"}
    (record,) = spooled(json.dumps(forged).encode() + b"\n").records
    assert record == f"{AT} a_b evil_x[411]: hello {STAMP} {STAMP}"
    odd = [{**JOURNAL, "MESSAGE": message} for message in (None, [300], {"a": 1}, "\ud800", ["x"])]
    file = spooled("".join(f"{json.dumps(entry)}\n" for entry in [JOURNAL, *odd, JOURNAL, JOURNAL, JOURNAL]).encode())
    assert (file.framed.records, file.framed.rejected) == (9, 0)
    assert file.records[1] == f"{AT} mx1 postfix/smtp[411]: "


@pytest.mark.parametrize(
    "record",
    [
        {"timestamp": "2026-10-07T12:00:01Z", "recipient": "a@b.example", "program": "Forklifts", "message": "Welcome"},
        {"event": "delivered", "timestamp": 1791374401, "message": {"headers": {"to": "a@b.example"}}},
        {"time": "2026-10-07T12:00:01Z", "msg": "sent", "level": "info"},
    ],
)
def test_events_of_providers_and_applications_are_not_taken_for_wrapped_lines(record):
    assert head_of(f"{json.dumps(record)}\n".encode() * 3).framing == "json"


def test_a_plain_syslog_file_takes_the_short_way(tmp_path):
    (tmp_path / "mail.log").write_text(f"{STAMP}\n2026-10-07T12:00:01.5+02:00 mx1 {ENTRY}\n" * 20)
    with opening.LogFile(tmp_path / "mail.log") as log:
        framer = framer_for(shape_of("lines", log), Spool(BytesIO()))
    assert type(framer) is Lines


# --- sniffing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "framing"),
    [
        (f"{STAMP}\n{STAMP}\n", "lines"),
        ("2026-10-07T12:00:01.5+02:00 mx1 postfix/qmgr[4]: 4XyZ: from=<a@b.example>, size=1, nrcpt=1\n" * 3, "lines"),
        ("[2026-04-29 11:24:47] SUCCESS - Email ID: 1 sent to x\n", "lines"),
        ("{main} thrown in mail.php, line 3\nand, so, on\n", "lines"),
        ("Hello, this line has a comma\nand this one\nhas none, or, many, of, them\nnone\n", "lines"),
        ("1,a@x.example,b\n2,b@x.example,c\n", "lines"),
        ('{"a": 1}\n', "json"),
        ('lost": 1}\n{"a": 1}\n{"a": 2}\n', "json"),
        (' [ {"a": 1},\n{"a": 2} ]', "json"),
        ("[]", "json"),
        ('{"a": "' + "x" * 300_000, "json"),
        ("timestamp,recipient\n", "csv"),
        ("\ufefftimestamp;recipient;subject\n2026-01-01;a@x.example;b\n", "csv"),
        (",email,status\n0,a@x.example,sent\n", "csv"),
        ("From a@x.example Tue Oct 27 18:04:11 2026\nX: y\n\n", "mbox"),
        ("\nReceived: by mx1;\n\tTue, 27 Oct 2026 18:04:11 +0000\nSubject: {}\n\n{}", "mbox"),
        ("From now on, this, is\nnot a mailbox\n", "lines"),
        ("From: an outline\nwith, commas\n", "lines"),
    ],
)
def test_the_framing_is_told_by_content(data, framing):
    assert head_of(data.encode()).framing == framing
    assert head_of(gzip.compress(data.encode()), "anything.csv").framing == framing


def test_the_head_holds_200_records_and_a_long_first_object_too():
    assert len(head_of(f"{STAMP}\n".encode() * 5000).records) == 200
    assert head_of(b'{"a": "' + b"x" * 400_000 + b'"}\n' * 2).records[0][-2:] == '"}'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \r\n\n\t \0\0", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\x7fELF\x02\x01" + bytes(99), "a program"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image"),
        (b"SQLite format 3\0" + bytes(99), "an SQLite database"),
        (random.Random(1).randbytes(5000), "looks like no text"),
        (gzip.compress(gzip.compress(b"one\n", mtime=0), mtime=0), "gzip inside gzip"),
        (bz2.compress(b"one\n"), "bunzip2"),
        (lzma.compress(b"one\n"), "xz -d"),
        (b"\x28\xb5\x2f\xfd" + bytes(20), "zstd -d"),
        (b"PK\x03\x04" + bytes(20), "unzip"),
        (b"time,to\r1,a@x.example\r2,b@x.example\r", "carriage return"),
        (b"PAR1" + bytes(20), "cut off"),
    ],
)
def test_what_is_no_log_is_refused_by_name_with_a_remedy(data, words):
    message = refusal(data, "mail\n\x1b[31m.log")
    assert words in message
    assert "/mail\\n\\x1b[31m.log " in message


def test_parquet_is_named_and_its_bytes_hashed(tmp_path):
    duckdb.sql(f"copy (select 1 as a) to '{tmp_path / 'mail.log'}' (format parquet)")
    assert (sniff(tmp_path / "mail.log").framing, sniff(tmp_path / "mail.log").records) == ("parquet", ())
    assert sha256_of(tmp_path / "mail.log") == sha256((tmp_path / "mail.log").read_bytes())


def test_only_regular_files_are_opened_and_none_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    expected = {tmp_path: "a folder", tmp_path / "pipe": "a pipe", Path("/dev/zero"): "a device"}
    expected |= {
        tmp_path / "none": "does not exist",
        tmp_path / ("x" * 300): "cannot be read",
        Path("nul\0"): "cannot be",
    }
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for path, words in {**expected, tmp_path / "s": "cannot be read"}.items():
            with pytest.raises(InputError, match=words):
                sniff(path)


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=300) | st.text(st.sampled_from('{}[]",:\\\n a1;@\x1f'), max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_an_input_error(data):
    try:
        framing = head_of(data).framing
    except InputError:
        framing = "lines"
    for each in {framing, "lines", "json", "csv", "mbox"} - {"parquet"}:
        try:
            spooled(data, each)
        except InputError:
            assert each == "csv" or data.startswith(b"\x1f")


@quick
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=8))
def test_the_database_reads_every_line_of_a_spool_as_it_stands(lines):
    with tempfile.TemporaryDirectory() as folder:
        log, spool = Path(folder, "log"), Path(folder, "spool")
        log.write_bytes(f"{STAMP}\n".encode() + b"".join(line.encode() + b"\n" for line in lines))
        framed = frame(log, "lines", spool)
        read = duckdb.execute(
            "select text from read_csv(?, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, "
            "delim = chr(1), quote = '', escape = '', max_line_size = 17000000, buffer_size = 34000000)",
            [str(spool)],
        ).fetchall()
        assert [text or "" for (text,) in read] == spool.read_bytes().decode().split("\n")[:-1]
        assert len(read) == framed.records


def test_the_field_mark_is_what_formats_split_by():
    assert FIELD == b"\x1f"
