"""What people said and a letter is made of, by the code of its field: an approval binds it beside the figures.

Bound is what stands in human.toml and the journal. What comes from detector.toml is not: the text itself is, and the
config may be another one from command to command.
"""

import re
from collections.abc import Mapping

from detector.case_record import CORRECTION, HOLDING_NOTE, LETTER
from detector.documents.desk import Desk, SharedWords, shared_words
from detector.documents.escaping import visible
from detector.documents.languages import Language
from detector.documents.templates import one_line
from detector.records import CaseFacts

CAUSE, NEXT = "H1", "H9"
MEANINGS = {
    CAUSE: "the cause",
    "H3": "what stopped it",
    "H4": "the reader",
    "H6": "what it meant for them",
    "H7": "the repair",
    NEXT: "the next update",
    "H11": "which copy to keep",
    "H16": "the date and who signs",
}
"""Fields whose words stand in a letter as they are."""
_LESS = {HOLDING_NOTE: {"H3", "H4", "H9", "H16"}, CORRECTION: {"H4", "H16"}}
"""What these have of it; a letter has all."""


def said(desk: Desk, organization: str, shared: SharedWords, language: Language) -> dict[str, tuple[str, ...]]:
    """Code of a field -> the words as they stand in a letter; nothing of a field that is empty."""
    words, human, us = desk.words(organization), desk.human, desk.sender
    client, on, day = desk.client(organization), human.next_update.on, human.letter.date
    told = {
        CAUSE: (shared.cause if human.cause.status == "confirmed" else "",),
        "H2": (human.responsibility.whose,),
        "H3": (shared.stopped, shared.checked),
        "H4": (words.name, client.contact, client.salutation.rstrip(" ,")),
        "H6": (words.meaning,),
        "H7": (words.offer or shared.offer,),
        **{promise_code(p.number): (promised(text, p.owner, language.by(p.due)),) for p, text in shared.promises},
        NEXT: (language.day(on) if on else "",),
        "H11": (shared.keep,),
        "H16": (language.day(day) if day else "", us.name, us.signatory, us.role, us.phone),
    }
    shown = {code: tuple(filter(None, map(one_line, texts))) for code, texts in told.items()}
    return {code: texts for code, texts in shown.items() if texts}


def bound_words(case: CaseFacts, organization: str, desk: Desk, kind: str) -> dict[str, str]:
    """What an approval binds of it, by code; of a kind that says less, less."""
    language = desk.language(organization)
    shared = shared_words(desk, case, language.code, organization)
    found = said(Desk(human=desk.human), organization, shared, language)
    used = _LESS.get(kind)
    bound = {code: " ".join(texts) for code, texts in found.items() if used is None or code in used}
    held = case.record.held(organization) if case.record and kind == CORRECTION else None
    if held is not None:
        now = still_so(case, organization, desk, language)
        bound |= {code: now[code] for code in held.fields.get("words", {}) if code in now}
    return bound


def still_so(case: CaseFacts, organization: str, desk: Desk, language: Language) -> dict[str, str]:
    """What a client was promised and told of the cause, as it is today, by code; nothing of what was withdrawn."""
    shared = shared_words(desk, case, language.code, organization)
    now = {promise_code(p.number): promised(text, p.owner, language.by(p.due)) for p, text in shared.promises}
    made = case.record.promises if case.record else ()
    next_word = next((p for p in reversed(made) if p.follows == LETTER and p.organization == organization), None)
    if next_word is not None and next_word.withdrawn_at is None:
        now[NEXT] = language.day(next_word.due)
    if desk.human.cause.status == "confirmed" and shared.cause:
        now[CAUSE] = shared.cause
    return now


def is_promise(code: str) -> bool:
    """Whether a code stands for what a letter promises."""
    return code == NEXT or code.startswith("promise ")


def promise_code(number: int) -> str:
    """What a promise is called among the codes."""
    return f"promise {number}"


def promised(text: str, owner: str, by: str) -> str:
    """A promise as it stands in a letter: what, who, by which day."""
    return one_line(f"{text} ({owner}, {by})")


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """A few words for each field that differs."""
    names = {code: f"{code} ({meaning})" for code, meaning in MEANINGS.items()}
    return [
        f"{names.get(code, code)} was {_quoted(before.get(code))} and is {_quoted(now.get(code))}"
        for code in dict.fromkeys((*before, *now))
        if before.get(code) != now.get(code)
    ]


def stands_in(words: str, plain: str) -> bool:
    """Whether a letter has somebody's words, whatever marks of Markdown are among them."""
    return _bare(words) in _bare(plain)


def _bare(text: str) -> str:
    return re.sub(r"[*`]", "", " ".join(text.split())).rstrip(". ")


def _quoted(words: str | None) -> str:
    return f"“{visible(words, 200)}”" if words else "empty"
