"""human.toml as it lies in a new incident's folder: every human field in one place, empty, with what it is for."""

import re
import unicodedata

from detector.documents.desk import Desk
from detector.documents.templates import Safe, render_text
from detector.records import CaseFacts, Document

NAME = "human.toml"


def render_human_form(case: CaseFacts, desk: Desk) -> Document:
    """The empty form; it depends on who was hit, and on nothing that changes from night to night."""
    organizations = case.incident.organizations
    clients = [
        {"key": Safe(quoted(name)), "known": Safe("" if not desk.clients.get(name) else "; empty: as in detector.toml")}
        for name in organizations
    ]
    is_german = any(desk.language(name).code == "de" for name in organizations)
    facts = {"incident_id": case.incident.incident_id, "clients": clients, "is_german": is_german}
    text = render_text("human_form.toml", facts)
    return Document(NAME, text, figures=tuple((f"client {n}", name) for n, name in enumerate(organizations, start=1)))


def gaps(text: str) -> list[str]:
    """What somebody left open like the form's examples: "<which part>"; an address in pointed brackets is none."""
    return re.findall(r"<(?=[^\W_])(?![^<>\n]*(?:@|://))[^<>\n]+>", text)


def quoted(text: str) -> str:
    """A TOML string that reads back as exactly this text, with nothing hidden in it."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":  # half of a character; TOML has no way to write it
        return "\ufffd"
    if character in '"\\':
        return f"\\{character}"
    is_shown = category[0] in "LNPS" or character == " "
    return character if is_shown else f"\\U{ord(character):08X}"
