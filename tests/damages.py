"""What happens to log files on their way: the damages that tests and the fuzzer do to the shipped samples."""

import bz2
import gzip
import io
import json
import lzma
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

FOLDER = Path(__file__).parent
FIRST_LINES = 300
SHIPPED = FOLDER.parent / "sample_logs"


def samples() -> dict[str, bytes]:
    """The shipped sample of each format by its name, such as `exim.log`; of a large one the beginning."""
    found = {path.name: path.read_bytes() for path in sorted(SHIPPED.glob("*/*")) if path.stem == path.parent.name}
    beginnings = {
        "journald.json": "journald/postfix_day.json",
        "postfix.log": "postfix/mail.log",
        "ses.ndjson": "ses/2026-10-29.ndjson",
        "plain.csv": "plain/2026-10-29.csv",
    }
    for name, path in beginnings.items():
        found[name] = b"".join((SHIPPED / path).read_bytes().splitlines(keepends=True)[:FIRST_LINES])
    return found


def records(name: str, data: bytes) -> list[bytes]:
    """The records of a sample, one after the other: messages, objects however they were laid out, or lines."""
    if name.endswith(".mbox"):
        return re.split(rb"(?m)^(?=From )", data)[1:]
    lines = data.splitlines(keepends=True)
    if name.endswith(".json") and not lines[0].rstrip(b",\r\n").endswith(b"}"):
        text, found, at = data.decode(), [], 0
        while at < len(text):
            item, at = json.JSONDecoder().raw_decode(text, at)
            found += item if isinstance(item, list) else [item]
            at += len(text[at:]) - len(text[at:].lstrip())
        return [json.dumps(item).encode() + b"\n" for item in found]
    return lines


def anywhere(data: bytes, rng: Random) -> int:
    return rng.randrange(len(data) + 1)


def put(data: bytes, at: int, piece: bytes, over: int = 0) -> bytes:
    return data[:at] + piece + data[at + over :]


def flipped(data: bytes, rng: Random) -> bytes:
    mended = bytearray(data)
    for _ in range(rng.choice((1, 20, 300))):
        mended[rng.randrange(len(mended))] ^= 1 << rng.randrange(8)
    return bytes(mended)


def cut_gz(data: bytes, rng: Random) -> bytes:
    packed = gzip.compress(data)
    return packed[: rng.randrange(1, len(packed))]


