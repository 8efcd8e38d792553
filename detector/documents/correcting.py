"""What is no longer so in a letter that a client holds, and the lines with which the next letter sets it right."""

from collections.abc import Iterator, Mapping
from datetime import date

from detector.case_record import CaseRecord, Step
from detector.documents.languages import Language
from detector.documents.templates import Safe

_LABELS = {
    "en": {
        "F3": "The email",
        "F4": "People",
        "F7": "Copies too many",
        "F8": "Copies to each person",
        "F9": "When",
        "F10": "The last copy",
        "F18a": "The time before",
        "F18b": "Copies too many at the time before",
        "stop": "Stopped",
    },
    "de": {
        "F3": "Die E-Mail",
        "F4": "Personen",
        "F7": "E-Mails zu viel",
        "F8": "E-Mails an jede Person",
        "F9": "Zeit",
        "F10": "Die letzte dieser E-Mails",
        "F18a": "Das Mal davor",
        "F18b": "E-Mails zu viel beim Mal davor",
        "stop": "Angehalten",
    },
}
"""Code of a figure that stands in a letter -> what it is called in a correction."""
UNSENT = "not noted"
"""The stop time of a letter that says none."""


def no_longer_so(held: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """The figures of a letter that went out which differ today: code -> as the client holds it."""
    return {code: held[code] for code in _LABELS["en"] if code in held and held[code] not in (now.get(code), UNSENT)}


def in_words(wrong: Mapping[str, str], now: Mapping[str, str]) -> str:
    """For ourselves: "copies too many 3,539, now 3,542"."""
    labels = _LABELS["en"]
    told = (
        f"{labels[code][0].lower()}{labels[code][1:]} {was}, now {now.get(code, 'none')}" for code, was in wrong.items()
    )
    return "; ".join(told)


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


def corrected(
    record: CaseRecord | None, organization: str, tokens: Mapping[str, Safe], language: Language, stop: str
) -> Iterator[tuple[str, str | Safe, str | Safe]]:
    """(what, as it was written, as it is) of each figure to correct."""
    for code, was in wrong_figures(record, organization).items():
        label = _LABELS[language.code][code]
        if code == "stop":
            yield label, was, stop
        elif code in tokens:
            yield label, tokens[held_code(code)], tokens[code]


def dated(step: Step, language: Language) -> str:
    """The day of a letter that went out: its date, or the day on which it was sent."""
    day = step.fields.get("dated")
    return language.day(date.fromisoformat(day) if day else step.at)
