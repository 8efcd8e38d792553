"""What is no longer so in a letter that a client holds, and the lines with which the next letter sets it right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from detector.case_record import CaseRecord, Step
from detector.documents.languages import Language
from detector.documents.templates import Safe, fill, one_line

_LABELS = {
    "en": {
        "H1": "How it happened",
        "F3": "The email",
        "F4": "People",
        "F7": "Copies too many",
        "F8": "Copies to each person",
        "F9": "When",
        "F10": "The last copy",
        "F18a": "The time before",
        "F18b": "Copies too many at the time before",
        "H9": "When I write to you",
        "stop": "Stopped",
    },
    "de": {
        "H1": "Wie es dazu kam",
        "F3": "Die E-Mail",
        "F4": "Personen",
        "F7": "E-Mails zu viel",
        "F8": "E-Mails an jede Person",
        "F9": "Zeit",
        "F10": "Die letzte dieser E-Mails",
        "F18a": "Das Mal davor",
        "F18b": "E-Mails zu viel beim Mal davor",
        "H9": "Wann ich Ihnen schreibe",
        "stop": "Angehalten",
    },
}
"""Code of what stands in a letter -> what it is called in a correction."""
_WORDS = ("H1", "H9")
"""What of it people wrote or promised."""
UNSENT = "not noted"
"""The stop time of a letter that says none."""


def no_longer_so(held: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """The figures of a letter that went out which differ today: code -> as the client holds it."""
    return {code: held[code] for code in _LABELS["en"] if code in held and held[code] not in (now.get(code), UNSENT)}


def in_words(wrong: Mapping[str, str], now: Mapping[str, str]) -> str:
    """For ourselves: "copies too many 3,539, now 3,542"."""
    labels = {**_LABELS["en"], "H1": "the cause", "H9": "our next word to them"}
    shown = {code: _quoted(code, text, "en") for code, text in now.items() if code in wrong}
    told = (
        (labels.get(code, code), _quoted(code, was, "en"), shown.get(code, _gone(code))) for code, was in wrong.items()
    )
    return "; ".join(f"{label[0].lower()}{label[1:]} {was}, now {is_now}" for label, was, is_now in told)


def _gone(code: str) -> str:
    return "none" if code in _LABELS["en"] and code not in _WORDS else "withdrawn"


def held_code(code: str) -> str:
    """The code of a figure as the client holds it: F7 -> F107."""
    return f"F1{code[1:].rjust(2 if code[-1].isdigit() else 3, '0')}"


def held_figures(record: CaseRecord | None, organization: str) -> dict[str, str]:
    """What the client holds, with codes of their own: {"F107": "3,539"}."""
    wrong = wrong_figures(record, organization)
    return {held_code(code): was for code, was in wrong.items() if code.startswith("F")}


def wrong_figures(record: CaseRecord | None, organization: str) -> Mapping[str, str]:
    """Code -> as the client holds it, of all that the journal says is no longer so."""
    step = record.outdated_for(organization) if record else None
    return step.fields.get("held", {}) if step else {}


@dataclass(frozen=True)
class Correction:
    """One thing that a client was told and is no longer so."""

    what: str
    was: str
    """As the letter has it."""
    now: str = ""
    taken_back: str = ""
    """Of a promise that no longer stands: the open part for the reason."""


def corrected(
    record: CaseRecord | None, organization: str, tokens: Mapping[str, Safe], language: Language, now: Mapping[str, str]
) -> Iterator[Correction]:
    """Each figure and each promise to correct; `now` has what is no figure."""
    promise = {"en": "My promise", "de": "Meine Zusage"}[language.code]
    for code, held in wrong_figures(record, organization).items():
        what, was = _LABELS[language.code].get(code, promise), _quoted(code, held, language.code)
        if code in tokens:
            yield Correction(what, tokens[held_code(code)], tokens[code])
        elif code in now:
            yield Correction(what, was, _quoted(code, now[code], language.code))
        elif not code.startswith("F"):
            prompt = {"en": "", "de": "in German: "}[language.code] + "why it no longer stands"
            yield Correction(
                what,
                was,
                taken_back=Safe(fill("H1" if code == "H1" else "H8", prompt + _reason(record, organization, code))),
            )


def _quoted(code: str, words: str, language: str) -> Safe:
    """The words of a promise or of the cause in quotation marks, as people wrote them; days and times as they are."""
    shown = f"„{words}“" if language == "de" else f"“{words}”"
    return Safe(words if code in _LABELS["en"] and code != "H1" else shown)


def _reason(record: CaseRecord | None, organization: str, code: str) -> str:
    """Why a promise was withdrawn, as a hint to whoever puts it into words for the client."""
    made = [promise for promise in (record.promises if record else ()) if promise.is_to(organization)]
    meant = (p for p in made if (code == f"promise {p.number}" or (code == "H9" and p.follows)) and p.withdrawn_at)
    why = next((promise.withdrawn_because for promise in meant), "")
    return f"; the journal says: {one_line(why).replace('[', '(').replace(']', ')')}" if why else ""


def dated(step: Step, language: Language) -> str:
    """The day of a letter that went out: its date, or the day on which it was sent."""
    day = step.fields.get("dated")
    return language.day(date.fromisoformat(day) if day else step.at)
