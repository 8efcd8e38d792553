"""An incident's folder brought up to date: what the log says, what people filled in and noted, and what they approved.

If what an approval binds is no longer so, the journal says that it is taken back, and why; the letter is then a draft
like any other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from detector import case_journal
from detector.approvals import what_moved, wrong_in
from detector.case_record import CORRECTION, HOLDING_NOTE, LETTER, MACHINE, JournalEntry
from detector.casefiles import DRAFTS, Handling, case_folder, untouched, will_lie, write_case
from detector.config import Client, Config, Us
from detector.copies import read_copies
from detector.disk import write_whole
from detector.documents import Desk, case_documents, client_documents, pictures_of
from detector.documents.apology_letter import FILES, corrections_sent, file_name, letter_name
from detector.documents.closing_note import render_closing_note
from detector.documents.desk import client_folders
from detector.documents.human import Human, read_human
from detector.documents.human_form import NAME as FORM
from detector.documents.still_going import is_over
from detector.documents.vendor_pack import FOLDER, KEY_NAME, MANIFEST, READ_ME, contact_line, manifest
from detector.errors import ConfigError
from detector.observations import wrong_letters
from detector.records import CaseFacts, Document
from detector.store import Connection
from detector.written_list import holds, read_list

ADDRESSES = "work/addresses.json"
Extent = Literal["night", "words", "drafts"]
"""How much of a folder is brought up to date: all; what people's words may change; the drafts to clients alone."""


@dataclass(frozen=True)
class WrittenUp:
    """One incident, and where everything about it lies."""

    case: CaseFacts
    desk: Desk
    folder: Path
    problem: str = ""
    """Why human.toml was not read; "" if it was."""
    revoked: tuple[str, ...] = ()
    """A line for each approval that was taken back just now, with what had moved."""
    wrong: tuple[str, ...] = ()
    """A line for each client whose letter was found to be wrong just now."""
    as_of: datetime | None = None


@dataclass(frozen=True)
class Setting:
    """Where and when somebody is at work, with what config."""

    state: Path
    config: Config
    as_of: datetime


def write_up(
    db: Connection, case: CaseFacts, setting: Setting, *, recreate: bool = False, extent: Extent = "night"
) -> WrittenUp:
    """Take back approvals that no longer hold, then write the folder, or a part of it; only what has changed."""
    incident = case.incident
    organizations = incident.organizations
    root = setting.state / "incidents"
    folder = case_folder(root, incident.incident_id, organizations)
    desk, problem = read_desk(folder, organizations, setting.config)
    before, case = case, _with_outdated(case, desk, folder, setting.as_of)
    wrong = wrong_letters(case.record) if case.record and case is not before else ()
    case, revoked = _without_revoked(case, desk, folder, setting.as_of)
    places = client_folders(organizations)
    drafts = {f"{place}{name}" for place in places.values() for name in DRAFTS}
    going_on = frozenset(["hold.csv"] if incident.ongoing else ())
    written_again = frozenset(drafts if recreate else ())
    standing = _standing_pack(folder, contact_line(incident.incident_id, desk)) if extent == "words" else frozenset()
    pinned = _settled(case) | standing
    handling = Handling(pinned, places, written_again, is_part=extent == "drafts", current=going_on)
    if extent == "drafts":
        documents = tuple(text for name in organizations for text in client_documents(case, name, desk))
    else:
        drawn = pictures_of(untouched(folder, "brief.html"))
        copies = () if standing else read_copies(db, incident.incident_id)
        documents = case_documents(case, desk, copies, drawn)
    if case.record and case.record.closed_at:
        documents = (*documents, render_closing_note(case.record))
    documents = _with_manifest(folder, documents)
    folder = write_case(root, incident.incident_id, organizations, documents, handling)
    return WrittenUp(case, desk, folder, problem, revoked, wrong, setting.as_of)


def _standing_pack(folder: Path, contact: str) -> frozenset[str]:
    """The vendor pack and its key, if they are as the manifest has it and name whom to ask: then no word that people
    say changes them, and a long list of copies need not be made again. Else nothing."""
    ours = [name for name in read_list(folder).files if name.startswith((FOLDER, KEY_NAME))]
    paths = {name: folder / name for name in sorted(ours) if name.startswith(FOLDER) and not name.endswith(MANIFEST)}
    lying = {name: path.read_bytes() for name, path in paths.items() if path.is_file() and not path.is_symlink()}
    is_asked = f"{contact}\n".encode() in lying.get(f"{FOLDER}{READ_ME}", f"{contact}\n".encode())
    is_whole = holds(folder / f"{FOLDER}{MANIFEST}", manifest(lying).content.encode())
    return frozenset(ours if is_asked and is_whole else ())


def _with_manifest(folder: Path, documents: Sequence[Document]) -> tuple[Document, ...]:
    """The documents with a manifest of the vendor pack as it lies there, for people edit it before they pass it on."""
    name = f"{FOLDER}{MANIFEST}"
    pack = [text for text in documents if text.name.startswith(FOLDER) and text.name != name]
    lying = {text.name: content for text in pack if (content := will_lie(folder, text)) is not None}
    changed = [text.name for text in pack if text.name in lying and lying[text.name] != text.content.encode()]
    return tuple(manifest(lying, changed) if text.name == name else text for text in documents)


