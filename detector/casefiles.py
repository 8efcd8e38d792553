"""Folders on disk that people work in: an incident's, which is never overwritten, and a report's, which is ours alone.

A small list beside the documents, `.written.json`, remembers what we wrote. With it, for each document:

    untouched since we wrote it     refreshed
    edited by a person              kept byte for byte; a version with newer facts lies beside it as `<name>.new.<ext>`,
                                    and what has changed in them as `<name>.changes.txt`
    approved                        kept, even if untouched
    deleted by a person             stays deleted: whoever deletes hold.csv once it is imported, or the vendor pack once
                                    it is passed on, must not find it back every morning; but while copies still go
                                    out, hold.csv comes back when more people are hit, and `letter draft` writes the
                                    drafts to clients again when asked
    no longer called for            removed if untouched, else kept

The list is written before a document ("intended") and after it ("written"), so that a crash in between is never
mistaken for the work of a person. Files appear whole or not at all, and only their owner can read them.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from detector.disk import write_whole
from detector.documents.escaping import slug, visible
from detector.errors import StoreError
from detector.records import Document
from detector.written_list import Known, Notes, holds, is_untouched, read_list, sha256, write_list

_INCIDENT_ID = re.compile(r"INC-[0-9A-Z]{2,16}")
_DOCUMENT_NAME = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/){0,2}(?:[a-z0-9][a-z0-9_-]*|MANIFEST)(\.[a-z0-9]+)+")
DRAFTS = ("letter.md", "holding-note.md", "call.md", "note.md", *(f"letter-{number}.md" for number in range(2, 10)))
"""What lies in a client's folder."""


@dataclass(frozen=True)
class Handling:
    """What else there is to know about a folder's documents."""

    pinned: frozenset[str] = frozenset()
    """Documents that somebody approved: kept as they are, even if nobody edited them."""
    clients: Mapping[str, str] = field(default_factory=dict)
    """Client -> folder of its drafts; where it has changed, the drafts move along, with what people wrote in them."""
    recreate: frozenset[str] = frozenset()
    """Documents to write again although somebody deleted them."""
    is_part: bool = False
    """Only some documents are given; those that are not are still called for."""
    current: frozenset[str] = frozenset()
    """Documents that come back after somebody deleted them once they have more to say: their work goes on."""


def write_case(
    root: Path,
    incident_id: str,
    organizations: Sequence[str],
    documents: Sequence[Document],
    handling: Handling = Handling(),
) -> Path:
    """Bring one incident's folder under `root` (the folder `incidents/`) up to date; returns it."""
    folder = case_folder(root, incident_id, organizations)
    try:
        _make_folder(folder)
        _move_drafts(folder, handling.clients)
        _write_documents(folder, documents, handling)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}). Free space or fix its rights.") from error
    return folder


def write_report(root: Path, documents: Sequence[Document]) -> Path:
    """Write a report's documents into `root` (the folder `reports/<date>/`), each whole or not at all; returns it."""
    try:
        _make_folder(root)
        for document in documents:
            path, content = root / _checked(document.name, flat=True), document.content.encode()
            if not holds(path, content):
                write_whole(path, content)
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


def case_folder(root: Path, incident_id: str, organizations: Sequence[str]) -> Path:
    """The folder of an incident, or the one it is to have; found by the id, whatever clients are called by now."""
    return find_case(root, incident_id) or root / folder_name(incident_id, organizations)


def untouched(folder: Path, name: str) -> str:
    """A document of a case as we wrote it; "" if it is not there, or a person has edited it."""
    path = folder / name
    entry = read_list(folder).files.get(name, {})
    return path.read_text(encoding="utf-8") if entry and is_untouched(path, entry) else ""


def will_lie(folder: Path, document: Document) -> bytes | None:
    """What stands under a document's own name once it is written: ours or what a person made of it; None if deleted."""
    path, content = folder / document.name, document.content.encode()
    state = _state(path, content, read_list(folder).files.get(document.name, {}))
    if state == "deleted":
        return None
    return content if state == "ours" or not path.is_file() or path.is_symlink() else path.read_bytes()


def folder_name(incident_id: str, organizations: Sequence[str]) -> str:
    """ "INC-7F3K-harbor-freightways": our own id, then letters, digits and hyphens, so that no text leads elsewhere.

    With several clients it names none, for a path is easily shown to the wrong one.
    """
    match organizations:
        case []:
            name = "no-organization"
        case [only]:
            name = slug(only) or "organization"
        case _:
            name = "several-organizations"
    return f"{_checked_id(incident_id)}-{name}"


def _write_documents(folder: Path, documents: Sequence[Document], handling: Handling) -> None:
    """Decide, note what is about to happen, do it, note that it is done; nothing at all if all is as it should be."""
    notes = read_list(folder)
    known = notes.files
    wanted, figures = _wanted(folder, documents, notes, handling)
    due = {n: c for n, c in wanted.items() if known.get(n) != {"written": sha256(c)} or not holds(folder / n, c)}
    stale = {
        n: sha256((folder / n).read_bytes()) for n in known if n not in wanted and is_untouched(folder / n, known[n])
    }
    stale = {n: found for n, found in stale.items() if n not in handling.pinned and not handling.is_part}
    if not due and not stale and figures == notes.figures and dict(handling.clients) == notes.clients:
        return
    intended = {name: {**known.get(name, {}), "intended": sha256(content)} for name, content in due.items()}
    leaving = {name: {"intended": found} for name, found in stale.items()}
    write_list(folder, replace(notes, files=known | intended | leaving))
    for name, content in due.items():
        _make_below(folder, name)
        write_whole(folder / name, content)
    for name in stale:
        (folder / name).unlink()
    done = known | {name: {"written": sha256(content)} for name, content in due.items()}
    files = {name: entry for name, entry in done.items() if name not in stale}
    write_list(folder, Notes(files, {n: f for n, f in figures.items() if n in files}, dict(handling.clients)))


