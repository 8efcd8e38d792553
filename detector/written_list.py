"""What we wrote into a folder that people work in: the small list `.written.json` beside the documents.

With it a document that a person has edited or deleted is told from one that is as we left it.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from detector.disk import write_whole

LIST_NAME = ".written.json"
Known = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Notes:
    """What `.written.json` remembers."""

    files: Known = field(default_factory=dict)
    """name -> hash of what was "written" there, or is "intended"."""
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    """name -> the figures that stood in it when it was written."""
    clients: dict[str, str] = field(default_factory=dict)
    """Client -> the folder of its drafts."""


def read_list(folder: Path) -> Notes:
    """What we wrote here; if the list is lost or damaged we know of nothing, and so overwrite nothing."""
    try:
        content = json.loads((folder / LIST_NAME).read_bytes())
        files, figures = (
            {str(name): {str(k): str(v) for k, v in entry.items()} for name, entry in content.get(part, {}).items()}
            for part in ("files", "figures")
        )
        return Notes(files, figures, {str(k): str(v) for k, v in content.get("clients", {}).items()})
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return Notes()


def write_list(folder: Path, notes: Notes) -> None:
    """Keep it; whole or not at all."""
    content = {"schema_version": 1, "files": notes.files, "figures": notes.figures, "clients": notes.clients}
    write_whole(folder / LIST_NAME, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())


def holds(path: Path, content: bytes) -> bool:
    """The file, itself and not through a link, has this content."""
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def is_untouched(path: Path, entry: dict[str, str]) -> bool:
    """The file is as we left it, even if we were cut short in writing it."""
    return path.is_file() and not path.is_symlink() and sha256(path.read_bytes()) in entry.values()


def sha256(content: bytes) -> str:
    """The fingerprint of a text."""
    return hashlib.sha256(content).hexdigest()
