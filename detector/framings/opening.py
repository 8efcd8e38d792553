"""Opens one log file safely and yields its bytes.

Only regular files are read, and names decide nothing: gzip is recognised by its first bytes, unpacked here and checked
to its end (a database's reader accepts a wrong checksum), UTF-16 becomes UTF-8. What leaves this module is called text:
UTF-8, except that bytes which are no UTF-8 pass unchanged, so that every position can be traced back to the original.
"""

import codecs
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from detector.errors import InputError

BLOCK = 128 * 1024
"""Bytes handed on at a time, at most: few enough to stay in the processor's cache while they are looked at."""
LARGEST_FILE = 64 << 30
"""Decompressed bytes one file may have. A cap and not a ratio: the log of a real burst packs 294 to 1."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31
_PACKED_BLOCK = 64 * 1024
_ENCODING_SAMPLE = 4096
_FEWEST_CHARACTERS = 4
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def shown(path: Path) -> str:
    """The path for people: control characters, undecodable bytes and direction marks are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(path))


class LogFile:
    """One open file. Each pass starts at its first byte and reads the same descriptor, whatever becomes of the name."""

    def __init__(self, path: Path) -> None:
        self.name = shown(path)
        self._descriptor = _open_regular(path, self.name)
        try:
            self.size = os.fstat(self._descriptor).st_size
            magic = self._read(0, len(_GZIP_MAGIC))
            self.is_compressed = bool(magic) and _GZIP_MAGIC.startswith(magic)
            self.encoding, self._bom = _encoding(self.start())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back; once."""
        os.close(self._descriptor)

    def start(self) -> bytes:
        """The first few thousand original bytes, decompressed; a first block may be as short as a member of a gzip."""
        start = b""
        for block in self.blocks():
            start += block
            if len(start) >= _ENCODING_SAMPLE:
                break
        return start[:_ENCODING_SAMPLE]

    def end(self, length: int) -> bytes:
        """The last bytes as they lie on the disk."""
        return self._read(max(0, self.size - length), length)

    def blocks(self) -> Iterator[bytes]:
        """The original bytes, decompressed, from the first; InputError as soon as they cannot be trusted."""
        count = 0
        for block in self._inflated() if self.is_compressed else self.disk_blocks():
            count += len(block)
            if count > LARGEST_FILE:
                limit = f"more than {LARGEST_FILE >> 30} GiB"
                raise InputError(f"{self.name} is too large: it unpacks to {limit}. Split it into smaller files.")
            yield block

    def disk_blocks(self) -> Iterator[bytes]:
        """The bytes as they lie on the disk, from the first."""
        at = 0
        while block := self._read(at, BLOCK):
            yield block
            at += len(block)
        if at < self.size:
            raise self.changed()

    def decoder(self) -> "Decoder":
        """What turns the blocks of one pass into text."""
        return Decoder(self.encoding, self._bom)

    def original_length(self, text_length: int) -> int:
        """How many original bytes hold the first `text_length` bytes of text."""
        if self.encoding == "utf-8" or not text_length:
            return text_length and text_length + self._bom
        decoder, length = self.decoder(), self._bom
        for block in self.blocks():
            text = decoder.decode(block)[:text_length]
            length += len(text.decode("utf-8", "surrogatepass").encode(self.encoding, "surrogatepass"))
            text_length -= len(text)
            if not text_length:
                break
        return length

    def hashes(self, *lengths: int) -> tuple[str, ...]:
        """SHA-256 of the first bytes, for each of the ascending lengths; InputError if the file has become shorter."""
        digest, at, found = hashlib.sha256(), 0, list[str]()
        for block in self.blocks():
            while len(found) < len(lengths) and at + len(block) >= lengths[len(found)]:
                upto = digest.copy()
                upto.update(block[: lengths[len(found)] - at])
                found.append(upto.hexdigest())
            if len(found) == len(lengths):
                return tuple(found)
            digest.update(block)
            at += len(block)
        raise self.changed()

    def changed(self) -> InputError:
        """The error for a file that is not the same in two passes."""
        return InputError(f"{self.name} changed while it was read, so nothing was taken from it. Run again to read it.")

    def _inflated(self) -> Iterator[bytes]:
        """The members of a gzip file one after the other; zlib compares length and checksum of each."""
        at, data, inflate = 0, b"", zlib.decompressobj(_GZIP_WBITS)
        while packed := self._read(at, _PACKED_BLOCK):
            at += len(packed)
            data = packed.lstrip(b"\0") if inflate.eof else packed
            while data:
                if inflate.eof:
                    inflate = zlib.decompressobj(_GZIP_WBITS)
                if block := self._unpack(inflate, data):
                    yield block
                data = inflate.unused_data.lstrip(b"\0") if inflate.eof else inflate.unconsumed_tail
        while not inflate.eof and (block := self._unpack(inflate, b"")):
            yield block
        if not inflate.eof:
            raise InputError(f"{self.name} is cut off: its compressed data stops before the end. Fetch a whole copy.")

    def _unpack(self, inflate: "zlib._Decompress", data: bytes) -> bytes:
        try:
            return inflate.decompress(data, BLOCK)
        except zlib.error as error:
            raise InputError(f"{self.name} is damaged: it cannot be unpacked ({error}). Fetch a whole copy.") from error

    def _read(self, at: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, at)
        except OSError as error:
            raise InputError(_unreadable(self.name, error)) from error


class Decoder:
    """Original blocks in, text out. UTF-16 may be cut anywhere; half a character waits for its other half."""

    def __init__(self, encoding: str, bom: int) -> None:
        self._bom = bom
        self._utf16 = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("surrogatepass")

    def decode(self, block: bytes) -> bytes:
        """The text of one block; the byte order mark at the start of the file is dropped."""
        if self._bom:
            drop = min(self._bom, len(block))
            self._bom -= drop
            block = block[drop:]
        return self._utf16.decode(block).encode("utf-8", "surrogatepass") if self._utf16 else block

    @property
    def pending(self) -> int:
        """Original bytes that wait for the rest of their character."""
        return len(self._utf16.getstate()[0]) if self._utf16 else 0


def _open_regular(path: Path, name: str) -> int:
    """A descriptor of a regular file. O_NONBLOCK because opening a pipe nobody writes to would wait for ever."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError as error:
        raise InputError(f"{name} does not exist. Check the path.") from error
    except (OSError, ValueError) as error:
        raise InputError(_unreadable(name, error)) from error
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return descriptor
    os.close(descriptor)
    what = "a folder" if stat.S_ISDIR(kind) else "a pipe" if stat.S_ISFIFO(kind) else "a device"
    raise InputError(f"{name} is {what}, not a file. Give the log files themselves.")


def _unreadable(name: str, error: OSError | ValueError) -> str:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return f"{name} cannot be read ({why}). Check the path and its permissions."


def _encoding(start: bytes) -> tuple[str, int]:
    """Encoding and length of the byte order mark. Without a mark, UTF-16 shows by a NUL in every second byte."""
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding, len(mark)
    even, odd = start[0::2], start[1::2]
    enough, few = 0.5 * len(odd), 0.05 * len(even)
    if len(odd) >= _FEWEST_CHARACTERS and odd.count(0) > enough and even.count(0) <= few:
        return "utf-16-le", 0
    if len(odd) >= _FEWEST_CHARACTERS and even.count(0) > enough and odd.count(0) <= few:
        return "utf-16-be", 0
    return "utf-8", 0
