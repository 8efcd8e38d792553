"""Bytes brought to the disk for good: whole or not at all, and readable by nobody else."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or what a folder says it holds, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def no_state(path: Path) -> str:
    """That a path is no state directory, with one beside it that is; for people."""
    beside = sorted(each.parent.name for each in path.absolute().parent.glob("*/current.duckdb"))
    other = f", such as {beside[0]}" if beside else ""
    return f"{path}: is no state directory. Run `detector nightly` first, or give another --state{other}."
