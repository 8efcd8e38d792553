"""Numbers that people spell out: "fifty-three people", "dreiundfünfzig Personen". In both languages, to 999,999.

Up to twelve they are mostly no figures ("two of our teams", "three times I tried to call"); what counts time, money or
shares never is one.
"""

import re
from collections.abc import Iterator

from detector.documents.typed_numbers import COUNTED, ELSE_AFTER, Typed, kind_of

EVERYDAY = 12
"""Numbers up to this are everyday words."""
_ENGLISH_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = {name: number for number, name in enumerate(_ENGLISH_UNITS)} | {
    name: 10 * number for number, name in enumerate(_ENGLISH_TENS, start=2)
}
_UNITS = ("null", "ein", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun")
_TEENS = (
    "zehn",
    "elf",
    "zwoelf",
    *(f"{name}zehn" for name in ("drei", "vier", "fuenf", "sech", "sieb", "acht", "neun")),
)
_TENS = ("zwanzig", "dreissig", "vierzig", "fuenfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_GERMAN = (
    {name: number for number, name in enumerate((*_UNITS, *_TEENS))}
    | {name: 10 * number for number, name in enumerate(_TENS, start=2)}
    | {
        f"{unit}und{ten}": 10 * tens + units
        for units, unit in enumerate(_UNITS[1:], start=1)
        for tens, ten in enumerate(_TENS, start=2)
    }
)
_WITHOUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = "|".join(sorted((*_ENGLISH, "hundred", "thousand"), key=len, reverse=True))
_SPELT = re.compile(rf"\b(?:a )?(?:{_WORD})\b(?:(?:[ -]| and )(?:{_WORD})\b)*|\b[^\W\d_]{{3,}}\b", re.IGNORECASE)


def spelt_numbers(text: str) -> Iterator[Typed]:
    """The numbers from two on that stand in words, in order, with what they count."""
    for found in _SPELT.finditer(text):
        word = found[0].casefold()
        is_times = word.endswith("mal")
        value = _english(word) or _german(word.removesuffix("mal"))
        if value is None or value < 2 or ELSE_AFTER.match(text, found.end()):
            continue
        counted = COUNTED.match(text, found.end())
        kind = "copies" if is_times else ""
        if counted:
            kind = kind_of(counted)
        end = counted.end() if counted else found.end()
        yield Typed(found[0], " ".join(text[found.start() : end].split()), kind, value)


def _english(words: str) -> int | None:
    """ "three thousand five hundred and thirty-nine" -> 3539; None for what is no number."""
    total = part = 0
    for word in re.split(r"[ -]", words):
        if word == "thousand":
            total, part = total + 1_000 * (part or 1), 0
        elif word == "hundred":
            part = 100 * (part or 1)
        elif word in _ENGLISH:
            part += _ENGLISH[word]
        elif word not in {"a", "and"}:
            return None
    return total + part


def _german(word: str) -> int | None:
    """ "dreitausendfünfhundertneununddreißig" -> 3539; None for what is no number."""
    word = word.translate(_WITHOUT_UMLAUTS)
    if word in _GERMAN:
        return _GERMAN[word]
    for name, size in (("tausend", 1_000), ("hundert", 100)):
        head, is_there, tail = word.partition(name)
        if is_there:
            many = _german(head) if head else 1
            rest = _german(tail.removeprefix("und")) if tail else 0
            return many * size + rest if many is not None and rest is not None else None
    return None
