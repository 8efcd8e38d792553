"""The letter of apology to one client: a draft that people finish, approve and send. The program never mails a client.

The parts stand in the order in which they weigh: responsibility and regret, what it meant, explanation, what is true
now, repair, change, follow-up. Every figure is that client's own and stands in the text as a token, "{F4: 51}": the
code binds it to the log, so that an edited letter goes out with today's figure. While copies may still go out there is
no letter, only a holding note. That is another text with a file of its own: it is approved and sent for itself, stays
as it went out, and never stands where the letter belongs.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from detector.case_record import CORRECTION, HOLDING_NOTE, LETTER
from detector.documents.correcting import corrected, dated, held_figures, wrong_figures
from detector.documents.desk import Desk, SharedWords, client_folders, others_of, people_of, shared_words
from detector.documents.escaping import in_brief, markdown, visible
from detector.documents.languages import Language
from detector.documents.letter_text import as_token
from detector.documents.letter_words import CAUSE, is_promise, said, still_so
from detector.documents.sentences import in_markdown, mail_name
from detector.documents.still_going import came_again, is_blind, is_over, is_running
from detector.documents.templates import Safe, fill, one_line, render_markdown
from detector.records import AffectedRecipient, CaseFacts, Document

MAIL_NAME_CHARACTERS = 80
MOST_TEAMS = 8
MOVING = frozenset({"F11"})
"""Where the log ends moves every night; it alone takes no approval away."""
FILES = {LETTER: "letter.md", HOLDING_NOTE: "holding-note.md"}
_ORDINALS = {"en": ("second", "third", "fourth"), "de": ("zweite", "dritte", "vierte")}


_TEMPLATES = {LETTER: "apology_letter", HOLDING_NOTE: "holding_note", CORRECTION: "correction"}


def due(case: CaseFacts, organization: str) -> str:
    """What a client is to be written now: the letter once it is over, before that a holding note; and a correction if
    it holds a letter that is wrong."""
    if not is_over(case):
        return HOLDING_NOTE
    return CORRECTION if case.record and case.record.outdated_for(organization) else LETTER


def letter_name(case: CaseFacts, organization: str, kind: str) -> str:
    """Where the draft of this kind lies in the incident's folder."""
    return f"{client_folders(case.incident.organizations)[organization]}{file_name(case, organization, kind)}"


def file_name(case: CaseFacts, organization: str, kind: str) -> str:
    """letter.md, holding-note.md; the next correction is the client's second letter, or its third."""
    return f"letter-{len(corrections_sent(case, organization)) + 2}.md" if kind == CORRECTION else FILES[kind]


def corrections_sent(case: CaseFacts, organization: str) -> list[str]:
    """Where the corrections lie that a client has had: letter-2.md, letter-3.md, ..."""
    sent = [step for step in (case.record.corrections if case.record else ()) if step.organization == organization]
    place = client_folders(case.incident.organizations)[organization]
    return [f"{place}letter-{number}.md" for number in range(2, len(sent) + 2)]


