"""The brief of one incident, as a page and as Markdown: what we know, do not know yet, have done, and do next.

It is internal. What the log tells is filled in; what only people know stands there as a marked gap, never as a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from detector.config import Client
from detector.documents import charts, phrases, sentences
from detector.documents.apology_letter import letter_names
from detector.documents.templates import render_html, render_markdown
from detector.records import CaseFacts, Document

LISTED_PEOPLE = 500
"""People listed one by one; affected.csv holds them all."""


@dataclass(frozen=True)
class ClientContact:
    """One client in the brief: whom to call, and where the draft to them lies."""

    organization: str
    people: int
    excess: int
    contact: str
    phone: str
    letter: str


def render_brief(case: CaseFacts, clients: Mapping[str, Client] | None = None) -> tuple[Document, Document]:
    """brief.html and brief.md; `clients` are those of the config, by name."""
    one_day = _only_day(case)
    facts: dict[str, Any] = {
        "case": case,
        "incident": case.incident,
        "cause_in_words": sentences.cause_in_words,
        "contacts": _contacts(case, clients or {}),
        "private_people": sum(row.organization is None for row in case.affected),
        "people": case.affected[:LISTED_PEOPLE],
        "unlisted": max(0, len(case.affected) - LISTED_PEOPLE),
        "one_day": one_day,
        "moment": phrases.second if one_day else _day_and_second,
        "rows": charts.timeline_rows(case.timeline)[: charts.TABLE_ROWS],
        "examples": [(recipient, ", ".join(map(phrases.second, times))) for recipient, times in case.example_times],
    }
    page = facts | {"words": sentences.in_html(case), "chart": charts.timeline_chart(case)}
    text = facts | {"words": sentences.in_markdown(case)}
    return (
        Document("brief.html", render_html("incident_brief.html", page)),
        Document("brief.md", render_markdown("incident_brief.md", text)),
    )


def _contacts(case: CaseFacts, clients: Mapping[str, Client]) -> list[ClientContact]:
    """The clients that were hit, most people first, each with its own figures."""
    letters = letter_names(case.incident.organizations)
    contacts = []
    for organization in case.incident.organizations:
        rows = [row for row in case.affected if row.organization == organization]
        client = clients.get(organization, Client())
        contacts.append(
            ClientContact(
                organization=organization,
                people=len(rows),
                excess=sum(row.excess for row in rows),
                contact=client.contact,
                phone=client.phone,
                letter=letters[organization],
            )
        )
    return contacts


def _only_day(case: CaseFacts) -> str:
    """The day on which everything happened, in words; "" if there were several."""
    times = (time for row in case.affected for time in (row.first_sent_at, row.last_sent_at))
    days = {phrases.long_day(time) for time in times}
    return days.pop() if len(days) == 1 else ""


def _day_and_second(moment: datetime) -> str:
    return f"{phrases.short_day(moment)} {phrases.second(moment)}"
