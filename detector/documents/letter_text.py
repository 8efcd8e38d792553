"""A letter as people edit it, taken apart: notes to ourselves left out, tokens filled with today's figures.

Of Markdown it knows what a letter needs: paragraphs, line breaks, bold, italic, code spans and bullets. A line break is
kept after two blanks or a short line, so that an address stays an address in editors that strip blanks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from detector.documents.escaping import markdown, visible

TOKEN = re.compile(r"\{(F\d+[a-z]?(?:-\d+)?): ([^{}\n]*)\}")
FILL = re.compile(r"\[\[FILL ([^\]\n]*)\]\]")
_INLINE = re.compile(r"(?P<ticks>`+) ?(?P<code>.+?) ?(?P=ticks)|\*\*(?P<bold>.+?)\*\*|\*(?P<italic>\S.*?)\*")
_HELD = re.compile("\ue000(\\d+)\ue001")
_SHORT_LINE = 60
_LONGEST = 200_000


@dataclass(frozen=True)
class Run:
    """Some words of one kind."""

    text: str
    kind: str = ""
    """ "", "bold" or "italic"."""


@dataclass(frozen=True)
class Paragraph:
    """Lines of runs; `is_bullet` for a point of a list."""

    lines: tuple[tuple[Run, ...], ...]
    is_bullet: bool = False

    @property
    def text(self) -> str:
        """The words, line by line."""
        return "\n".join("".join(run.text for run in line) for line in self.lines)

    @property
    def is_subject(self) -> bool:
        """One line, all of it bold."""
        return len(self.lines) == 1 and bool(self.lines[0]) and all(run.kind == "bold" for run in self.lines[0])


@dataclass(frozen=True)
class Letter:
    """What leaves the house: the subject, and everything else in order (the subject among it)."""

    subject: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def text(self) -> str:
        """The whole as plain text."""
        return "\n\n".join(("- " if p.is_bullet else "") + p.text for p in self.paragraphs) + "\n"


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """The lines that leave the house, with their numbers in the file; those that begin with ">" are notes to us."""
    lines = enumerate(text[:_LONGEST].replace("\r\n", "\n").replace("\ufeff", "").split("\n"), start=1)
    return [(number, line) for number, line in lines if not line.lstrip().startswith(">")]


def moved(text: str, facts: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(code, as it stands in the text, as it is today) of each figure in the text that is no longer so."""
    found = {}
    for _, line in numbered_lines(text):
        for code, shown in TOKEN.findall(line):
            now = facts.get(code)
            if now is not None and shown != as_token(now):
                found[code] = (code, shown, now)
    return list(found.values())


def as_token(value: str) -> str:
    """A figure as it stands between the braces."""
    value = value.replace("{", "(").replace("}", ")")
    inside = markdown(f"F {value}")  # "3. Mai" would begin a list, but not behind a brace
    return inside.removeprefix("F ") if inside.startswith("F ") else markdown(value)


def read_letter(text: str, facts: Mapping[str, str]) -> Letter:
    """The letter with today's figures; a code that is no fact stays as it is, for `letter check` to name."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(visible(facts.get(found[1], found[0])))
        return f"\ue000{len(held) - 1}\ue001"

    lines = "\n".join(line for _, line in numbered_lines(text)).replace("\ue000", "").replace("\ue001", "")
    lines = TOKEN.sub(hold, lines)
    blocks = re.split(r"\n\s*\n|\n(?=- )", lines)
    paragraphs = tuple(p for p in (_paragraph(block, held) for block in blocks) if p.text.strip())
    subject = next((p.text for p in paragraphs if p.is_subject), "")
    return Letter(subject, paragraphs)


def _paragraph(block: str, held: list[str]) -> Paragraph:
    is_bullet = block.lstrip().startswith("- ")
    block = block.strip("\n").removeprefix("- ")
    lines, current = [], ""
    for line in block.split("\n"):
        current = f"{current} {line.strip()}".strip()
        if line.endswith("  ") or line.endswith("\\") or len(line) < _SHORT_LINE:
            lines.append(current.removesuffix("\\"))
            current = ""
    lines += [current] if current else []
    return Paragraph(tuple(tuple(_runs(line, held)) for line in lines), is_bullet)


def _runs(line: str, held: list[str]) -> Iterator[Run]:
    """The words of one line by kind; a figure is put in last, so that nothing in it counts as a mark."""
    if heading := re.match(r"#{1,6} +(.*)", line):
        line = f"**{heading[1]}**"
    at = 0
    for found in _INLINE.finditer(line):
        yield from _run(line[at : found.start()], "", held)
        kind = "bold" if found["bold"] else "italic" if found["italic"] else ""
        yield from _run(found["bold"] or found["italic"] or found["code"], kind, held)
        at = found.end()
    yield from _run(line[at:], "", held)


def _run(text: str, kind: str, held: list[str]) -> Iterator[Run]:
    if text:
        yield Run(visible(_HELD.sub(lambda found: held[int(found[1])], text), 4_000), kind)
