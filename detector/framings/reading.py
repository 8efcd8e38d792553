"""One file into one spool: each byte read once, each record written once, the part that is known left out."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detector.errors import InputError, StoreError
from detector.framings.known_part import KnownAndNew, cut_at, known_prefixes
from detector.framings.opening import LogFile
from detector.framings.sniffing import (
    PARQUET_MAGIC,
    choose,
    first_records,
    framer_for,
    read_start,
    refuse_packed_or_binary,
    shape_of,
)
from detector.framings.spooling import FIELD, Spool

Known = Iterable[tuple[int, str]] | Mapping[int, str]
"""Versions of files by length and SHA-256. As pairs, for two versions may be of one length."""

_SMALLEST_PARQUET = 12
_HALF_CHARACTER = "\ufffd".encode()


@dataclass(frozen=True)
class Head:
    """What formats look at to decide whether they claim a file."""

    framing: str
    """"lines" (wrapped ones too), "json", "csv", "mbox" or "parquet"."""
    records: tuple[str, ...]
    """The first records as they stand in the spool, up to 200; of CSV from the header on; of Parquet none."""
    header: int = 0
    """CSV: record number of the header row. Records before it are a preamble. 0 for all other framings."""

    @property
    def columns(self) -> list[str]:
        """CSV: the names of the columns as they stand in the header row."""
        return self.records[0].split(FIELD.decode()) if self.records else []

    def objects(self) -> Iterator[dict[str, Any]]:
        """The JSON objects among the records."""
        for record in self.records:
            with suppress(ValueError, RecursionError):
                if isinstance(item := json.loads(record), dict):
                    yield item

    def matching(self, pattern: str) -> int:
        """How many of the records begin as this regular expression has it."""
        return sum(1 for record in self.records if re.match(pattern, record))


@dataclass(frozen=True)
class Framed:
    """What one file became. The number of a record is its line number in the spool plus `skipped`."""

    framing: str
    byte_count: int
    """Decompressed original bytes, the held tail included."""
    sha256: str
    """Of these bytes."""
    complete_bytes: int
    """Bytes up to the held tail: with `complete_sha256` the key under which a later run knows this version again."""
    complete_sha256: str
    encoding: str
    """"utf-8", "utf-16-le" or "utf-16-be"."""
    compressed: bool
    records: int = 0
    """Lines in the spool: the records of the whole file, except that known records of `lines` are left out."""
    blank: int = 0
    """Of these, blank ones."""
    rejected: int = 0
    """Of these, ones that framing rejected."""
    held: int = 0
    """1 if a plain file ends in the middle of a record; it is not in the spool. Else 0."""
    known_bytes: int = 0
    """Length of the longest known version that this file begins with; 0 if there is none."""
    known_records: int = 0
    """Records of that version: all records up to this number are known. 0 if `is_known`: the ledger has the number."""
    known_blank: int = 0
    """Blank records of the known part that stand in the spool all the same (all but lines)."""
    known_rejected: int = 0
    """Rejected records of the known part that stand in the spool all the same (all but lines)."""
    is_windows_1252: bool = False
    """Bytes that are not UTF-8 were read as letters of Windows-1252."""
    skipped: int = 0
    """Known records that were not written (lines): add it to a line number of the spool."""

    @property
    def held_bytes(self) -> int:
        """Bytes of the unfinished record at the end."""
        return self.byte_count - self.complete_bytes

    @property
    def new_records(self) -> int:
        """Records that no known version has: blank and rejected ones included, the held tail not."""
        return self.records + self.skipped - self.known_records

    @property
    def is_known(self) -> bool:
        """The whole file is a known version: nothing was framed, and the spool was not written."""
        return 0 < self.known_bytes == self.byte_count


def sniff(path: Path) -> Head:
    """Which framing the file needs, by its content. InputError if it is no readable, whole, regular file of records."""
    with LogFile(path) as log:
        if not log.is_compressed and log.start().startswith(PARQUET_MAGIC):
            if log.size < _SMALLEST_PARQUET or log.end(len(PARQUET_MAGIC)) != PARQUET_MAGIC:
                raise InputError(f"{log.name} is cut off: Parquet must end with its footer. Fetch a whole copy.")
            return Head("parquet", ())
        start = read_start(log)
        refuse_packed_or_binary(log, start.text)
        shape = choose(log, start)
        header = start.lines_before + shape.dialect.header if shape.dialect else 0
        return Head(shape.framing, first_records(log, shape, start), header)


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes as they lie on the disk."""
    digest = hashlib.sha256()
    with LogFile(path) as log:
        for block in log.disk_blocks():
            digest.update(block)
    return digest.hexdigest()


