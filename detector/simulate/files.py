"""Lines into log files: in order, split where the log was rotated, compressed reproducibly."""

import gzip
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

from detector.simulate.messages import DAY, at_ms, iso
from detector.simulate.traffic import DayOfMail

Line = tuple[int, str]
"""(microseconds since 1970, text): lines sort by time."""
Render = Callable[[DayOfMail], Iterable[Line]]
"""One day's lines, in any order; the lines may reach into later days, and into the second before this one."""

SECOND_US = 1_000_000


class LogFiles:
    """A log kept in several files: each ends where the next begins, `names` says when and oldest first."""

    def __init__(self, folder: Path, names: list[tuple[int, str]], *, header: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._header = folder, header
        self._closing = ExitStack()
        (_, first), *self._to_come = names
        self._file = self._open(first)

    def write(self, lines: list[Line]) -> None:
        """Append lines, which are in order and not older than what was written before."""
        while self._to_come and lines and self._to_come[0][0] <= lines[-1][0]:
            starts_at_us, name = self._to_come.pop(0)
            before = bisect_left(lines, (starts_at_us,))
            self._append(lines[:before])
            lines = lines[before:]
            self._file = self._open(name)
        self._append(lines)

    def close(self) -> None:
        """Finish the last file; files that got no line exist all the same."""
        for _, name in self._to_come:
            self._open(name)
        self._closing.close()

    def _append(self, lines: list[Line]) -> None:
        self._file.write("".join(f"{text}\n" for _, text in lines).encode())

    def _open(self, name: str) -> IO[bytes]:
        self._closing.close()
        file: IO[bytes] = self._closing.enter_context((self._folder / name).open("wb"))
        if name.endswith(".gz"):
            # No name and no time in the header: the bytes depend on the content alone.
            packed = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0)
            file = cast(IO[bytes], self._closing.enter_context(packed))
        if self._header:
            file.write(f"{self._header}\n".encode())
        return file


def write_log(days: Iterable[DayOfMail], render: Render, files: LogFiles, *, ends_at_ms: int) -> None:
    """Write all lines before `ends_at_ms`; what would follow had not happened when the log was taken."""
    pending: list[Line] = []
    for day in days:
        pending.extend(render(day))
        pending.sort()
        ready = bisect_left(pending, (min(day.ends_at_ms * 1_000 - SECOND_US, ends_at_ms * 1_000),))
        files.write(pending[:ready])
        pending = pending[ready:]
    files.write(pending[: bisect_left(pending, (ends_at_ms * 1_000,))])
    files.close()


def rotated_names(starts_at_ms: int, rotated_at: tuple[str, ...], ends_at_ms: int) -> list[tuple[int, str]]:
    """`mail.log.2.gz`, `mail.log.1`, `mail.log`, as logrotate leaves them with delaycompress."""
    starts = [starts_at_ms, *(at for at in map(at_ms, rotated_at) if at < ends_at_ms)]
    suffixes = ["", ".1", *(f".{age}.gz" for age in range(2, len(starts)))][: len(starts)]
    return [(at * 1_000, f"mail.log{suffix}") for at, suffix in zip(starts, reversed(suffixes), strict=True)]


def weekly_names(extension: str, starts_at_ms: int, ends_at_ms: int) -> list[tuple[int, str]]:
    """`2026-10-01.csv.gz` ... `2026-10-29.csv`: one file a week, packed when it is complete."""
    starts = list(range(starts_at_ms, ends_at_ms, 7 * DAY))
    return [(at * 1_000, f"{iso(at)[:10]}.{extension}{'' if at == starts[-1] else '.gz'}") for at in starts]
