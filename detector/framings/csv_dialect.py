"""Tells whether text is a CSV table, and which: delimiter, number of columns, where the header stands."""

import re
from io import BytesIO

from detector.framings.csv_rows import CsvRows, Dialect, Quoting
from detector.framings.spooling import FIELD, Spool, clean

_DELIMITERS = (b",", b";", b"\t", b"|")
_ROWS_TRIED = 200
_NAMED_DELIMITER = re.compile(rb"sep=(.)\s*\Z", re.IGNORECASE)
_DATA = re.compile(r"@|\d{4}-\d\d|\d\d:\d\d|^[\d.+-]+$")
_LONGEST_NAME = 80
_COLUMNS_JUDGED = 1000


def find_dialect(text: bytes, is_whole: bool) -> Dialect | None:
    """The dialect in which the first rows have as many fields as a row of names above them; None if there is none.

    `is_whole`: the text is the whole file, not its start, so that the last line is not cut.
    """
    lines = clean(text).split(b"\n")
    if not is_whole and len(lines) > 1:
        lines.pop()
    number, delimiters = _find_header(lines)
    if not number:
        return None
    found: tuple[float, Dialect] | None = None
    for delimiter in delimiters:
        header = Quoting(delimiter).strict(lines[number - 1])
        if header is None or not _is_header(header):
            continue
        dialect = Dialect(delimiter, header.count(FIELD) + 1, number)
        share = _share_that_fits(lines[number:], dialect, is_whole)
        if share >= 0.5 and (found is None or share * dialect.columns > found[0]):
            found = share * dialect.columns, dialect
    return found[1] if found else None


def _find_header(lines: list[bytes]) -> tuple[int, tuple[bytes, ...]]:
    """Number of the first line that is neither blank nor preamble (0: none), and the delimiters it may have.

    Preamble: Excel's `sep=;`, PowerShell's `#TYPE ...`, and the comments of Exchange, whose `#Fields:` is a header.
    """
    delimiters: tuple[bytes, ...] = _DELIMITERS
    for number, line in enumerate(lines, 1):
        if named := _NAMED_DELIMITER.match(line):
            delimiters = (named[1],)
        elif line.strip() and (not line.startswith(b"#") or line.startswith(b"#Fields:")):
            return number, delimiters
    return 0, delimiters


def _is_header(row: bytes) -> bool:
    """Whether the fields read like names of columns: words, and no address, stamp or number among them."""
    fields = row.split(FIELD, _COLUMNS_JUDGED)[:_COLUMNS_JUDGED]
    names = [name for field in fields if (name := field.decode("utf-8", "replace").strip())]
    if len(fields) < 2 or len(names) < 0.6 * len(fields):
        return False
    if any(len(name) > _LONGEST_NAME or _DATA.search(name) for name in names):
        return False
    return sum(any(c.isalpha() for c in name) for name in names) >= 0.6 * len(names)


def _share_that_fits(lines: list[bytes], dialect: Dialect, is_whole: bool) -> float:
    """The share of the first rows with as many fields as the header, empty ones at the end left out; 1 if there are no
    rows. A row that goes on behind the start of a file is not judged."""
    out = BytesIO()
    rows = CsvRows(Spool(out), dialect)
    rows.feed(b"".join(line + b"\n" for line in lines[:_ROWS_TRIED]))
    if is_whole and len(lines) <= _ROWS_TRIED:
        rows.end(finished=True)
    framed = [row for row in out.getvalue().split(b"\n") if row and not row.startswith(b"#")]
    fits = (
        row.count(FIELD) + 1 == dialect.columns or len(row.rstrip(FIELD).split(FIELD)) == dialect.columns
        for row in framed
    )
    return sum(fits) / len(framed) if framed else 1.0