def read_desk(folder: Path, organizations: Sequence[str], config: Config) -> tuple[Desk, str]:
    """What the config and human.toml say; and what is wrong with human.toml, which then counts as empty."""
    path = folder / FORM
    try:
        human, problem = read_human(path.read_text(encoding="utf-8"), str(path), organizations), ""
    except FileNotFoundError:
        human, problem = Human(), ""
    except UnicodeDecodeError:
        human, problem = Human(), f"{path}: is not UTF-8 text. Save it as such."
    except ConfigError as error:
        human, problem = Human(), str(error)
    return Desk(config.clients, config.us, human, is_read=not problem), problem


def remember_addresses(state: Path, config: Config) -> None:
    """Keep [clients] and [us] of the last night, so that `letter` needs no --config."""
    content = {
        "clients": {name: client.model_dump() for name, client in sorted(config.clients.items())},
        "us": config.us.model_dump(),
    }
    path = state / ADDRESSES
    text = json.dumps(content, indent=1) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())


def remembered_addresses(state: Path) -> Config:
    """What the last night knew of clients and us; nothing if there was none."""
    try:
        content = json.loads((state / ADDRESSES).read_text(encoding="utf-8"))
        clients = {name: Client.model_validate(client) for name, client in content["clients"].items()}
        return Config(clients=clients, us=Us.model_validate(content["us"]))
    except FileNotFoundError:
        return Config()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{state / ADDRESSES}: is damaged. Give the config with --config.") from error


def _without_revoked(case: CaseFacts, desk: Desk, folder: Path, as_of: datetime) -> tuple[CaseFacts, tuple[str, ...]]:
    """The case with those approvals only that still hold; the others are taken back in the journal, and told. What went
    out is history: nothing takes that back. Nor does anything a holding note once it is over.
    """
    record = case.record
    if record is None:
        return case, ()
    entries, lines = [], []
    for kind in (LETTER, CORRECTION) if is_over(case) else (LETTER, CORRECTION, HOLDING_NOTE):
        sent = {step.organization for step in record.sendings(kind) if kind != CORRECTION}
        for step in (step for step in record.approvals(kind) if step.organization not in sent):
            text = _text(folder, case, step.organization, kind)
            if because := "; ".join(what_moved(step, kind, case, desk, text)):
                fields = {"organization": step.organization, "because": because}
                entries.append(JournalEntry(f"{kind} revoked", max(as_of, step.at), MACHINE, fields))
                whose = f"the {kind} to {step.organization}"
                lines.append(f"{record.incident_id}: {whose} is no longer approved: {because}.")
    case_journal.append(folder, entries)
    return (
        (replace(case, record=case_journal.record_of(record.incident_id, folder)), tuple(lines))
        if entries
        else (case, ())
    )


def _with_outdated(case: CaseFacts, desk: Desk, folder: Path, as_of: datetime) -> CaseFacts:
    """The case with a word in its journal for each client whose letter has become wrong, or right again."""
    record = case.record
    if record is None or case.incident.state == "withdrawn":
        return case
    entries = []
    for name in dict.fromkeys(step.organization for step in record.sent):
        held, known = record.held(name), record.outdated_for(name)
        wrong, because = wrong_in(held, case, desk) if held else ({}, "")
        if held and because != (known.fields["because"] if known else ""):
            fields = {"organization": name, "because": because, "held": wrong}
            entries.append(JournalEntry("letter outdated", max(as_of, held.at), MACHINE, fields))
    case_journal.append(folder, entries)
    return replace(case, record=case_journal.record_of(record.incident_id, folder)) if entries else case


def _settled(case: CaseFacts) -> frozenset[str]:
    """What was approved or went out, which stays as it is."""
    record, hit = case.record, case.incident.organizations
    if record is None:
        return frozenset()
    steps = [(kind, step) for kind in FILES for step in (*record.approvals(kind), *record.sendings(kind))]
    steps += [(CORRECTION, step) for step in record.corrections_approved]
    settled = {letter_name(case, step.organization, kind) for kind, step in steps if step.organization in hit}
    return frozenset(settled.union(*(corrections_sent(case, name) for name in hit)))


def _text(folder: Path, case: CaseFacts, organization: str, kind: str) -> bytes | None:
    """The draft as it lies there: where it belongs, or where it lay with one client only, or with several."""
    places = [client_folders((organization, ""))[organization], client_folders((organization,))[organization]]
    if organization in case.incident.organizations:
        places.insert(0, client_folders(case.incident.organizations)[organization])
    name = file_name(case, organization, kind) if organization in case.incident.organizations else FILES[LETTER]
    paths = (folder / f"{place}{name}" for place in places)
    return next((path.read_bytes() for path in paths if path.is_file()), None)