def frame(path: Path, framing: str, spool: Path, *, known: Known = ()) -> Framed:
    """Write the records of the file into the spool.

    `known`: (length, SHA-256) of versions read earlier. If the file begins with one of them, its records up to number
    `known_records` are known. After an error there is no spool: nothing of a damaged file may be used.
    """
    versions = known.items() if isinstance(known, Mapping) else known
    with LogFile(path) as log:
        prefixes, is_whole = known_prefixes(log, versions)
        length, sha256 = prefixes[-1] if prefixes else (0, "")
        if is_whole:
            return Framed(framing, length, sha256, length, sha256, log.encoding, log.is_compressed, known_bytes=length)
        try:
            with spool.open("wb") as out:
                return _frame(log, framing, Spool(out), (length, sha256))
        except OSError as error:
            spool.unlink(missing_ok=True)
            raise StoreError(f"{spool} cannot be written ({error.strerror}). Make room and run again.") from error
        except BaseException:
            spool.unlink(missing_ok=True)
            raise


def begins_with(path: Path, versions: Iterable[tuple[int, str]]) -> tuple[list[tuple[int, str]], bool]:
    """Those (length, SHA-256) of decompressed bytes that the file begins with, shortest first; is it the longest?"""
    with LogFile(path) as log:
        return known_prefixes(log, versions)


def _frame(log: LogFile, framing: str, spool: Spool, known: tuple[int, str]) -> Framed:
    is_finished = log.is_compressed
    parts = KnownAndNew(framing, spool, framer_for(shape_of(framing, log), spool), has_known=known[0] > 0)
    digest, decoder, byte_count, text_length, known_sha256 = hashlib.sha256(), log.decoder(), 0, 0, ""
    for block in cut_at(known[0], log.blocks()):
        digest.update(block)
        byte_count += len(block)
        text = decoder.decode(block)
        text_length += len(text)
        parts.feed(text)
        if byte_count == known[0]:
            known_sha256 = digest.hexdigest()
            parts.end_known()
    if known_sha256 != known[1]:
        raise log.changed()
    half = decoder.pending
    if half and (is_finished or framing == "csv"):  # half a letter says nothing about whether a row is whole
        parts.feed(_HALF_CHARACTER)
        text_length, half = text_length + len(_HALF_CHARACTER), 0
    unfinished = parts.end(is_finished)
    version = complete = byte_count, digest.hexdigest()
    is_held = not is_finished and (unfinished > 0 or half > 0)
    if is_held:
        complete = _complete(log, text_length - unfinished, *version)
    return replace(
        Framed(framing, *version, *complete, log.encoding, log.is_compressed),
        records=spool.records,
        blank=spool.blank,
        rejected=spool.rejected,
        is_windows_1252=spool.is_windows_1252,
        held=int(is_held),
        known_bytes=known[0],
        known_records=parts.known_records,
        known_blank=parts.known_blank,
        known_rejected=parts.known_rejected,
        skipped=parts.skipped,
    )


def _complete(log: LogFile, text_length: int, byte_count: int, sha256: str) -> tuple[int, str]:
    """Length and SHA-256 of the file without its held tail, from bytes that are still the ones that were framed."""
    complete_bytes = log.original_length(text_length)
    complete_sha256, whole_sha256 = log.hashes(complete_bytes, byte_count)
    if whole_sha256 != sha256:
        raise log.changed()
    return complete_bytes, complete_sha256
