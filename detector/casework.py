"""An incident's folder brought up to date: what the log says, what people filled in and noted, and what they approved.

An approval binds the letter's text and its figures. If either is no longer so, the journal says that the approval is
taken back, and why; the letter is then a draft like any other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from detector import case_journal
from detector.case_record import CORRECTION, HOLDING_NOTE, LETTER, MACHINE, JournalEntry, Step
from detector.casefiles import DRAFTS, Handling, case_folder, untouched, will_lie, write_case
from detector.config import Client, Config, Us
from detector.copies import read_copies
from detector.disk import write_whole
from detector.documents import Desk, case_documents, client_documents, pictures_of
from detector.documents.apology_letter import (
    FILES,
    MOVING,
    corrections_sent,
    file_name,
    letter_facts,
    letter_name,
    stopped_at,
)
from detector.documents.closing_note import render_closing_note
from detector.documents.correcting import UNSENT, in_words, no_longer_so
from detector.documents.desk import client_folders
from detector.documents.human import Human, read_human
from detector.documents.human_form import NAME as FORM
from detector.documents.languages import Language
from detector.documents.still_going import came_again, is_blind, is_over
from detector.documents.vendor_pack import FOLDER, MANIFEST, manifest
from detector.errors import ConfigError
from detector.observations import wrong_letters
from detector.records import CaseFacts, Document
from detector.store import Connection
from detector.written_list import sha256

ADDRESSES = "work/addresses.json"


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
    db: Connection, case: CaseFacts, setting: Setting, *, recreate: bool = False, only_drafts: bool = False
) -> WrittenUp:
    """Take back approvals that no longer hold, then write the folder, or the drafts to clients in it; only what has
    changed."""
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
    handling = Handling(_settled(case), places, written_again, is_part=only_drafts, current=going_on)
    if only_drafts:
        documents = tuple(text for name in organizations for text in client_documents(case, name, desk))
    else:
        drawn = pictures_of(untouched(folder, "brief.html"))
        documents = case_documents(case, desk, read_copies(db, incident.incident_id), drawn)
    if case.record and case.record.closed_at:
        documents = (*documents, render_closing_note(case.record))
    documents = _with_manifest(folder, documents)
    folder = write_case(root, incident.incident_id, organizations, documents, handling)
    return WrittenUp(case, desk, folder, problem, revoked, wrong, setting.as_of)


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
    return Desk(config.clients, config.us, human), problem


def bound_facts(case: CaseFacts, organization: str, desk: Desk) -> dict[str, str]:
    """The figures that an approval binds: all of the letter's but where the log ends, which moves every night."""
    return _facts_in(case, organization, desk.language(organization))


def _facts_in(case: CaseFacts, organization: str, language: Language) -> dict[str, str]:
    facts = letter_facts(case, organization, language)
    noted = {"stop": stopped_at(case, language) or UNSENT}
    if after := ", ".join(other.incident_id for other in came_again(case, organization)):
        noted["copies since"] = after
    return noted | {code: shown for code, shown in facts.items() if code not in MOVING}


def approval(case: CaseFacts, organization: str, desk: Desk, text: bytes) -> dict[str, object]:
    """What the journal keeps of an approval: the hash of the text, the figures, and their hash."""
    facts, language, day = bound_facts(case, organization, desk), desk.language(organization), desk.human.letter.date
    return {
        "organization": organization,
        "dated": day.isoformat() if day else "",
        "written_in": [language.code, language.zone],
        "text_sha256": sha256(text),
        "facts": facts,
        "facts_sha256": facts_hash(facts),
    }


def what_moved(step: Step, kind: str, case: CaseFacts, desk: Desk, text: bytes | None) -> list[str]:
    """Why an approval of a letter or a holding note no longer holds, a few words each; nothing if it does."""
    if step.organization not in case.incident.organizations:
        return ["the client is no longer among those hit"]
    before: Mapping[str, str] = step.fields.get("facts", {})
    now = bound_facts(case, step.organization, desk)
    found = [
        f"{code} was {before.get(code, 'not there')} and is {now.get(code, 'not there')}"
        for code in dict.fromkeys((*before, *now))
        if before.get(code) != now.get(code)
    ]
    if text is None:
        found.append(f"the {kind} was deleted")
    elif sha256(text) != step.fields.get("text_sha256"):
        found.append("the text was changed")
    if kind != HOLDING_NOTE and not is_over(case):
        found.append("the log is too old to tell that it is over" if is_blind(case) else "it is not over")
    return found


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


def facts_hash(facts: Mapping[str, str]) -> str:
    """The fingerprint of figures, whatever their order."""
    return sha256(json.dumps(dict(facts), sort_keys=True).encode())


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
        wrong, because = _wrong_in(held, case, desk) if held else ({}, "")
        if held and because != (known.fields["because"] if known else ""):
            fields = {"organization": name, "because": because, "held": wrong}
            entries.append(JournalEntry("letter outdated", max(as_of, held.at), MACHINE, fields))
    case_journal.append(folder, entries)
    return replace(case, record=case_journal.record_of(record.incident_id, folder)) if entries else case


def _wrong_in(held: Step, case: CaseFacts, desk: Desk) -> tuple[dict[str, str], str]:
    """What of a letter that went out is no longer so, by code and in words, in the language it was written in."""
    if held.organization not in case.incident.organizations:
        return {}, "they are no longer among those hit"
    written_in = held.fields.get("written_in")
    language = Language(*written_in) if written_in else desk.language(held.organization)
    now = _facts_in(case, held.organization, language)
    wrong = no_longer_so(held.fields.get("facts", {}), now)
    return wrong, in_words(wrong, now)


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
