"""Decides by content which framing a file needs, and refuses what is no log."""

import re
from dataclasses import dataclass
from io import BytesIO

from detector.errors import InputError
from detector.framings.csv_dialect import find_dialect
from detector.framings.csv_rows import CsvRows, Dialect
from detector.framings.json_objects import JsonObjects
from detector.framings.lines import Lines
from detector.framings.messages import Messages, is_mail, may_be_mail
from detector.framings.opening import LogFile
from detector.framings.spooling import LONGEST_LINE, LONGEST_RECORD, Framer, Spool
from detector.framings.wrapped_lines import Unwrap, WrappedLines, find_wrapper

HEAD_BYTES = 256 * 1024
HEAD_RECORDS = 200
MOST_COLUMNS = 1000

PARQUET_MAGIC = b"PAR1"
_BLANK = b" \t\r\n\v\f\0"
_JUDGED = 64 * 1024
_MOST_BLANKS = 1 << 30
_CONTROLS = bytes(b for b in (*range(9), *range(14, 32), 127) if b != 0x1B)
_NUL_RUN = re.compile(rb"\0{8,}")
_OBJECT_START = re.compile(rb"(?:[\s,\0\x1e]|\xef\xbb\xbf|\[(?!\d))*+(?:\{\s*+[\"}]|\]\s*+\Z)")
_SYSLOG = re.compile(
    rb"(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+Z-]+) \S+ [^\s:\[]+(?:\[\d+\])?:"
)

