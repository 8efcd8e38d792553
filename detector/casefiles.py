"""Folders on disk that people work in: an incident's, which is never overwritten, and a report's, which is ours alone.

A small list beside the documents, `.written.json`, remembers what we wrote. With it, for each document:

    untouched since we wrote it     refreshed
    edited by a person              kept byte for byte; a version with newer facts lies beside it as `<name>.new.<ext>`
    deleted by a person             stays deleted

The list is written before a document ("intended") and after it ("written"), so that a crash in between is never mistaken
for the work of a person. Files appear whole or not at all, and only their owner can read them.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from detector.documents.escaping import slug
from detector.errors import StoreError
from detector.records import Document

LIST_NAME = ".written.json"
_INCIDENT_ID = re.compile(r"INC-[0-9A-Z]{2,16}")
_DOCUMENT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+")
_Written = dict[str, dict[str, str]]


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
            _write_if_other(root / _checked(document.name), document.content.encode())
    except OSError as error:
        raise StoreError(f"{root}: cannot be written ({error.strerror}). Free space or fix its rights.") from error
    return root


def find_case(root: Path, incident_id: str) -> Path | None:
    """The folder of an incident, if it has one; a link to elsewhere is none."""
    if not root.is_dir():
        return None
    own = (_checked_id(incident_id), f"{incident_id}-")
    found = (p for p in root.iterdir() if p.name == own[0] or p.name.startswith(own[1]))
    return min((p for p in found if p.is_dir() and not p.is_symlink()), default=None)


def folder_name(incident_id: str, organization: str | None) -> str:
    """ "INC-7F3K-harbor-freightways": an id of ours and letters, digits and hyphens, so that no log text leads elsewhere."""
    name = "no-organization" if organization is None else slug(organization) or "organization"
    return f"{_checked_id(incident_id)}-{name}"


def _write_documents(folder: Path, documents: Sequence[Document]) -> None:
    """Decide for each document, note what is about to be written, write it, note that it is there."""
    written = _read_list(folder)
    due = {}
    for document in documents:
        due |= _due(folder, _checked(document.name), document.content.encode(), written)
    intended = {name: _hash(content) for name, content in due.items()}
    _write_list(folder, {n: {**written.get(n, {}), **({"intended": intended[n]} if n in intended else {})} for n in {*written, *due}})
    for name, content in due.items():
        _write_if_other(folder / name, content)
    _write_list(folder, written | {name: {"written": digest} for name, digest in intended.items()})


def _due(folder: Path, name: str, content: bytes, written: _Written) -> dict[str, bytes]:
    """What to write for one document: itself, a new version beside an edited one, or nothing."""
    state = _state(folder / name, content, written.get(name, {}))
    if state == "ours":
        return {name: content}
    if state == "deleted" or written.get(name, {}).get("written") == _hash(content):
        return {}
    number = 1
    while True:
        beside = _beside(name, number)
        state = _state(folder / beside, content, written.get(beside, {}))
        is_offered = written.get(beside, {}).get("written") == _hash(content)
        if state != "edited":
            return {} if state == "deleted" and is_offered else {beside: content}
        if is_offered:
            return {}
        number += 1


def _state(path: Path, content: bytes, known: dict[str, str]) -> str:
    """ "ours" if we may write it, "edited" or "deleted" if a person has spoken."""
    if path.is_symlink():
        return "edited"
    if not path.exists():
        return "deleted" if "written" in known else "ours"
    found = _hash(path.read_bytes())
    return "ours" if found in (*known.values(), _hash(content)) else "edited"


def _beside(name: str, number: int) -> str:
    """letter.md -> letter.new.md, letter.new2.md, ..."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.new{number if number > 1 else ''}.{suffix}"
