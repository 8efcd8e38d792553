"""Text logs: a record is a line, and a line ends at the newline byte and nowhere else.

Python's own idea of a line is not used: text mode and `splitlines` also break at CR, at U+2028 and at six others, and
whoever can write one of them into a mail header would write log lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from detector.framings.spooling import LONGEST_LINE, SHOWN_CHARACTERS, Spool, clean

_KEPT = 4 * SHOWN_CHARACTERS


@dataclass(frozen=True)
class Overlong:
    """A line over `LONGEST_LINE`, which is not kept in memory: its start, and how long it was."""

    start: bytes
    length: int

    @property
    def reason(self) -> str:
        """Why it is rejected."""
        return f"line of {self.length:,} bytes, longer than {LONGEST_LINE:,}"


class LineCutter:
    """Cuts text into whole lines, in runs as large as they come; memory stays flat however long a line is."""

    def __init__(self) -> None:
        self._tail = b""
        self._dropped = 0
        self._is_overlong = False

    def cut(self, text: bytes) -> Iterator[bytes | Overlong]:
        """The lines that end in this text: runs of whole lines, and each overlong line on its own."""
        for at in range(0, len(text), LONGEST_LINE):
            yield from self._cut(text[at : at + LONGEST_LINE])

    @property
    def unfinished(self) -> int:
        """Bytes of the line that has not ended yet."""
        return self._dropped + len(self._tail)

    @property
    def tail(self) -> bytes:
        """That line as far as it is kept."""
        return self._tail

    def rest(self) -> bytes | Overlong | None:
        """The line that has not ended, as if it had; None if there is none. Then nothing is left."""
        line: bytes | Overlong | None = self._tail + b"\n" if self.unfinished else None
        if self._is_overlong:
            line = Overlong(self._tail, self.unfinished)
        self._tail, self._dropped, self._is_overlong = b"", 0, False
        return line

    def _cut(self, block: bytes) -> Iterator[bytes | Overlong]:
        """A block is at most as long as a line may be, so only the line that began before it can be too long."""
        first = block.find(b"\n")
        if first < 0:
            self._keep(block)
            return
        if self.unfinished + first > LONGEST_LINE:
            self._keep(block[:first])
            line = self.rest()
            yield line if line is not None else b"\n"
            block = block[first + 1 :]
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((self._tail, memoryview(block)[:end]))
            self._tail = b""
        self._keep(block[end:])

    def _keep(self, piece: bytes) -> None:
        """Of what grows too long only the start is kept, and of NUL padding at the start of a line nothing."""
        self._tail += piece
        if len(self._tail) > LONGEST_LINE and not self._is_overlong:
            self._drop_to(self._tail.lstrip(b"\0"))
            self._is_overlong = len(self._tail) > LONGEST_LINE
        if self._is_overlong:
            self._drop_to(self._tail[:_KEPT])

    def _drop_to(self, kept: bytes) -> None:
        self._dropped += len(self._tail) - len(kept)
        self._tail = kept


class Lines:
    """The framer of text logs."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._cutter = LineCutter()

    def feed(self, text: bytes) -> None:
        """Write the lines that end in this text."""
        for lines in self._cutter.cut(text):
            self._write(lines)

    def end(self, finished: bool) -> int:
        """A last line without newline may still be growing: it is a record only if the file is finished."""
        if not finished:
            return self._cutter.unfinished
        if (line := self._cutter.rest()) is not None:
            self._write(line)
        return 0

    def _write(self, lines: bytes | Overlong) -> None:
        if isinstance(lines, Overlong):
            self._spool.reject(lines.reason, lines.start)
        else:
            self._spool.write(clean(lines))