def swapped_lines(data: bytes, rng: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def half_in_another_encoding(data: bytes, rng: Random) -> bytes:
    at = data.find(b"\n", anywhere(data, rng)) + 1
    return data[:at] + data[at:].decode("utf-8", "replace").encode(
        rng.choice(("utf-16-le", "utf-16-be", "latin-1")), "replace"
    )


TEXT_DAMAGES: dict[str, Callable[[bytes, Random], bytes]] = {
    "cut": lambda data, rng: data[: rng.randrange(1, len(data))],
    "beheaded": lambda data, rng: data[rng.randrange(1, len(data)) :],
    "bits flipped": flipped,
    "a byte lost": lambda data, rng: put(data, anywhere(data, rng), b"", 1),
    "NULs within": lambda data, rng: put(data, anywhere(data, rng), b"\0" * rng.choice((1, 7, 5000))),
    "NULs over it": lambda data, rng: put(data, anywhere(data, rng), b"\0" * 512, 512),
    "NULs before": lambda data, rng: b"\0" * rng.choice((1, 4096, 300_000)) + data,
    "lone CR": lambda data, rng: put(data, anywhere(data, rng), b"\r"),
    "CR for every LF": lambda data, _: data.replace(b"\n", b"\r"),
    "no UTF-8": lambda data, rng: put(
        data, anywhere(data, rng), rng.choice((b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80"))
    ),
    "UTF-16 without mark": lambda data, _: data.decode("utf-8", "replace").encode("utf-16-le"),
    "UTF-16 of odd length": lambda data, _: data.decode("utf-8", "replace").encode("utf-16")[:-1],
    "UTF-32": lambda data, _: data.decode("utf-8", "replace").encode("utf-32"),
    "a byte order mark within": lambda data, rng: put(data, anywhere(data, rng), b"\xef\xbb\xbf"),
    "another encoding from here": half_in_another_encoding,
    "a quote not closed": lambda data, rng: put(data, anywhere(data, rng), b'"'),
    "odd marks": lambda data, rng: put(
        data, anywhere(data, rng), rng.choice((b"\x01", b"\x02", b"\x1e", b"\x1f", b"\x1b[2J"))
    ),
    "deep brackets": lambda data, rng: put(data, anywhere(data, rng), rng.choice((b"[", b"{", b'{"a":')) * 200),
    "a number of 100,000 digits": lambda data, rng: put(data, anywhere(data, rng), b"9" * 100_000),
    "a line of 1 MiB": lambda data, rng: put(data, anywhere(data, rng), b"x" * (1 << 20)),
    "a line doubled": lambda data, _: data[: data.find(b"\n") + 1] + data,
    "lines in any order": swapped_lines,
    "cut gz": cut_gz,
    "flipped gz": lambda data, rng: flipped(gzip.compress(data), rng),
    "gz and garbage": lambda data, rng: gzip.compress(data) + rng.randbytes(40),
    "gz in gz": lambda data, _: gzip.compress(gzip.compress(data)),
}
"""Name of the damage -> the damaged bytes of a file of text."""


def amid(piece: bytes) -> Callable[[bytes], bytes]:
    return lambda record: put(record, len(record) // 2, piece)


RECORD_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "rubbish": lambda record: b"rubbish\n",
    "cut": lambda record: record[: len(record) // 2] + b"\n",
    "broken in two": amid(b"\n"),
    "a quote": amid(b'"'),
    "NULs": amid(b"\0" * 20),
    "no UTF-8": amid(b"\xff\xfe\x80"),
    "a lone CR": amid(b"\r"),
    "deep brackets": amid(b"[" * 300),
    "a byte order mark": amid(b"\xef\xbb\xbf"),
    "marks of the spool": amid(b"\x01\x02\x1e\x1f"),
    "a line of 2 MiB": amid(b"9" * (2 << 20)),
}
"""Name of the damage -> what it makes of one record."""


def damaged_parquet(parquet: bytes, rng: Random) -> bytes:
    """A few bytes changed, half of them in the footer, where the columns are described."""
    damaged = bytearray(parquet)
    footer = len(parquet) - 8 - int.from_bytes(parquet[-8:-4], "little")
    for _ in range(rng.choice((1, 1, 2, 20))):
        at = rng.randrange(footer if rng.random() < 0.5 else 4, len(parquet) - 4)
        damaged[at] = rng.choice((damaged[at] ^ (1 << rng.randrange(8)), 0, 255, rng.randrange(256)))
    return bytes(damaged)


def archive(data: bytes, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as box:
            box.writestr("mail.log", data)
    else:
        with tarfile.open(fileobj=out, mode="w") as box:
            entry = tarfile.TarInfo("mail.log")
            entry.size = len(data)
            box.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def strangers(log: bytes) -> dict[str, bytes]:
    """Files that are no log at all, or none that anybody can read; `log` is one that is."""
    magics = (
        b"\x7fELF", b"MZ\x90", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"SQLite format 3\0", b"Obj\x01",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd", b"BZh", b"PAR1", b"!BDN",
        b"PARE", b"PAR1" + b"\0" * 40 + b"PAR1", b"PK\x03\x04", b"ElfFile\0", b"ARROW1", b"ORC",
    )  # fmt: skip
    noise = Random(27).randbytes(3000)
    header = b"timestamp,recipient,subject\n"
    return {
        **{f"magic{n}": magic + noise for n, magic in enumerate(magics)},
        **{f"only-magic{n}": magic for n, magic in enumerate(magics)},
        **{f"byte{byte:02x}": bytes([byte]) for byte in b"\0\n\r\x1f\x7b\x5b\x22\xff A"},
        "empty": b"",
        "blank": b" \n\t\n\r\n",
        "zip": archive(log, "zip"),
        "tar": archive(log, "tar"),
        "xz": lzma.compress(log),
        "bz2": bz2.compress(log),
        "page.html": b"<!doctype html>\n<html><head><title>502 Bad Gateway</title></head>\n<body>nginx</body></html>\n",
        "mail.yaml": b"mail:\n  - to: ann@harbor.example\n    at: 2026-10-27T18:00:00Z\n",
        "mail.xml": b'<?xml version="1.0"?>\n<mail><to>ann@harbor.example</to></mail>\n',
        "script.sh": b"#!/bin/sh\nset -e\nfor f in *.log; do\n  cat $f\ndone\n",
        "header.csv": header,
        "headers.csv": header * 2,
        "wide.csv": b",".join(b"c%d" % n for n in range(5000))
        + b"\n"
        + b",".join(b"%d" % n for n in range(5000))
        + b"\n",
        "long.log": b"x" * 20_000_000,
        "long-line.log": log + b"y" * 20_000_000 + b"\n",
        "deep.json": b"[" * 100_000,
        "deeper.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "number.json": b'{"timestamp":' + b"9" * 100_000 + b',"recipient":"ann@harbor.example"}\n',
        "nan.json": b'{"timestamp":NaN,"recipient":Infinity}\n',
        "list.json": b"[1,2,3]\n",
        "null.json": b"null\n",
        "keys.json": json.dumps({f"k{n}": n for n in range(20_000)}).encode() + b"\n",
        "bomb.gz": gzip.compress(gzip.compress(b"\0" * 30_000_000)),
        "plain.gz": log[:100].replace(b"\n", b" "),
    }


def lay_traps(folder: Path, log: bytes) -> None:
    """What no program should open, wait for or follow for ever; and names that should never reach a terminal."""
    os.mkfifo(folder / "pipe.log")
    (folder / "folder.log").mkdir()
    (folder / "zero.log").symlink_to("/dev/zero")
    (folder / "null.log").symlink_to("/dev/null")
    (folder / "loop.log").symlink_to("loop.log")
    (folder / "round").symlink_to(folder)
    (folder / "dangling.log").symlink_to("nowhere")
    for name in (
        "new\nline.log",
        "esc\x1b[2J.log",
        "quote'\".log",
        "-rf",
        "*.log",
        "[a].log",
        "%s{0}$(id).log",
        "x" * 240 + ".log",
    ):
        (folder / name).write_bytes(log[:50])
    (folder / os.fsdecode(b"no-utf8-\xff.log")).write_bytes(log[:50])