def _wanted(
    folder: Path, documents: Sequence[Document], notes: Notes, handling: Handling
) -> tuple[dict[str, bytes], dict[str, dict[str, str]]]:
    """What is to stand where, lists of changes included; and the figures of each document as it was written last."""
    wanted: dict[str, bytes] = {}
    figures = dict(notes.figures)
    for document in documents:
        name, content = _checked(document.name), document.content.encode()
        target = _target(folder, name, content, notes.files, handling)
        if target is None:
            continue
        wanted[target] = content
        if target == name:
            figures |= {name: dict(document.figures)} if document.figures else {}
        elif changes := _changes(notes.figures.get(name, {}), document):
            beside = f"{name.rpartition('.')[0]}.changes.txt"
            if _state(folder / beside, changes, notes.files.get(beside, {})) != "edited":
                wanted[beside] = changes
    return wanted, figures


def _target(folder: Path, name: str, content: bytes, known: Known, handling: Handling) -> str | None:
    """Where a document's content belongs: its own file, one beside an edited file, or nowhere."""
    state = _state(folder / name, content, known.get(name, {}))
    if name in handling.pinned and state == "ours" and not holds(folder / name, content):
        state = "edited"
    is_news = known.get(name, {}).get("written") != sha256(content)
    is_back = name in handling.recreate or (name in handling.current and is_news)
    if state == "ours" or (state == "deleted" and is_back):
        return name
    if state == "deleted" or not is_news:
        return None
    for number in count(1):
        beside = _beside(name, number)
        state = _state(folder / beside, content, known.get(beside, {}))
        if state == "ours":
            return beside
        if known.get(beside, {}).get("written") == sha256(content):
            return None
        if state == "deleted":
            return beside
    raise AssertionError("unreachable")


def _changes(before: Mapping[str, str], document: Document) -> bytes:
    """What has changed since the draft that a person edits was written, one line each; nothing else."""
    now = dict(document.figures)
    lines = [
        f"{name}: {visible(before.get(name, 'open'))} -> {visible(now.get(name, 'open'))}\n"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    head = f"Changed since your {document.name.rpartition('/')[2]} was drafted; it is kept as you left it.\n\n"
    return (head + "".join(lines)).encode() if lines else b""


def _move_drafts(folder: Path, clients: Mapping[str, str]) -> None:
    """A client's drafts into the folder they belong to now; the list knows both places until all is done."""
    notes = read_list(folder)
    moves = {
        f"{notes.clients[client]}{name}": f"{place}{name}"
        for client, place in clients.items()
        if client in notes.clients and notes.clients[client] != place
        for name in DRAFTS
    }
    moves = {old: new for old, new in moves.items() if (folder / old).is_file() and not (folder / new).exists()}
    if not moves:
        return
    files = notes.files | {new: notes.files[old] for old, new in moves.items() if old in notes.files}
    figures = notes.figures | {new: notes.figures[old] for old, new in moves.items() if old in notes.figures}
    write_list(folder, replace(notes, files=files, figures=figures))
    for old, new in moves.items():
        _make_below(folder, new)
        (folder / old).rename(folder / new)
    left = {name: entry for name, entry in files.items() if name not in moves}
    write_list(folder, replace(notes, files=left, figures=figures))


def _state(path: Path, content: bytes, entry: dict[str, str]) -> str:
    """ "ours" if we may write it, "edited" or "deleted" if a person has had a say."""
    if not os.path.lexists(path):
        return "deleted" if "written" in entry else "ours"
    return "ours" if holds(path, content) or is_untouched(path, entry) else "edited"


def _beside(name: str, number: int) -> str:
    """letter.md -> letter.new.md, letter.new2.md, ..."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.new{number if number > 1 else ''}.{suffix}"


def _make_folder(folder: Path) -> None:
    """The folder and whatever is missing above it, open to nobody else; folders that exist keep their rights."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def _make_below(folder: Path, name: str) -> None:
    """The folder of a document inside the case's, not reached through a link."""
    for part in reversed(Path(name).parents[:-1]):
        if (folder / part).is_symlink():
            raise OSError(0, f"{part} in it is a link to elsewhere")
        _make_folder(folder / part)


def _checked(name: str, *, flat: bool = False) -> str:
    if not _DOCUMENT_NAME.fullmatch(name) or ".new" in name or (flat and "/" in name):
        raise ValueError(f"{name!r} is no name for a document: lower-case letters, digits, hyphens and one suffix")
    return name


def _checked_id(incident_id: str) -> str:
    if not _INCIDENT_ID.fullmatch(incident_id):
        raise ValueError(f"{incident_id!r} is no incident id of ours and may not become a path")
    return incident_id
