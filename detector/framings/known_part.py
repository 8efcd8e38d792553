"""The part of a file that an earlier run has read, under whatever name: found by its hash, told from the rest."""

import hashlib
from collections.abc import Iterable, Iterator

from detector.framings.opening import LogFile
from detector.framings.spooling import Framer, Spool


def known_prefixes(log: LogFile, known: Iterable[tuple[int, str]]) -> tuple[list[tuple[int, str]], bool]:
    """Length and SHA-256 of the known versions the file begins with, shortest first; is the longest the whole file?

    A pass of its own that only hashes: most files of most nights end here.
    """
    versions = {version for version in known if version[0] > 0 and (log.is_compressed or version[0] <= log.size)}
    lengths = sorted({length for length, _ in versions}, reverse=True)
    digest, at, found = hashlib.sha256(), 0, list[tuple[int, str]]()
    for block in log.blocks() if lengths else ():
        while lengths and lengths[-1] <= at + len(block):
            upto, length = digest.copy(), lengths.pop()
            upto.update(block[: length - at])
            version = length, upto.hexdigest()
            if version in versions:
                found.append(version)
        digest.update(block)
        at += len(block)
        if not lengths and (not found or at > found[-1][0]):
            break
    return found, bool(found) and found[-1][0] == at


def cut_at(length: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, one of them cut so that a block ends at this length."""
    for block in blocks:
        yield from (block[:length], block[length:]) if 0 < length < len(block) else (block,)
        length -= len(block)


class KnownAndNew:
    """Feeds a framer with the known part of a file, which ends a record as the end of a file would, and the new one."""

    def __init__(self, framing: str, spool: Spool, framer: Framer, *, has_known: bool) -> None:
        self._framing, self._spool, self._framer = framing, spool, framer
        self._is_known = has_known
        self._is_last_line = False
        self._ends_line = True
        self.known_records = self.known_blank = self.known_rejected = self.skipped = 0

    def feed(self, text: bytes) -> None:
        """Take text of the part at hand. Known lines are only counted."""
        if self._is_last_line:
            line_end = text.find(b"\n") + 1 or len(text)
            self._feed_known(text[:line_end])
            text = text[line_end:]
            if self._ends_line:
                self._leave_known()
        if self._is_known:
            self._feed_known(text)
        elif text:
            self._framer.feed(text)

    def end_known(self) -> None:
        """The known version ends here. If it ended without a newline, the rest of that line is its last record too."""
        if self._framing == "json" or self._ends_line:
            self._leave_known()
        else:
            self._is_last_line = True

    def end(self, finished: bool) -> int:
        """The file ends here; the length of the text that waits for the rest of its record."""
        if self._is_known:
            self._leave_known()
        return self._framer.end(finished)

    def _feed_known(self, text: bytes) -> None:
        if text:
            self._ends_line = text.endswith(b"\n")
        if self._framing == "lines":
            self.skipped += text.count(b"\n")
        else:
            self._framer.feed(text)

    def _leave_known(self) -> None:
        self._is_known = self._is_last_line = False
        if self._framing == "lines":
            self.skipped += not self._ends_line
            self.known_records = self.skipped
            return
        self._framer.end(finished=True)
        spool = self._spool
        self.known_records, self.known_blank, self.known_rejected = spool.records, spool.blank, spool.rejected
