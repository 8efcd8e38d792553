"""Folders on disk that people work in: an incident's, which is never overwritten, and a report's, which is ours alone.

A small list beside the documents, `.written.json`, remembers what we wrote. With it, for each document:

    untouched since we wrote it     refreshed
    edited by a person              kept byte for byte; a version with newer facts lies beside it as `<name>.new.<ext>`
    deleted by a person             stays deleted
    no longer called for            removed if untouched, else kept

The list is written before a document ("intended") and after it ("written"), so that a crash in between is never
mistaken for the work of a person. Files appear whole or not at all, and only their owner can read them.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from detector.documents.escaping import slug
from detector.errors import StoreError
from detector.records import Document

LIST_NAME = ".written.json"
_INCIDENT_ID = re.compile(r"INC-[0-9A-Z]{2,16}")
_DOCUMENT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")
_Known = dict[str, dict[str, str]]


def write_case(root: Path, incident_id: str, organization: str | None, documents: Sequence[Document]) -> Path:
    """Bring one incident's folder under `root` (the folder `incidents/`) up to date; returns it.

    The folder is found again by the incident's id, whatever the organization is called by now.
    """
    folder = find_case(root, incident_id) or root / folder_name(incident_id, organization)
    try:
        _make_folder(folder)
        _write_documents(folder, documents)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}). Free space or fix its rights.") from error
    return folder


def write_report(root: Path, documents: Sequence[Document]) -> Path:
    """Write a report's documents into `root` (the folder `reports/<date>/`), each whole or not at all; returns it."""
    try:
        _make_folder(root)
        for document in documents:
            path, content = root / _checked(document.name), document.content.encode()
            if not _holds(path, content):
                _write(path, content)
    except OSError as error:
        raise StoreError(f"{root}: cannot be written ({error.strerror}). Free space or fix its rights.") from error
    return root


def find_case(root: Path, incident_id: str) -> Path | None:
    """The folder of an incident, if it has one; a link to elsewhere is none."""
    if not root.is_dir():
        return None
    _checked_id(incident_id)
    found = (p for p in root.iterdir() if p.name == incident_id or p.name.startswith(f"{incident_id}-"))
    return min((p for p in found if p.is_dir() and not p.is_symlink()), default=None)


def folder_name(incident_id: str, organization: str | None) -> str:
    """ "INC-7F3K-harbor-freightways": our own id, then letters, digits and hyphens, so that no text leads elsewhere."""
    name = "no-organization" if organization is None else slug(organization) or "organization"
    return f"{_checked_id(incident_id)}-{name}"


def _write_documents(folder: Path, documents: Sequence[Document]) -> None:
    """Decide, note what is about to happen, do it, note that it is done; nothing at all if all is as it should be."""
    known = _read_list(folder)
    wanted: dict[str, bytes] = {}
    for document in documents:
        content = document.content.encode()
        target = _target(folder, _checked(document.name), content, known)
        if target is not None:
            wanted[target] = content
    due = {n: c for n, c in wanted.items() if known.get(n) != {"written": _hash(c)} or not _holds(folder / n, c)}
    stale = {
        n: _hash((folder / n).read_bytes()) for n in known if n not in wanted and _is_untouched(folder / n, known[n])
    }
    if not due and not stale:
        return
    intended = {name: {**known.get(name, {}), "intended": _hash(content)} for name, content in due.items()}
    _write_list(folder, known | intended | {name: {"intended": found} for name, found in stale.items()})
    for name, content in due.items():
        _write(folder / name, content)
    for name in stale:
        (folder / name).unlink()
    done = known | {name: {"written": _hash(content)} for name, content in due.items()}
    _write_list(folder, {name: entry for name, entry in done.items() if name not in stale})


def _target(folder: Path, name: str, content: bytes, known: _Known) -> str | None:
    """Where a document's content belongs: its own file, one beside an edited file, or nowhere."""
    state = _state(folder / name, content, known.get(name, {}))
    if state == "ours":
        return name
    if state == "deleted" or known.get(name, {}).get("written") == _hash(content):
        return None
    for number in count(1):
        beside = _beside(name, number)
        state = _state(folder / beside, content, known.get(beside, {}))
        if state == "ours":
            return beside
        if known.get(beside, {}).get("written") == _hash(content):
            return None
        if state == "deleted":
            return beside
    raise AssertionError("unreachable")


def _state(path: Path, content: bytes, entry: dict[str, str]) -> str:
    """ "ours" if we may write it, "edited" or "deleted" if a person has had a say."""
    if not os.path.lexists(path):
        return "deleted" if "written" in entry else "ours"
    return "ours" if _holds(path, content) or _is_untouched(path, entry) else "edited"


def _holds(path: Path, content: bytes) -> bool:
    """The file, itself and not through a link, has this content."""
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def _is_untouched(path: Path, entry: dict[str, str]) -> bool:
    """The file is as we left it, even if we were cut short in writing it."""
    return path.is_file() and not path.is_symlink() and _hash(path.read_bytes()) in entry.values()


def _beside(name: str, number: int) -> str:
    """letter.md -> letter.new.md, letter.new2.md, ..."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.new{number if number > 1 else ''}.{suffix}"


def _read_list(folder: Path) -> _Known:
    """What we wrote here; if the list is lost or damaged we know of nothing, and so overwrite nothing."""
    try:
        files = json.loads((folder / LIST_NAME).read_bytes())["files"]
        return {str(name): {str(k): str(v) for k, v in entry.items()} for name, entry in files.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_list(folder: Path, known: _Known) -> None:
    text = json.dumps({"schema_version": 1, "files": known}, indent=2, sort_keys=True) + "\n"
    _write(folder / LIST_NAME, text.encode())


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a temporary file beside it, flushed to the disk, then renamed over it."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _make_folder(folder: Path) -> None:
    """The folder and whatever is missing above it, open to nobody else; folders that exist keep their rights."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def _checked(name: str) -> str:
    if not _DOCUMENT_NAME.fullmatch(name) or ".new" in name:
        raise ValueError(f"{name!r} is no name for a document: lower-case letters, digits, hyphens and one suffix")
    return name


def _checked_id(incident_id: str) -> str:
    if not _INCIDENT_ID.fullmatch(incident_id):
        raise ValueError(f"{incident_id!r} is no incident id of ours and may not become a path")
    return incident_id


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
