"""The letter of apology to one client: a draft that people finish, approve and send. The program never mails a client.

The parts stand in the order in which they weigh: responsibility and regret, what it meant, explanation, what is true
now, repair, change, follow-up. Every figure is that client's own. While copies still go out there is no letter, only
a holding note.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from detector.config import Client, Us
from detector.documents import phrases
from detector.documents.escaping import slug, visible
from detector.documents.sentences import in_markdown, is_running, mail_name
from detector.documents.templates import render_markdown
from detector.records import AffectedRecipient, CaseFacts, Document

MAIL_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class ClientFigures:
    """One client's share of an incident, counted from that client's people only."""

    people: int
    excess: int
    each: str
    """What each of them was sent: "70", or "about 70 (68 to 72)"."""
    due: str
    """What each should have been sent, in words; "" if that differs from person to person."""
    opening: str
    """How the letter begins: "Between 18:04 and 20:02 UTC on 27 October 2026, our system sent"."""
    last_at: str


def letter_names(organizations: Sequence[str]) -> dict[str, str]:
    """Organization -> file name: "letter.md" for one client, "letter-<slug>.md" for each of several."""
    if len(organizations) == 1:
        return {organizations[0]: "letter.md"}
    names: dict[str, str] = {}
    for organization in organizations:
        base = f"letter-{slug(organization) or 'client'}"
        taken = sum(name == f"{base}.md" or name.startswith(f"{base}-") for name in names.values())
        names[organization] = f"{base}-{taken + 1}.md" if taken else f"{base}.md"
    return names


def render_letter(case: CaseFacts, organization: str, client: Client, us: Us) -> Document:
    """The draft to one organization: a letter, or a holding note while nobody can say that it has stopped."""
    is_withdrawn = case.incident.state == "withdrawn"
    is_over = case.incident.ongoing is False or is_withdrawn
    facts = {
        "incident": case.incident,
        "organization": organization,
        "client": client,
        "us": us,
        "mail": _mail_name(case, organization),
        "figures": _figures(case, organization),
        "greeting": _greeting(client),
        "log_end": phrases.at(case.log_complete_through),
        "is_withdrawn": is_withdrawn,
        "is_running": is_running(case),
        "still_going": in_markdown(case).still_going,
    }
    text = render_markdown("apology_letter.md" if is_over else "holding_note.md", facts)
    return Document(letter_names(case.incident.organizations)[organization], text)


def _figures(case: CaseFacts, organization: str) -> ClientFigures:
    """Counted again from the rows of this client, so that no other client's people can get in."""
    rows = [row for row in case.affected if row.organization == organization]
    if not rows:
        raise ValueError(f"nobody of {visible(organization)} is affected by {case.incident.incident_id}")
    last = max(row.last_sent_at for row in rows)
    expected = {row.expected for row in rows}
    return ClientFigures(
        people=len(rows),
        excess=sum(row.excess for row in rows),
        each=_spread([row.sends for row in rows]),
        due={1: "one was", 0: "none was"}.get(next(iter(expected)), f"{next(iter(expected))} were")
        if len(expected) == 1
        else "",
        opening=_opening(case, last, is_alone=len(rows) == len(case.affected)),
        last_at=phrases.at(last),
    )


def _opening(case: CaseFacts, last: datetime, *, is_alone: bool) -> str:
    """When it was; the incident's own times only if all its people are this client's."""
    if not is_alone:
        return f"By {phrases.at(last)}, our system had sent"
    when = phrases.span(case.incident.started_at, case.incident.ended_at)
    return f"{when[0].upper()}{when[1:]}, our system sent"


def _spread(counts: Sequence[int]) -> str:
    least, middle, most = map(phrases.number, (min(counts), round(median(counts)), max(counts)))
    if max(counts) - min(counts) <= 1:
        return least if least == most else f"{least} or {most}"
    return f"about {middle} ({least} to {most})"


def _greeting(client: Client) -> str:
    """The salutation of the config, else the contact's name; "" leaves it to people."""
    name = client.contact.partition(",")[0].strip()
    return client.salutation.rstrip(" ,") or (f"Dear {name}" if name else "")


def _mail_name(case: CaseFacts, organization: str) -> str:
    """The mail by a name the client knows; "" if the log has none, or if it could give away another client."""
    incident = case.incident
    name = "" if incident.rung == "sender+size" else mail_name(case)
    others = {text for row in case.affected if row.organization != organization for text in _traces(row)}
    others |= {other.casefold() for other in incident.organizations if other != organization}
    name = visible(name, MAIL_NAME_CHARACTERS)
    gives_away = "@" in name or any(other in name.casefold() for other in others)
    return "" if gives_away else name


def _traces(row: AffectedRecipient) -> tuple[str, ...]:
    """What would point to somebody else's people in a subject line."""
    recipient = row.recipient.casefold()
    domain = recipient.rpartition("@")[2]
    return tuple(text for text in (recipient, domain) if text)
