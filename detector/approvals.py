"""What an approval of a letter binds, and what of it no longer holds: the text, the figures, what people filled in.

A figure that the log moved, a word that somebody corrected in human.toml and a letter that somebody edited all make a
letter another one than was approved; which of them it was is said. Pure.
"""

import json
from collections.abc import Mapping

from detector.case_record import CORRECTION, HOLDING_NOTE, Step
from detector.documents.apology_letter import MOVING, due, letter_facts, stopped_at
from detector.documents.correcting import UNSENT, in_words, no_longer_so
from detector.documents.desk import Desk
from detector.documents.languages import Language
from detector.documents.letter_words import CAUSE, bound_words, changed, is_promise, still_so
from detector.documents.still_going import came_again, is_blind, is_over
from detector.records import CaseFacts
from detector.written_list import sha256


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
    """What the journal keeps of an approval: the hash of the text, the figures, their hash, what people filled in."""
    facts, language, day = bound_facts(case, organization, desk), desk.language(organization), desk.human.letter.date
    kind = due(case, organization)
    bound: dict[str, object] = {
        "organization": organization,
        "dated": day.isoformat() if day else "",
        "written_in": [language.code, language.zone],
        "text_sha256": sha256(text),
        "facts": facts,
        "facts_sha256": facts_hash(facts),
        "words": bound_words(case, organization, desk, kind),
    }
    update = desk.human.next_update
    if kind == CORRECTION or update.on is None:
        return bound
    return bound | {"next_on": update.on.isoformat(), "next_by": update.by.strip() or desk.sender.signatory}


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
    if desk.is_read:
        words = bound_words(case, step.organization, desk, kind)
        found += changed(step.fields.get("words", words), words)
    if text is None:
        found.append(f"the {kind} was deleted")
    elif sha256(text) != step.fields.get("text_sha256"):
        found.append("the text was changed")
    if kind != HOLDING_NOTE and not is_over(case):
        found.append("the log is too old to tell that it is over" if is_blind(case) else "it is not over")
    return found


def wrong_in(held: Step, case: CaseFacts, desk: Desk) -> tuple[dict[str, str], str]:
    """What of a letter that went out is no longer so, by code and in words, in the language it was written in."""
    if held.organization not in case.incident.organizations:
        return {}, "they are no longer among those hit"
    written_in = held.fields.get("written_in")
    language = Language(*written_in) if written_in else desk.language(held.organization)
    now = _facts_in(case, held.organization, language)
    wrong = no_longer_so(held.fields.get("facts", {}), now)
    if desk.is_read or language.code == "en":  # what is promised in German stands in human.toml
        held_words = held.fields.get("words", {})
        now |= still_so(case, held.organization, desk, language)
        told = {code: was for code, was in held_words.items() if is_promise(code) or (code == CAUSE and desk.is_read)}
        wrong |= {code: was for code, was in told.items() if now.get(code) != was}
    return wrong, in_words(wrong, now)


def facts_hash(facts: Mapping[str, str]) -> str:
    """The fingerprint of figures, whatever their order."""
    return sha256(json.dumps(dict(facts), sort_keys=True).encode())
