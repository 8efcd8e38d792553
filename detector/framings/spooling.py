"""The spool: UTF-8 text with exactly one record per line, which the database reads as one column of text.

A spool line holds no CR, NUL, 0x01 or 0x02, and no newline: one stray CR would split a line of the database's reader
and let text inside a header become a log line of its own. 0x01 is therefore free as the reader's delimiter. A record
that framing itself rejects keeps its place as `0x02 reason 0x02 text`; a blank record keeps its place as an empty line.

Bytes that are not UTF-8 are letters of Windows-1252 in a table or an object, for that is how spreadsheets and old
systems export; in a log line or a mail, which anybody may have written, they are shown as `\\xNN`.
"""

import codecs
import re
from functools import partial
from typing import BinaryIO, Protocol

LONGEST_RECORD = 16 << 20
"""No spool line is longer than this many bytes. read_csv(max_line_size=...) must allow it."""
LONGEST_LINE = LONGEST_RECORD // 4
"""Bytes of a line, of a row, or of the headers of a mail as they stand in the file: a subject of 2 MB has room, and a
line wholly of foreign bytes, of which each is shown as four, is still no longer than a record may be."""
TOO_LONG = f"longer than {LONGEST_RECORD:,} bytes"
REJECT_MARK = "\x02"
"""Opens a rejected record and parts its reason from its text."""
SHOWN_CHARACTERS = 4000
"""How much text of a rejected record is kept as evidence."""

FIELD = b"\x1f"
"""Stands between the fields of a CSV record."""
NEWLINE_IN_FIELD = b"\x1e"
"""Stands for a newline inside a quoted CSV field."""

_SPACES = bytes.maketrans(b"\r\0\1\2", b"    ")
_NUL_PADDING = re.compile(rb"^\0+", re.MULTILINE)
_BLANK_START = re.compile(rb"\n[\s\x1f]")
_BLANK_LINE = re.compile(rb"^[ \t\v\f\x1f]*+\n", re.MULTILINE)
_WINDOWS_1252, _WINDOWS_1252_IN_JSON = "detector.windows_1252", "detector.windows_1252_in_json"


class Framer(Protocol):
    """Turns text, cut anywhere, into records."""

    def feed(self, text: bytes) -> None:
        """Take the next piece and write the records it completes."""

    def end(self, finished: bool) -> int:
        """No more text. `finished`: what is left is a record or a reject; else its length in bytes is returned."""


class Spool:
    """Writes records and counts them."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.records = 0
        self.blank = 0
        self.rejected = 0
        self.is_windows_1252 = False
        """Bytes that are not UTF-8 were read as letters of Windows-1252."""

    def write(self, lines: bytes) -> None:
        """Whole clean lines of a log."""
        self._write(visible(lines))

    def write_rows(self, lines: bytes) -> None:
        """Whole clean rows of a table, one per line."""
        self._write(self._as_letters(lines, _WINDOWS_1252))

    def _write(self, lines: bytes) -> None:
        lines = self._fitting(lines)
        if lines[:1].isspace() or lines.startswith(FIELD) or _BLANK_START.search(lines):
            lines, blank = _BLANK_LINE.subn(b"\n", lines)
            self.blank += blank
        self._put(lines)

    def write_json(self, lines: bytes) -> None:
        """Whole clean lines of one JSON object each; no byte of them is blank."""
        self._put(self._fitting(self._as_letters(lines, _WINDOWS_1252_IN_JSON)))

    def reject(self, reason: str, text: bytes) -> None:
        """Keep the place of a record that could not be framed, with its reason and the start of its text."""
        self._put(self._rejection(reason, text))

    def _as_letters(self, lines: bytes, errors: str) -> bytes:
        text = visible(lines, errors)
        self.is_windows_1252 |= text is not lines
        return text

    def _put(self, lines: bytes) -> None:
        self.records += lines.count(b"\n")
        self._out.write(lines)

    def _rejection(self, reason: str, text: bytes) -> bytes:
        start = clean(text[: 4 * SHOWN_CHARACTERS]).replace(b"\n", b" ")
        shown = start.decode("utf-8", "backslashreplace")[:SHOWN_CHARACTERS].strip()
        self.rejected += 1
        return f"{REJECT_MARK}{reason}{REJECT_MARK}{shown}\n".encode()

    def _fitting(self, lines: bytes) -> bytes:
        """A line that is too long, maybe only since its foreign bytes are shown, is a reject."""
        if len(lines) <= LONGEST_RECORD:
            return lines
        each = (line + b"\n" for line in lines[:-1].split(b"\n"))
        return b"".join(self._rejection(TOO_LONG, line) if len(line) > LONGEST_RECORD else line for line in each)


def clean(text: bytes) -> bytes:
    """CRLF becomes LF; NUL, 0x01, 0x02 and a lone CR become a space.

    NULs at the start of a line go: they are what a truncated log or a power cut leaves before the next whole line.
    """
    if b"\0" in text:
        text = _NUL_PADDING.sub(b"", text)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b"\r" in text or b"\0" in text or b"\1" in text or b"\2" in text:
        text = text.translate(_SPACES)
    return text


def visible(text: bytes, errors: str = "backslashreplace") -> bytes:
    r"""The text itself if it is UTF-8; else with each foreign byte shown as `\xNN`."""
    if text.isascii():
        return text
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", errors).encode("utf-8")
    return text


def _windows_1252(error: UnicodeError, escape: str = "\\x") -> tuple[str, int]:
    """The letters that the bytes are in Windows-1252; five bytes are none there and are shown."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    found = (bytes([byte]) for byte in error.object[error.start : error.end])
    letters = (byte.decode("cp1252", "ignore") or f"{escape}{byte.hex()}" for byte in found)
    return "".join(letters), error.end


codecs.register_error(_WINDOWS_1252, _windows_1252)
codecs.register_error(_WINDOWS_1252_IN_JSON, partial(_windows_1252, escape=r"\\x"))
"""In a string of JSON one backslash and an `x` would not be valid."""
