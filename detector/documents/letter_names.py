"""The names of other clients as people write them: short, without accents, with "and" for "&", without "Ltd".

"Pinecrest School District" is also "Pinecrest" or "the Pinecrest School". Its first word alone points to it only with a
capital, and never if any draft of ours has the word, or the calendar: that is an everyday word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from detector.documents.languages import month_names

_LEGAL = re.compile(
    r"ab|ag|aps|as|bv|co|company|corp|corporation|ev|gmbh|inc|incorporated|kg|kgaa|limited|llc|llp|ltd|mbh|nv|oy|plc"
    r"|pty|sa|sarl|sas|se|spa|srl|ug"
)
_JOINING = frozenset({"and", "the", "und"})
_DAYS = frozenset(
    {f"{name}day" for name in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")}
    | {f"{name}tag" for name in ("mon", "diens", "donners", "frei", "sams", "sonn")}
    | {"mittwoch"}
)
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_SHORT = 3


@dataclass(frozen=True)
class Word:
    """One word of a letter."""

    plain: str
    """In small letters without accents."""
    written: str
    line: int
    begins: bool
    """A sentence begins with it."""


@dataclass(frozen=True)
class Likeness:
    """Some words of a letter that are a client's name, or how it begins."""

    name: str
    written: str
    line: int
    is_sure: bool


def words_of(lines: Sequence[tuple[int, str]]) -> list[Word]:
    """The words of a text in order, across its lines; "and" and "the" are left out, as people do in names."""
    found = []
    for number, line in lines:
        for word in re.finditer(r"[^\W_]+", line):
            before = line[: word.start()].rstrip(" *_“„\"'(")
            begins = not before or before[-1] in ".!?:"
            found.append(Word(plain(word[0]), word[0], number, begins))
    return [word for word in found if word.plain not in _JOINING]


def likenesses(
    words: Sequence[Word], names: Sequence[str], everyday: frozenset[str], *, has_capital_nouns: bool
) -> Iterator[Likeness]:
    """Where a text has the name of somebody, or how it begins; sure or not, at most once for each name."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word.plain, []).append(place)
    for name in names:
        parts = parts_of(name)
        found = (_at(place, words, name, parts) for place in places.get(parts[0], ())) if parts else ()
        told = [one for one, is_whole in found if is_whole or _points(one, everyday)]
        if told:
            one = max(told, key=lambda one: (one.is_sure, -one.line))
            is_word = has_capital_nouns and " " not in one.written
            yield replace(one, is_sure=one.is_sure and not is_word)


def parts_of(name: str) -> list[str]:
    """The words of a name that people say; a form of company at its end is none."""
    parts = [part for part in map(plain, re.findall(r"[^\W_]+", name)) if part not in _JOINING]
    while len(parts) > 1 and _LEGAL.fullmatch(parts[-1]):
        parts.pop()
    return parts


def plain(text: str) -> str:
    """In small letters without accents: "Bjørnvik" -> "bjornvik"."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in text if not unicodedata.combining(letter))


def calendar() -> frozenset[str]:
    """The months and days of the week, which begin the names of many a firm."""
    return _DAYS | {plain(month) for month in month_names()}


def _at(place: int, words: Sequence[Word], name: str, parts: Sequence[str]) -> tuple[Likeness, bool]:
    """How much of a name stands at a place, and whether it is all of several words."""
    length = 1
    while length < len(parts) and place + length < len(words) and words[place + length].plain == parts[length]:
        length += 1
    here = words[place : place + length]
    is_sure = length > 1 or not here[0].begins
    return Likeness(name, " ".join(word.written for word in here), here[0].line, is_sure), 1 < length == len(parts)


def _points(one: Likeness, everyday: frozenset[str]) -> bool:
    """Whether some of a name points to it at all."""
    first = one.written.split()[0]
    is_one = first == one.written
    return first[0].isupper() and not (is_one and (len(first) <= _SHORT or plain(first) in everyday))
