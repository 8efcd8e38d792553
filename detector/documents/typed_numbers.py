"""Numbers that people type: which of them look like a figure of the incident, and which like something else.

"53 people" and "3,600 extra copies" count what the log counts; days, times, telephones, money, shares and spans of time
do not. Whatever is left, such as a ticket or a version, only its writer can judge.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGINS = r"(?<![\w.,:])(?<!\u2039U\+)"
"""Within no word or number, and not in \u2039U+202E\u203a, which stands for what is hidden in a name."""
NUMBER = re.compile(rf"{_BEGINS}\d[\d.,:]*\d|{_BEGINS}\d")

_MONTHS = (
    r"(?:Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli|Aug(?:ust)?"
    r"|Sep(?:t|tember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?)\b\.?"
)
_AMOUNT = r"\d[\d.,]*"
_MONEY = r"(?:[$€£]|\b(?:EUR|USD|GBP|CHF|Euros?|dollars?|pounds?|Franken|cents?)\b)"
_SPAN = (
    r"(?:seconds?|minutes?|min|hours?|days?|weeks?|months?|years?|Sekunden?|Minuten?|Stunden?|Tage?n?|Wochen?"
    r"|Monate?n?|Jahre?n?)\b"
)
_ELSE = re.compile(
    "|".join(
        (
            r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+Z?)?",
            r"\d{1,2}[./]\d{1,2}[./](?:\d{2,4})?",
            rf"\d{{1,2}}(?:\.|st|nd|rd|th)? (?:of )?{_MONTHS}(?:,? \d{{4}})?",
            rf"{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?",
            r"\d{1,2}:\d\d(?::\d\d)?",
            r"\d{1,2}(?:\.\d\d)? ?(?:[ap]\.?m\b\.?|Uhr\b|o'clock)",
            r"(?<![\w.,])\+?\(?\d[\d ()/-]{6,}\d(?![.,]?\d)",
            rf"{_MONEY} ?{_AMOUNT}|{_AMOUNT} ?{_MONEY}",
            rf"{_AMOUNT} ?(?:%|per ?cent\b|Prozent\b)",
            rf"{_AMOUNT}[ -]{_SPAN}",
        )
    ),
    re.IGNORECASE,
)
_BETWEEN = (
    r"(?:\s+(?:of|the|these|your|our|their|its|extra|duplicate|identical|same|unwanted|further|other|more|affected"
    r"|additional|der|die|dieser?n?|den|von|Ihre[nr]?|unsere[nr]?|weiteren?|doppelten?|zusätzlichen?|gleichen?"
    r"|identischen?|überzähligen?|betroffenen?))*"
)
_PEOPLE = (
    r"(?:people|persons?|colleagues?|employees?|learners?|students?|staff|members?|recipients?|users?|mailbox(?:es)?"
    r"|inbox(?:es)?|Personen|Menschen|Leuten?|Mitarbeite\w+|Kolleg\w+|Beschäftigten?|Lernenden?|Mitglieder\w*"
    r"|Empfänger\w*|Postfächer\w*)"
)
_COPIES = r"(?:copy|copies|e?-?mails?|messages?|times|duplicates?|Kopien?|Nachrichten?|Mal|Exemplaren?)"
_THINGS = (
    r"(?:teams?|offices?|sites?|branch(?:es)?|departments?|courses?"
    r"|Büros?|Standorten?|Filialen?|Abteilungen?|Kursen?)\b"
)
_THEIRS = (
    r"\s+(?:(?P<them>of\s+them|von\s+ihnen)|(?:of\s+you|von\s+euch)"
    rf"|(?:of\s+(?:your|their)|(?:von\s+)?(?:Ihre[nr]|eure[nr]))\s+(?!{_THINGS}|{_SPAN})[\w-]+)\b"
)
"""Whoever is "of you" or "of your drivers" is a person, whatever they are called; "of your teams" are none."""
COUNTED = re.compile(
    rf"(?:{_BETWEEN}\s+(?:(?P<copies>{_COPIES})|{_PEOPLE})\b|{_THEIRS})",
    re.IGNORECASE,
)
ELSE_AFTER = re.compile(rf"[ -]?(?:%|per ?cent\b|Prozent\b|Uhr\b|o'clock|{_MONEY}|{_SPAN}|{_MONTHS})", re.IGNORECASE)
"""What follows a number that counts neither people nor copies."""
_YEAR = re.compile(r"(?:19|20)\d\d")


_ROUNDLY = re.compile(
    r"\b(?:dozens|scores|hundreds|thousands|Dutzende|Hunderte|Tausende)\b(?: of\b| von\b)?" + COUNTED.pattern,
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Typed:
    """A number in somebody's words that is no day, time, telephone, sum of money, share or span."""

    number: str
    words: str
    """The number with what it counts: "53 of your colleagues"; the number alone if it counts nothing we know."""
    counts: str
    """ "people", "copies", "either" of these ("53 of them"), or "" for anything else."""
    value: int | None = None
    """Of a number in words."""


def typed_numbers(text: str) -> Iterator[Typed]:
    """The numbers in somebody's words that may be figures, in order."""
    text = _ELSE.sub(lambda found: "\ue000" * len(found[0]), text)
    for found in NUMBER.finditer(text):
        counted = COUNTED.match(text, found.end())
        if counted:
            yield Typed(found[0], " ".join(text[found.start() : counted.end()].split()), kind_of(counted))
        elif not _YEAR.fullmatch(found[0]):
            yield Typed(found[0], found[0], "")


def kind_of(counted: re.Match[str]) -> str:
    """What a number counts, by the words after it."""
    return "copies" if counted["copies"] else "either" if counted["them"] else "people"


def other_numbers(text: str) -> list[str]:
    """What has a number in it and counts neither people nor copies: the days, times, telephones, sums and spans."""
    return [found[0] for found in _ELSE.finditer(text) if re.search(r"\d", found[0])]


def round_numbers(text: str) -> list[str]:
    """Where somebody says roughly how many people or copies: "hundreds of emails"."""
    return [" ".join(found[0].split()) for found in _ROUNDLY.finditer(text)]
