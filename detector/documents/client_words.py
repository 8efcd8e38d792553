"""The short texts around a letter: what to say on the telephone, and four lines a client can forward to its people.

No learner's name, no cause that might change, no figure that may still move goes into a voicemail or the note.
"""

import re
from dataclasses import asdict
from typing import Any

from detector.config import Client
from detector.documents.apology_letter import visible_mail_name
from detector.documents.desk import Desk, client_folders, people_of, shared_words
from detector.documents.incident_brief import contradiction, in_sentences, stopped
from detector.documents.languages import Language
from detector.documents.spoken_lines import Told, spoken_lines
from detector.documents.still_going import came_again, is_blind, is_over, is_running, is_said_to_be_stopped
from detector.documents.templates import Safe, render_markdown, render_text
from detector.records import CaseFacts, Document

MOST_WORDS = 75
_ENDINGS = {
    ("en", "over"): "It has stopped; our log has shown no further copy since.",
    ("en", "again"): "Those copies have stopped.",
    ("en", "going"): "We are stopping it now; a few more may still arrive.",
    ("en", "blind"): "We are making sure that it has stopped; a few more may still arrive.",
    ("de", "over"): "Es hat aufgehört; seither zeigt unser Protokoll keine weitere.",
    ("de", "again"): "Diese E-Mails haben aufgehört.",
    ("de", "going"): "Wir stoppen es gerade; einige können noch eintreffen.",
    ("de", "blind"): "Wir stellen gerade sicher, dass es aufgehört hat; einige können noch eintreffen.",
}


def render_note(case: CaseFacts, organization: str, desk: Desk) -> Document:
    """note.md: four lines that the client's contact can forward; figures stay out, they would be about colleagues."""
    facts = _facts(case, organization, desk)
    text = render_markdown(f"note.{desk.language(organization).code}.md", facts)
    return Document(
        f"{_folder(case, organization)}note.md", text, figures=(("still going", _state(case, organization)),)
    )


def render_call_sheet(case: CaseFacts, organization: str, desk: Desk) -> Document:
    """call.md: one page for the call, in English for us; what is said on it is in the client's language."""
    facts = _facts(case, organization, desk)
    rows = people_of(case, organization)
    excess, people = sum(row.excess for row in rows), len(rows)
    code, shared = facts["language"].code, facts["shared"]
    facts |= {
        "case": case,
        "say": _spoken(case, organization, facts),
        "earlier": [known for known in case.earlier if known.organization == organization],
        "people": people,
        "excess": excess,
        "when": facts["span"],
        "contradiction": contradiction(case),
        "stopped": stopped(case, desk) if code == "en" else in_sentences(shared.stopped, shared.checked),
        "prompt": "" if code == "en" else "in German: ",
        "note": Safe(f"{_folder(case, organization)}note.md"),
        "voicemail": Safe(said := voicemail(case, organization, desk)),
        "spoken": spoken_words(said),
    }
    figures = (("F4", f"{people}"), ("F7", f"{excess}"), ("still going", _state(case, organization)))
    return Document(f"{_folder(case, organization)}call.md", render_markdown("call_sheet.md", facts), figures=figures)


def voicemail(case: CaseFacts, organization: str, desk: Desk) -> str:
    """What to say to a machine: at most 75 words, half a minute. A long number is said once, a short one twice."""
    facts = _facts(case, organization, desk)
    name = _spoken_name(facts["client"], facts["language"].code)
    facts["hello"] = Safe(f" {name}") if name else ""
    name = f"voicemail.{desk.language(organization).code}.txt"
    twice, once = (render_text(name, facts | {"is_twice": is_twice}).strip() for is_twice in (True, False))
    return twice if spoken_words(twice) <= MOST_WORDS else once


def spoken_words(text: str) -> int:
    """How many words are said: a telephone number is read digit by digit."""
    return len(re.findall(r"\d|\+|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", text))


def _facts(case: CaseFacts, organization: str, desk: Desk) -> dict[str, Any]:
    rows = people_of(case, organization)
    language = desk.language(organization)
    english = Language("en", language.zone)
    extras = [row.first_extra_at for row in rows if row.first_extra_at is not None]
    last = max(row.last_sent_at for row in rows)
    human, is_again = desk.human, is_over(case) and bool(came_again(case, organization))
    return {
        "incident": case.incident,
        "organization": organization,
        "client": desk.client(organization),
        "us": desk.sender,
        "human": human,
        "words": desk.words(organization),
        "shared": shared_words(desk, case, language.code, organization),
        "mail": visible_mail_name(case, organization),
        "language": language,
        "rows": rows,
        "is_one": len(rows) == 1,
        "times": language.times(max(row.sends for row in rows)),
        "first": min(extras, default=last),
        "span": english.span(min(extras, default=last), last),
        "ending": Safe(_ENDINGS[language.code, "again" if is_again else _stage(case)]),
        "stage": _stage(case),
        "is_over": is_over(case),
        "is_stopped": is_said_to_be_stopped(case),
        "last": last,
        "next_on": language.day(human.next_update.on) if human.next_update.on else "",
    }


def _spoken(case: CaseFacts, organization: str, facts: dict[str, Any]) -> dict[str, Safe]:
    rows, language, others = facts["rows"], facts["language"], came_again(case, organization)
    stages = (("blind", is_blind(case)), ("running", is_running(case)), ("open", not is_over(case)), ("again", others))
    told = Told(
        language=language,
        people=len(rows),
        excess=sum(row.excess for row in rows),
        most=max(row.sends for row in rows),
        span=language.span(facts["first"], facts["last"]),
        last=facts["last"],
        through=case.log_complete_through,
        stage=next((stage for stage, is_it in stages if is_it), "over"),
        others=[other.incident_id for other in others],
        is_cause_known=facts["human"].cause.status == "confirmed",
    )
    return {name: Safe(line) for name, line in asdict(spoken_lines(told)).items()}


def _spoken_name(client: Client, code: str) -> str:
    """Whom one greets on the telephone: "Frau Berger", if that is how the letter addresses her; else the whole name."""
    formal = re.fullmatch(r"Sehr geehrter? ((?:Frau|Herr) .+?)[ ,]*", client.salutation) if code == "de" else None
    return formal[1] if formal else client.contact.partition(",")[0].strip()


def _stage(case: CaseFacts) -> str:
    return "over" if is_over(case) else "blind" if is_blind(case) else "going"


def _state(case: CaseFacts, organization: str) -> str:
    after = "".join(f", but {other.incident_id} came after it" for other in came_again(case, organization))
    return f"no{after}" if is_over(case) else "yes, or unknown"


def _folder(case: CaseFacts, organization: str) -> str:
    return client_folders(case.incident.organizations)[organization]
