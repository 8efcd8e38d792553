"""The names of other clients as people write them: short, without accents, with "and" for "&", without "Ltd".

"Pinecrest School District" is also "Pinecrest", "the pinecrest schools" or "pinecrestschooldistrict". Its first word
alone points to it surely only with a capital, and never if any draft of ours has the word, or the calendar: that is an
everyday word.
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
_WORD = re.compile(r"([^\W_]+)(?:['\u2019]s\b)?")
SHORT = 3
"""Letters of a word that is an everyday word or an abbreviation, whatever it names."""


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
    written = ((number, word) for number, line in lines for word in _WORD.finditer(line))
    found = [Word(plain(word[1]), word[1], number, begins_sentence(word)) for number, word in written]
    return [word for word in found if word.plain not in _JOINING]


def begins_sentence(word: re.Match[str]) -> bool:
    """Nothing of the sentence stands before it on its line."""
    before = word.string[: word.start()].rstrip(" *_“„\"'(")
    return not before or before[-1] in ".!?:"


def likenesses(
    words: Sequence[Word], names: Sequence[str], everyday: frozenset[str], *, has_capital_nouns: bool
) -> Iterator[Likeness]:
    """Where a text has the name of somebody, or how it begins; sure or not, at most once for each name."""
    places: dict[str, list[int]] = {}
    common = frozenset(map(one_of, everyday))
    for place, word in enumerate(words):
        places.setdefault(one_of(word.plain), []).append(place)
    for name in names:
        parts = [one_of(part) for part in parts_of(name)]
        found = [_at(place, words, name, parts) for place in places.get(parts[0], ())] if parts else []
        told = [one for one, is_whole in found if is_whole or _points(one, common)]
        joined = places.get(one_of("".join(parts)), []) if len(parts) > 1 else []
        told += [Likeness(name, words[place].written, words[place].line, is_sure=True) for place in joined]
        if told:
            one = max(told, key=lambda one: (one.is_sure, -one.line))
            is_word = has_capital_nouns and " " not in one.written and not joined
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


def one_of(word: str) -> str:
    """A word without the s of several: "larkspurs" -> "larkspur"."""
    return word[:-1] if len(word) > SHORT + 1 and word[-1] == "s" and word[-2] != "s" else word


def seen(text: str) -> str:
    """A text as eyes see it: without soft hyphens and whatever else has no width."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def stem_of(domain: str) -> str:
    """What a mail domain is called: "mail.larkspur-dental.example" -> "larkspur-dental"."""
    return max(domain.split(".")[:-1], key=len, default="")


def calendar() -> frozenset[str]:
    """The months and days of the week, which begin the names of many a firm."""
    return _DAYS | {plain(month) for month in month_names()}


def _at(place: int, words: Sequence[Word], name: str, parts: Sequence[str]) -> tuple[Likeness, bool]:
    """How much of a name stands at a place, and whether it is all of several words."""
    length = 1
    while length < len(parts) and place + length < len(words) and one_of(words[place + length].plain) == parts[length]:
        length += 1
    here = words[place : place + length]
    is_sure = length > 1 or (here[0].written[0].isupper() and not here[0].begins)
    return Likeness(name, " ".join(word.written for word in here), here[0].line, is_sure), 1 < length == len(parts)


def _points(one: Likeness, everyday: frozenset[str]) -> bool:
    """Whether some of a name points to it at all."""
    first, *more = one.written.split()
    return bool(more) or not (len(first) <= SHORT or one_of(plain(first)) in everyday)
