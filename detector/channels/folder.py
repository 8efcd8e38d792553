"""One file per alert in a folder: the channel that needs no network, and the record beside every other one.

The file's name comes from the notice, so writing twice is writing once: a file that is there counts as delivered,
whoever wrote it and however the program ended last time. It appears whole or not at all.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from detector.errors import ChannelError


def deliver(content: bytes, folder: Path, name: str) -> None:
    """Put the mail into the folder under this name. Raises ChannelError, always safe to try again."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_there(folder / name):
            _write(content, folder, name)
        _sync(folder)
    except OSError as error:
        raise ChannelError(
            f"{folder / name}: cannot be written ({error.strerror}). Free the disk or correct [channels.folder] path;"
            " the next run tries again."
        ) from error


def _is_there(path: Path) -> bool:
    """A regular file; anything else of that name is not ours and is not written through."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise FileExistsError(0, "there is something of that name which is no file")
    return True


def _write(content: bytes, folder: Path, name: str) -> None:
    """Beside it first, then to the disk, then in its place: a reader or a crash never finds half a mail."""
    unfinished = folder / f".{name}.unfinished"
    unfinished.unlink(missing_ok=True)  # left by a run that was killed
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        unfinished.rename(folder / name)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _sync(folder: Path) -> None:
    """A new name survives a power cut only once its folder has reached the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
