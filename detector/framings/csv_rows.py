"""CSV: a record is a logical row; in the spool its fields are joined by 0x1F, without quotes.

A stock reader that meets one unbalanced quote joins rows until the next one: half a file was lost without a message.
Here a quote that does not close soon, or that closes in a way no writer writes, costs its own line and nothing else.
A last row without newline is a row if it has all its fields, for an export ends when it ends; else it is still growing.
"""

import re
from dataclasses import dataclass

from detector.framings.lines import LineCutter, Overlong
from detector.framings.spooling import FIELD, LONGEST_LINE, NEWLINE_IN_FIELD, Spool, clean

MOST_LINES_OF_A_ROW = 50
_UNCLOSED = "a quote is not closed, or stands where none can"
_MARKS_TO_SPACE = bytes.maketrans(FIELD + NEWLINE_IN_FIELD, b"  ")


@dataclass(frozen=True)
class Dialect:
    """What the header of a CSV file tells about the rest."""

    delimiter: bytes
    columns: int
    header: int
    """Record number of the header; what stands before it is a preamble."""


class Quoting:
    """RFC 4180 for one delimiter. Patterns look at a line put behind a delimiter, so that every field follows one."""

    def __init__(self, delimiter: bytes) -> None:
        self.delimiter = delimiter
        mark = re.escape(delimiter)
        inside = rb'[^"]*+(?:""[^"]*+)*+'
        fields = rb"(?:" + mark + rb'(?:"' + inside + rb'"|[^"' + mark + rb"]*+))*+"
        opening = rb"(?<=" + mark + rb')"' + inside + rb"\Z"
        self._misplaced = re.compile(rb'"(?:[^"\n' + mark + rb']|(?<=[^"\n' + mark + rb']"))')
        self._opens = re.compile(fields + opening)
        self._closes = re.compile(inside + rb'"' + fields + rb"\Z")
        self._stays_open = re.compile(inside + rb'(?:\Z|"' + fields + opening + rb")")
        loose = rb'"([^"]*+(?:"(?!' + mark + rb'|\Z)[^"]*+)*+)"|((?!")[^' + mark + rb"]*+)"
        self._loose_field = re.compile(mark + rb"(?:" + loose + rb")(?=" + mark + rb"|\Z)")

    def strict(self, text: bytes) -> bytes | None:
        """The fields of one row or many; None unless every quote is where RFC 4180 puts one.

        Between two quotes the text is in turn outside and inside of fields; outside begins and ends at a delimiter or a
        newline, or is nothing at all between the two quotes that stand for one.
        """
        parts = text.split(b'"')
        outside = b'"'.join(parts[::2])
        if len(parts) % 2 == 0 or self._misplaced.search(outside):
            return None
        first, *others = outside.replace(self.delimiter, FIELD).split(b'"')
        inside = b'"'.join(parts[1::2])
        if b"\n" in inside:
            parts[1::2] = inside.replace(b"\n", NEWLINE_IN_FIELD).split(b'"')
        parts[::2] = [first, *(part or b'"' for part in others)]
        parts[-1] = others[-1] if others else first
        return b"".join(parts)

    def loose(self, line: bytes) -> bytes | None:
        """The fields of a line with quotes that nobody doubled: a quote closes a field only before a delimiter."""
        text, fields, at = self.delimiter + line, list[bytes](), 0
        for match in self._loose_field.finditer(text):
            if match.start() != at:
                return None
            at = match.end()
            fields.append((match[1] or b"").replace(b'""', b'"') or match[2] or b"")
        return FIELD.join(fields) if at == len(text) else None

    def lines_of_row(self, lines: list[bytes], at: int) -> int:
        """How many lines the row takes that begins here; 1 also if its quotes are broken, 0 if more lines must tell."""
        if not self._opens.match(self.delimiter + lines[at]):
            return 1
        size = 0
        for count in range(2, MOST_LINES_OF_A_ROW + 1):
            if at + count > len(lines):
                return 0
            line = lines[at + count - 1]
            size += len(line)
            if size > LONGEST_LINE:
                return 1
            if self._closes.match(line):
                return count
            if not self._stays_open.match(line):
                return 1
        return 1


class CsvRows:
    """The framer of CSV files."""

    def __init__(self, spool: Spool, dialect: Dialect) -> None:
        self._spool = spool
        self._columns = dialect.columns
        self._delimiter = dialect.delimiter
        self._quoting = Quoting(dialect.delimiter)
        self._cutter = LineCutter()
        self._open = b""

    def feed(self, text: bytes) -> None:
        """Write the rows that end in this text."""
        for lines in self._cutter.cut(text):
            self._take(lines)

    def end(self, finished: bool) -> int:
        """A last line without newline that is no whole row is held, unless the file is finished or a row is open."""
        if not finished and not self._open and self._is_half(self._cutter.tail):
            return self._cutter.unfinished
        if (line := self._cutter.rest()) is not None:
            self._take(line)
        self._frame(b"", is_last=True)
        return 0

    def _is_half(self, line: bytes) -> bool:
        row = self._quoting.strict(line)
        return row is None or row.count(FIELD) + 1 < self._columns

    def _take(self, lines: bytes | Overlong) -> None:
        if isinstance(lines, Overlong):
            self._frame(b"", is_last=True)
            self._spool.reject(lines.reason, lines.start)
            return
        lines = clean(lines)
        if FIELD in lines or NEWLINE_IN_FIELD in lines:
            lines = lines.translate(_MARKS_TO_SPACE)
        self._frame(lines, is_last=False)

    def _frame(self, lines: bytes, is_last: bool) -> None:
        text, self._open = self._open + lines, b""
        if not text:
            return
        rows = self._quoting.strict(text) if b'"' in text else text.replace(self._delimiter, FIELD)
        if rows is not None and NEWLINE_IN_FIELD not in rows:
            self._spool.write_rows(rows)
        else:
            self._frame_quoted(text[:-1].split(b"\n"), is_last)

    def _frame_quoted(self, lines: list[bytes], is_last: bool) -> None:
        """Row by row; a row that is still open at the end waits for more lines, unless these are the last."""
        rows, at = list[bytes](), 0
        while at < len(lines):
            line = lines[at]
            row, count = (self._quoting.strict(line) if b'"' in line else line.replace(self._delimiter, FIELD)), 1
            if row is None:
                count = self._quoting.lines_of_row(lines, at)
                if not count and not is_last:
                    self._open = b"\n".join(lines[at:]) + b"\n"
                    break
                row = self._odd_row(lines[at : at + count] if count > 1 else [line])
            if row is None:
                self._write(rows)
                rows = []
                self._spool.reject(_UNCLOSED, line)
            else:
                rows.append(row)
            at += count if row is not None and count else 1
        self._write(rows)

    def _odd_row(self, lines: list[bytes]) -> bytes | None:
        """A row over several lines, or with stray quotes; taken only if it has as many fields as the header."""
        row = self._quoting.strict(b"\n".join(lines)) if len(lines) > 1 else self._quoting.loose(lines[0])
        return row if row is not None and row.count(FIELD) + 1 == self._columns else None

    def _write(self, rows: list[bytes]) -> None:
        if rows:
            self._spool.write_rows(b"\n".join(rows) + b"\n")
