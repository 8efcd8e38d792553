"""The numbers of a letter that people typed, compared with the figures of today."""

import re
from collections.abc import Iterator

from detector.documents.apology_letter import stopped_at
from detector.documents.desk import shared_words
from detector.documents.human import prose, words_in
from detector.documents.letter_checking import Checking, Finding
from detector.documents.letter_text import FILL, TOKEN
from detector.documents.letter_words import still_so
from detector.documents.spelt_numbers import EVERYDAY, spelt_numbers
from detector.documents.templates import one_line
from detector.documents.typed_numbers import NUMBER, Typed, other_numbers, round_numbers, typed_numbers

_UNBOUND = "is bound to no figure of the log. See that it is right."


def wrong_figures(c: Checking) -> Iterator[Finding]:
    """A number typed into the letter must be a figure of today, or stand in what people filled in; one that counts
    people or copies must be a figure whatever people filled in. Days, times, telephones, sums and spans are people's
    own; those that nobody filled in are pointed at."""
    told = [words_in(c.desk.human), c.organization, c.case.incident.incident_id, *_addresses(c)]
    allowed = {digits for text in told for digits in re.findall(r"\d+", text)}
    for number, line in c.lines:
        line = TOKEN.sub(" ", FILL.sub(" ", line.replace(c.case.incident.incident_id, " ")))
        for words in filter(None, (*map(one_line, _typed(c).values()), *c.was_told)):
            line = line.replace(words, " ")  # of these `typed_by_hand` speaks
        for one in typed_numbers(line):
            if not _is_figure(one, c) and (one.counts or not _is_filled_in(one.number, allowed)):
                code, value = _nearest(one, c)
                text = f"“{one.words}” is no figure of today. Nearest: {code}, {value}. Write {{{code}: {value}}}."
                yield Finding(number, text)
        yield from _other_figures(line, number, allowed, c)
        for one in spelt_numbers(line):
            yield from _in_words(one, number, "", c)


def _other_figures(line: str, number: int, allowed: set[str], c: Checking) -> Iterator[Finding]:
    """What people may well write, and is pointed at: a day, time or sum that nobody filled in, and "hundreds"."""
    for words in other_numbers(line):
        theirs = (Typed(digits, digits, "") for digits in NUMBER.findall(words))
        if not all(_is_figure(one, c) or _is_filled_in(one.number, allowed) for one in theirs):
            yield Finding(number, f"“{words}” {_UNBOUND}", is_refused=False)
    for words in round_numbers(line):
        yield Finding(number, f"“{words}”: the log knows how many. Write a figure, or nothing.", is_refused=False)


def typed_by_hand(c: Checking) -> Iterator[Finding]:
    """A figure in human.toml or in a promise is bound to no fact: it must be one of today. Of other numbers people are
    only told."""
    for place, words in _typed(c).items():
        for one in typed_numbers(words):
            if _is_figure(one, c):
                continue
            code, value = _nearest(one, c)
            nearest = f"is no figure of today. Nearest: {code}, {value}. Leave it out, or in words if it is none."
            said = nearest if one.counts else _UNBOUND
            yield Finding(0, f"{place}: “{one.words}” {said}", bool(one.counts))
        for one in spelt_numbers(words):
            yield from _in_words(one, 0, f"{place}: ", c)


def _is_filled_in(number: str, allowed: set[str]) -> bool:
    return set(re.findall(r"\d+", number)) <= allowed


def _in_words(one: Typed, number: int, place: str, c: Checking) -> Iterator[Finding]:
    """A number in words is bound to no fact: one that counts people or copies must be a figure of today. A small one
    may be any, and is pointed at, as is one of which nobody can tell what it counts."""
    is_everyday = one.value is not None and one.value <= EVERYDAY
    if _is_figure(one, c) or (is_everyday and not one.counts):
        return
    code, value = _nearest(one, c)
    is_refused = bool(one.counts) and not is_everyday
    yield Finding(number, f"{place}“{one.words}” is no figure of today. Nearest: {code}, {value}.", is_refused)


def _typed(c: Checking) -> dict[str, str]:
    """What people wrote and the letter is made of, by where it stands."""
    made = shared_words(c.desk, c.case, c.language.code, c.organization).promises
    words = prose(c.desk.human, c.organization, c.language.code)
    return {f"human.toml, {place}": text for place, text in words.items()} | {
        f"promise {promise.number}": text for promise, text in made
    }


def _is_figure(one: Typed, c: Checking) -> bool:
    number = one.number if one.value is None else c.language.number(one.value)
    return any(number in NUMBER.findall(shown) for _, shown in _figures_of(one, c))


def _figures_of(one: Typed, c: Checking) -> list[tuple[str, str]]:
    """The figures that a number can stand for: those of people, of copies, or any."""
    people, copies = ("F4",), ("F6", "F7", "F8", "F18b")
    codes = {"people": people, "copies": copies, "either": (*people, *copies), "": ("F",)}[one.counts]
    return [(code, shown) for code, shown in c.facts.items() if code.startswith(codes)]


def _addresses(c: Checking) -> list[str]:
    """Where further numbers may come from: addresses, telephones, days, the promises, what was due to each person."""
    client, us, human = c.desk.client(c.organization), c.desk.sender, c.desk.human
    promised = still_so(c.case, c.organization, c.desk, c.language).values()
    days = [c.language.day(day) for day in (human.letter.date, human.next_update.on) if day]
    due = [str(row.expected) for row in c.case.affected]
    known = [client.contact, client.salutation, client.phone, us.name, us.phone, us.role]
    return [*known, *promised, *c.was_told, *days, *due, stopped_at(c.case, c.language), c.corrects]


def _nearest(one: Typed, c: Checking) -> tuple[str, str]:
    """The figure whose number is nearest to a typed one."""

    def value(text: str) -> float:
        return float("".join(re.findall(r"\d", text)) or "inf")

    typed = value(one.number) if one.value is None else one.value
    numbers = [(code, shown) for code, shown in _figures_of(one, c) if NUMBER.fullmatch(shown)]
    return min(numbers, key=lambda fact: abs(value(fact[1]) - typed))
