"""Passwords, keys and secret addresses: from the environment, or from a TOML file that nobody else can read.

The environment wins. There is no other way in, so that no secret is copied along with a config or shows in `ps`.
"""

import os
import stat
import tomllib
from pathlib import Path

from detector.errors import ChannelError


def secret(name: str, file: Path | None) -> str:
    """The secret of this name; "" if there is none. Raises ChannelError if the file cannot be trusted."""
    return os.environ.get(name, "") or (_from_file(name, file) if file else "")


def required(name: str, file: Path | None, channel: str) -> str:
    """The same where nothing can be done without it."""
    found = secret(name, file)
    if not found:
        place = file or "the file that [channels] secrets names"
        raise ChannelError(f"{channel}: {name} is neither in the environment nor in {place}. Nothing was sent.")
    return found


def _from_file(name: str, file: Path) -> str:
    try:
        state = file.stat()
        if stat.S_IMODE(state.st_mode) & 0o077:
            raise ChannelError(f"{file}: others can read it, so it is not used. Run: chmod 600 {file}")
        value = tomllib.loads(file.read_text(encoding="utf-8")).get(name, "")
    except OSError as error:
        raise ChannelError(
            f"{file}: the file of secrets cannot be read ({error.strerror}). Nothing was sent."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ChannelError(f"{file}: is not valid TOML. Nothing was sent.") from error  # the error might quote a secret
    if not isinstance(value, str):
        raise ChannelError(f"{file}: {name} must be a text in quotation marks. Nothing was sent.")
    return value