_PACKED = (
    (0, b"\x1f\x8b", "gzip inside gzip", "gunzip"),
    (0, b"PK\x03\x04", "a zip archive or an Excel workbook", "unzip, or save the sheet as CSV"),
    (0, b"\xfd7zXZ\0", "xz", "xz -d"),
    (0, b"\x28\xb5\x2f\xfd", "zstd", "zstd -d"),
    (0, b"BZh", "bzip2", "bunzip2"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (0, b"\x1f\x9d", "compress (.Z)", "gunzip"),
    (0, b"\x04\x22\x4d\x18", "lz4", "lz4 -d"),
    (257, b"ustar", "a tar archive", "tar -x"),
)
_BINARY = (
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (8, b"DUCK", "a DuckDB database"),
    (0, b"LPKSHHRH", "a systemd journal; export it with journalctl -o json"),
    (0, b"ElfFile\0", "a Windows event log; export it as CSV"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office or Outlook file; save it as CSV"),
    (0, b"!BDN", "an Outlook mailbox"),
    (0, b"Obj\x01", "Avro; export it as JSON lines"),
    (0, b"ARROW1", "Arrow; export it as Parquet"),
    (0, b"ORC", "ORC; export it as Parquet"),
    (0, b"PARE", "encrypted Parquet; decrypt it first"),
    (0, PARQUET_MAGIC, "Parquet inside gzip; gunzip it"),
    (0, b"\xff\xfe\0\0", "UTF-32 text; convert it to UTF-8 with iconv"),
    (0, b"\0\0\xfe\xff", "UTF-32 text; convert it to UTF-8 with iconv"),
)


@dataclass(frozen=True)
class Shape:
    """How the records of a file are laid out: its framing, and what the framer must know beyond that."""

    framing: str
    dialect: Dialect | None = None
    """Of a table."""
    unwrap: Unwrap | None = None
    """Takes lines out of what a log collector has wrapped around them."""


@dataclass(frozen=True)
class Start:
    """The first text of a file: what every decision about it rests on."""

    text: bytes
    is_whole: bool
    """The text is the whole file."""
    lines_before: int
    """Blank lines left out before the text, when a file begins with very many."""


def read_start(log: LogFile, limit: int = HEAD_BYTES) -> Start:
    """The first text that is not blank; InputError if there is none."""
    start = first_text(log, limit)
    if not start.text:
        raise InputError(f"{log.name} is empty: there is no record in it. If mail was sent, look at what writes it.")
    return start


def first_text(log: LogFile, limit: int = HEAD_BYTES) -> Start:
    """The first text that is not blank, if any. A truncated log may begin with gigabytes of NUL."""
    decoder, text, skipped, lines = log.decoder(), b"", 0, 0
    for block in log.blocks():
        piece = decoder.decode(block)
        if not text and not piece.strip(_BLANK):
            skipped += len(block)
            lines += piece.count(b"\n")
            if skipped > _MOST_BLANKS:
                break
            continue
        text += piece
        if len(text) > limit:
            return Start(text[:limit], False, lines)
    return Start(text, True, lines)


def refuse_packed_or_binary(log: LogFile, text: bytes) -> None:
    """InputError if the file is packed in a way that is not unpacked here, or is no text at all."""
    raw = log.start()
    for at, magic, what, remedy in _PACKED:
        if raw.startswith(magic, at):
            raise InputError(f"{log.name} is binary (looks like {what}). Unpack it first ({remedy}) and give the text.")
    for at, magic, what in _BINARY:
        if raw.startswith(magic, at):
            raise InputError(f"{log.name} is binary (looks like {what}). Give logs as text, CSV, JSON or Parquet.")
    sample = _NUL_RUN.sub(b"", text[:_JUDGED])
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > 4 + 0.05 * len(sample):
        share = f"{controls:,} control characters in its first {len(sample):,} bytes"
        raise InputError(
            f"{log.name} is binary (looks like no text: {share}). Give logs as text, CSV, JSON or Parquet."
        )
    if b"\n" not in text and text.count(b"\r") > 1:
        remedy = "Convert it first: tr '\\r' '\\n'"
        raise InputError(f"{log.name} ends its lines with a bare carriage return, as old Macs did. {remedy}.")


def choose(log: LogFile, start: Start) -> Shape:
    """How the records of the text are laid out."""
    if is_mail(start.text) or (may_be_mail(start.text) and _is_mail_further_on(log)):
        return Shape("mbox")
    if unwrap := find_wrapper(start.text):
        return Shape("lines", unwrap=unwrap)
    if _is_json(start):
        return Shape("json")
    dialect = None if _is_syslog(start.text) else find_dialect(start.text, start.is_whole)
    if dialect and dialect.columns > MOST_COLUMNS:
        limit = f"{dialect.columns:,} columns or more, and at most {MOST_COLUMNS:,} are read"
        raise InputError(f"{log.name} is a table with {limit}. Export only the columns about the mail.")
    return Shape("csv", dialect) if dialect else Shape("lines")


def _is_mail_further_on(log: LogFile) -> bool:
    """Whether it is a mail by its first header and one that stands behind it, be that a subject of 2 MB."""
    judged = LONGEST_LINE + HEAD_BYTES
    return is_mail(read_start(log, judged).text, judged)


def shape_of(framing: str, log: LogFile) -> Shape:
    """The rest of the shape of a file whose framing is known."""
    if framing not in ("csv", "lines"):
        return Shape(framing)
    start = first_text(log)
    if framing == "csv":
        return Shape("csv", find_dialect(start.text, start.is_whole))
    return Shape("lines", unwrap=find_wrapper(start.text))


def framer_for(shape: Shape, spool: Spool) -> Framer:
    """The framer of a shape. A new framing is one module and one line here."""
    if shape.framing == "json":
        return JsonObjects(spool)
    if shape.framing == "mbox":
        return Messages(spool)
    if shape.framing == "csv":
        return CsvRows(spool, shape.dialect or Dialect(delimiter=b",", columns=1, header=1))
    if shape.framing == "lines":
        return WrappedLines(spool, shape.unwrap) if shape.unwrap else Lines(spool)
    raise ValueError(f"there is no framing {shape.framing!r}")


def first_records(log: LogFile, shape: Shape, start: Start) -> tuple[str, ...]:
    """The first records as they stand in the spool; of a table, those from its header on.

    A head that holds no whole record is read further: one JSON object may be 16 MiB long.
    """
    records = _framed(shape, start)
    if not records and not start.is_whole:
        records = _framed(shape, read_start(log, LONGEST_RECORD + HEAD_BYTES))
    before = shape.dialect.header - 1 if shape.dialect else 0
    return tuple(record.decode("utf-8") for record in records[before : before + HEAD_RECORDS])


def _framed(shape: Shape, start: Start) -> list[bytes]:
    out = BytesIO()
    framer = framer_for(shape, Spool(out))
    framer.feed(start.text)
    framer.end(start.is_whole)
    return out.getvalue().split(b"\n")[:-1]


def _is_json(start: Start) -> bool:
    """More objects than garbage; or one object that goes on beyond the text."""
    out = BytesIO()
    spool = Spool(out)
    framer = JsonObjects(spool)
    framer.feed(start.text[:_JUDGED])
    framer.end(finished=False)
    if spool.records:
        return 2 * spool.rejected < spool.records
    return _OBJECT_START.match(start.text) is not None


def _is_syslog(text: bytes) -> bool:
    lines = [line for line in text[:_JUDGED].split(b"\n")[:40] if line.strip()][:20]
    return 2 * sum(_SYSLOG.match(line) is not None for line in lines) > len(lines)
