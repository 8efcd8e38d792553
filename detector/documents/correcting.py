"""What is no longer so in a letter that a client holds, and the lines with which the next letter sets it right."""

from collections.abc import Iterator, Mapping
from datetime import date

from detector.case_record import CaseRecord, Step
from detector.documents.languages import Language
from detector.documents.templates import Safe, fill, one_line

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
        "H9": "When I write to you",
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
        "H9": "Wann ich Ihnen schreibe",
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
    english = Language("en")
    told = (
        (
            _label(code, "en"),
            _quoted(code, was, english),
            _quoted(code, now[code], english) if code in now else _gone(code),
        )
        for code, was in wrong.items()
    )
    return "; ".join(f"{label[0].lower()}{label[1:]} {was}, now {is_now}" for label, was, is_now in told)


def _label(code: str, language: str) -> str:
    """What a figure or a promise is called in a correction."""
    promise = {"en": "Promise", "de": "Zusage"}[language]
    return _LABELS[language].get(code) or f"{promise} {code.rpartition(' ')[2]}"


def _gone(code: str) -> str:
    return "none" if code in _LABELS["en"] and code != "H9" else "withdrawn"


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
    record: CaseRecord | None, organization: str, tokens: Mapping[str, Safe], language: Language, now: Mapping[str, str]
) -> Iterator[tuple[str, str | Safe, str | Safe]]:
    """(what, as it was written, as it is) of each figure and each promise to correct; `now` has what is no figure."""
    for code, was in wrong_figures(record, organization).items():
        label = _label(code, language.code)
        if code in tokens:
            yield label, tokens[held_code(code)], tokens[code]
        elif code in now:
            yield label, _quoted(code, was, language), _quoted(code, now[code], language)
        elif not code.startswith("F"):
            in_language, open_part = {"en": ("withdrawn", ""), "de": ("zurückgenommen", "in German: ")}[language.code]
            why = fill("H8", f"{open_part}why it no longer stands{_reason(record, organization, code)}")
            yield label, _quoted(code, was, language), Safe(f"{in_language}: {why}")


def _quoted(code: str, words: str, language: Language) -> str | Safe:
    """The words of a promise in quotation marks, as people wrote them; days and times as they are."""
    shown = f"„{words}“" if language.code == "de" else f"“{words}”"
    return words if code in _LABELS["en"] else Safe(shown)


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
