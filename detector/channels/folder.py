"""One file per alert in a folder: the channel that needs no network, and the record beside every other one.

The file's name comes from the notice, so writing twice is writing once: a file that is there counts as delivered,
whoever wrote it and however the program ended last time. It appears whole or not at all.
"""

import stat
from pathlib import Path

from detector.disk import sync, write_whole
from detector.errors import ChannelError


def deliver(content: bytes, folder: Path, name: str) -> None:
    """Put the mail into the folder under this name. Raises ChannelError, always safe to try again."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_there(folder / name):
            sync(folder)  # whoever wrote it may have died before this
        else:
            write_whole(folder / name, content)
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
