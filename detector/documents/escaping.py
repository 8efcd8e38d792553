"""Text from a log is hostile until proven harmless: every way out of the program passes through one of these doors.

`visible` is the first door for all of them: what cannot be seen, or what turns the reading direction, is written out as
its code point, and nothing is longer than a person would read. The others know one output each: Markdown, CSV, mail.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

FIELD_CHARACTERS = 500
"""No single value from a log is shown longer than this, so that one 64 kB subject cannot drown a page."""

CELL_CHARACTERS = 1_000
"""The same for a CSV cell; real addresses have at most 254 characters."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_HIDDEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS_IN_A_ROW = 4

_PLAIN_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "So", "Pi", "Pf"})
_PLAIN_PUNCTUATION = frozenset(" ,.'\"!?:;()-/%+&=^\u2013\u2014\u2026\u00a0")
_MARKDOWN_STARTS = re.compile(r"[-.,!?:;)/%&'= \u00a0]|\+(?: |\Z)|\d+[.)]")
_MARKDOWN_HAZARDS = re.compile(r"//|:(?![ \d]|\Z)|\w\.[^\W\d]|&[#\w]*;|[ \u00a0]\Z|  ")

_FORMULA = re.compile(r"(\A|[;,|])([\s\"'\u2018-\u201f]*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])")
_INERT = re.compile(r"[A-Za-z0-9<][\w .:@<>()/-]{0,400}", re.ASCII)
"""Ids, addresses, times and numbers: nearly every cell."""
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
_CUT_BY_THE_STORE = re.compile(r" \.\.\. \[(\d{1,12}) characters, md5 [0-9a-f]{32}\]\Z")
_LINKABLE_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d])")


def visible(value: object, limit: int = FIELD_CHARACTERS) -> str:
    """The text on one line, capped, with nothing hidden: control and bidi characters appear as \u2039U+202E\u203a."""
    text = str(value)
    if len(text) <= limit and text.isascii() and text.isprintable():  # nearly every id and address
        return text
    shown, is_cut = _shown(text, limit)
    return f"{shown}\u2026 ({_length(text):,} characters)" if is_cut else shown


def in_brief(value: object, limit: int) -> str:
    """The same for a reader to whom it is enough to know the text again: whole words, and no count of the rest."""
    shown, is_cut = _shown(str(value), limit)
    if not is_cut:
        return shown
    words, blank, rest = shown.rpartition(" ")
    return f"{(words if blank and len(rest) <= limit // 2 else shown).rstrip(' ,.:;-')}\u2026"


def _shown(text: str, limit: int) -> tuple[str, bool]:
    """What of the text is shown, and whether there is more."""
    shown: list[str] = []
    length = marks = 0
    for character in text[: limit + 1]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        is_hidden = category in _HIDDEN_CATEGORIES or character in _HIDDEN_LETTERS or marks > _MARKS_IN_A_ROW
        piece = f"\u2039U+{ord(character):04X}\u203a" if is_hidden else character
        if length + len(piece) > limit:
            return "".join(shown), True
        shown.append(piece)
        length += len(piece)
    return "".join(shown), False


def _length(text: str) -> int:
    """How long a text was in the log: of one that the store has cut, what stands at its end."""
    cut = _CUT_BY_THE_STORE.search(text)
    return int(cut[1]) if cut else len(text)


def markdown(value: object, limit: int = FIELD_CHARACTERS) -> str:
    """The text so that no Markdown reader makes anything of it: as it is if it is plain words, else as a code span.

    Code spans are the one place where links, addresses, HTML and emphasis all stay dead, in every dialect; backslashes
    would not stop GitHub from linking an address. Plain words stay plain, because people edit these files by hand.
    """
    text = visible(value, limit)
    return text if _is_plain(text) and not _MARKDOWN_STARTS.match(text) else _code_span(text)


def markdown_sentence(value: object) -> str:
    """The same for a sentence in which only some words are strange: those become code spans, the others stay words."""
    words: list[str] = []
    strange: list[str] = []
    for word in filter(None, visible(value).split(" ")):
        if _is_plain(word) and (words or strange or not _MARKDOWN_STARTS.match(word)):
            words += [_code_span(" ".join(strange)), word] if strange else [word]
            strange = []
        else:
            strange.append(word)
    return " ".join([*words, _code_span(" ".join(strange))] if strange or not words else words)


def csv_cell(value: object) -> str:
    """The text so that no spreadsheet computes it: an apostrophe before whatever could begin a formula.

    That is the start of the cell, also after blanks, quotes or a no-break space, and every place where a program that
    splits at other separators would see a start. Line breaks are already written out by `visible`.
    """
    text = str(value)
    return text if _INERT.fullmatch(text) else _FORMULA.sub(r"\1'\2", visible(text, CELL_CHARACTERS))


def csv_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; its cells are numbers, words of ours, or have gone through `csv_cell`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def mail_text(value: object, *, limit: int = 120, keep: str = "") -> str:
    """The text for an alert: mail spreads, so no address but `keep`, and nothing that mail programs make links of."""
    text = visible(value, limit)
    text = _ADDRESS.sub(lambda found: found[0] if keep and found[0] == keep else "\u2039address\u203a", text)
    return _LINKABLE_DOT.sub("[.]", text.replace("://", "[:]//"))


def slug(text: str, limit: int = 40) -> str:
    """Letters, digits and hyphens for the name of a file or folder; an allow-list, so no text can lead elsewhere."""
    folded = unicodedata.normalize("NFKD", text[: 4 * limit]).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:limit].strip("-")


def _is_plain(text: str) -> bool:
    """True for words and everyday punctuation in which no Markdown dialect finds a construct."""
    if not text or _MARKDOWN_HAZARDS.search(text):
        return False
    return all(c in _PLAIN_PUNCTUATION or unicodedata.category(c) in _PLAIN_CATEGORIES or _is_sign(c) for c in text)


def _is_sign(character: str) -> bool:
    """A sign such as \u00d7 or \u2265, which no Markdown dialect uses; the ASCII ones are another matter."""
    return not character.isascii() and unicodedata.category(character) == "Sm"


def _code_span(text: str) -> str:
    """The text between enough backticks; `[[` is broken up, so that no log line can pass for a part left to people."""
    text = text.replace("[[", "[\u2039U+005B\u203a") or "(empty)"
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{padding}{text}{padding}{fence}"