def letter_facts(case: CaseFacts, organization: str, language: Language) -> dict[str, str]:
    """Code of each token -> what it says today, counted from this client's people only."""
    rows = people_of(case, organization)
    if not rows:
        raise ValueError(f"nobody of {visible(organization)} is affected by {case.incident.incident_id}")
    copies = sorted(row.sends for row in rows)
    extras = [row.first_extra_at for row in rows if row.first_extra_at is not None]
    last, middle = (
        max(row.last_sent_at for row in rows),
        (copies[(len(copies) - 1) // 2] + copies[len(copies) // 2]) / 2,
    )
    facts = {
        "F3": visible_mail_name(case, organization),
        "F4": language.number(len(rows)),
        "F6": language.number(sum(copies)),
        "F7": language.number(sum(row.excess for row in rows)),
        "F8": language.spread(copies[0], middle, copies[-1]),
        "F9": _when(language, min(extras), last) if extras else "",
        "F10": language.at(last),
        "F11": language.at(case.log_complete_through),
    }
    before = [known for known in case.earlier if known.organization == organization]
    if before:
        facts |= {"F18a": language.day(before[0].started_at), "F18b": language.number(before[0].excess)}
    for number, (_, theirs) in enumerate(teams(rows), start=1):
        facts[f"F4-{number}"] = language.number(len(theirs))
        facts[f"F7-{number}"] = language.number(sum(row.excess for row in theirs))
    facts |= held_figures(case.record, organization)
    return {code: shown for code, shown in facts.items() if shown}


def teams(rows: Sequence[AffectedRecipient]) -> list[tuple[str, list[AffectedRecipient]]]:
    """The client's people by the domain of their addresses, if there are several, most people first."""
    counts = Counter(row.recipient.rpartition("@")[2] for row in rows)
    if not 1 < len(counts) <= MOST_TEAMS:
        return []
    domains = sorted(counts, key=lambda domain: (-counts[domain], domain))
    return [(domain, [row for row in rows if row.recipient.rpartition("@")[2] == domain]) for domain in domains]


def stopped_at(case: CaseFacts, language: Language) -> str:
    """When it was stopped, as the journal has it; "" if nobody noted it."""
    at = case.record.contained_at if case.record else None
    return language.at(at) if at else ""


def noted_how(case: CaseFacts) -> str:
    """What the journal says stopped it, as a hint to whoever puts it into words for the client."""
    how = one_line(case.record.contained_how if case.record else "").replace("[", "(").replace("]", ")")
    return f"; the journal says: {how}" if how else ""


def render_letter(case: CaseFacts, organization: str, desk: Desk) -> Document:
    """The draft to one organization: a letter, or a holding note while nobody can say that it has stopped."""
    language = desk.language(organization)
    shown = letter_facts(case, organization, language)
    shared = shared_words(desk, case, language.code, organization)
    kind, tokens = due(case, organization), _tokens(shown)
    facts = _facts(case, organization, desk, shared) | {"t": tokens, "shared": shared}
    if kind == CORRECTION:
        facts |= _correction(case, organization, desk, tokens)
    text = render_markdown(f"{_TEMPLATES[kind]}.{language.code}.md", facts)
    moving = [(code, value) for code, value in shown.items() if code not in MOVING]
    told = [(code, " ".join(texts)) for code, texts in said(desk, organization, shared, language).items()]
    return Document(letter_name(case, organization, kind), text, figures=(*moving, *told))


def visible_mail_name(case: CaseFacts, organization: str) -> str:
    """The mail by a name the client knows; "" if the log has none, or if it could give away another client."""
    name = "" if case.incident.rung == "sender+size" else in_brief(mail_name(case), MAIL_NAME_CHARACTERS)
    gives_away = "@" in name or any(other in name.casefold() for other in others_of(case, organization))
    return "" if gives_away else name


def _when(language: Language, first: datetime, last: datetime) -> str:
    """The span as the first words after the salutation, where English has a capital and German has none."""
    span = language.span(first, last)
    return span if language.code == "de" else span[0].upper() + span[1:]


def _tokens(shown: Mapping[str, str]) -> dict[str, Safe]:
    """The figures as they stand in the draft; whatever a name holds, it cannot end its token or look like another."""
    return {code: Safe(f"{{{code}: {as_token(value)}}}") for code, value in shown.items()}


def _facts(case: CaseFacts, organization: str, desk: Desk, shared: SharedWords) -> dict[str, Any]:
    """What the template asks for beside the figures."""
    rows = people_of(case, organization)
    client, language, human = desk.client(organization), desk.language(organization), desk.human
    before = len({known.incident_id for known in case.earlier if known.organization == organization})
    names = _ORDINALS[language.code]
    return {
        "incident": case.incident,
        "organization": organization,
        "client": client,
        "us": desk.sender,
        "human": human,
        "words": desk.words(organization),
        "addressee": _addressee(organization, desk.words(organization).name),
        "greeting": _greeting(client.contact, client.salutation, language.code),
        "is_one": len(rows) == 1,
        "times": language.times(max(row.sends for row in rows)),
        "due": expected.pop() if len(expected := {row.expected for row in rows}) == 1 else None,
        "most": max(row.sends for row in rows),
        "ordinal": names[min(before, len(names)) - 1] if before else "",
        "teams": [client.teams.get(domain, domain) for domain, _ in teams(rows)],
        "promises": [(words, promise.owner, Safe(language.day(promise.due))) for promise, words in shared.promises],
        "stopped_at": stopped_at(case, language),
        "came_again": came_again(case, organization),
        "noted_how": noted_how(case),
        "date": language.day(human.letter.date) if human.letter.date else "",
        "next_on": language.day(human.next_update.on) if human.next_update.on else "",
        "fill_promise": Safe(fill("H8", "the change, its owner and its date: detector incidents promise")),
        "is_withdrawn": case.incident.state == "withdrawn",
        "is_running": is_running(case) and not shared.stopped,
        "is_blind": is_blind(case),
        "advice": in_markdown(case).advice,
    }


def _correction(case: CaseFacts, organization: str, desk: Desk, tokens: Mapping[str, Safe]) -> dict[str, Any]:
    """What only a correction says: which letter was wrong, in what, and its own day."""
    language, record, day = desk.language(organization), case.record, desk.human.letter.date
    first = record.held(organization) if record else None
    wrong = wrong_figures(record, organization)
    now = {"stop": stopped_at(case, language)} | still_so(case, organization, desk, language)
    of_letter = dated(first, language) if first else ""
    is_new = day is not None and language.day(day) != of_letter
    return {
        "dated": Safe(of_letter),
        "corrected_on": language.day(day) if day and is_new else "",
        "corrected": list(corrected(record, organization, tokens, language, now)),
        "is_promise_moved": any(is_promise(code) for code in wrong),
        "is_figure_moved": any(not is_promise(code) and code != CAUSE for code in wrong),
        "is_cause_moved": CAUSE in wrong,
    }


def _addressee(organization: str, name: str) -> Safe:
    """What the client is called in its letter: as people say, else as the log has it, unless that is no name."""
    if not name.strip() and re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", organization):
        return Safe(fill("H4", "what the client is called; the log knows it only by its mail domain"))
    return Safe(one_line(name) or markdown(organization))


def _greeting(contact: str, salutation: str, code: str) -> str:
    """The salutation that people gave, else the contact's name; "" leaves it to people."""
    name = contact.partition(",")[0].strip()
    hello = "Guten Tag" if code == "de" else "Dear"
    return salutation.rstrip(" ,") or (f"{hello} {name}" if name else "")
