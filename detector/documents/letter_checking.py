"""What every check of a letter looks at, and what it finds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from detector.case_record import CORRECTION
from detector.documents.apology_letter import due
from detector.documents.correcting import dated, wrong_figures
from detector.documents.desk import Desk
from detector.documents.languages import Language
from detector.documents.letter_phrases import Phrases
from detector.documents.letter_words import CAUSE, is_promise
from detector.records import CaseFacts

RESPONSIBLE_WITHIN = 60
"""Words after the salutation."""


@dataclass(frozen=True)
class Finding:
    """One thing about a letter; `is_refused` if it may not go so."""

    line: int
    """0 for the letter as a whole."""
    text: str
    is_refused: bool = True


@dataclass(frozen=True)
class Checking:
    """What every check looks at."""

    case: CaseFacts
    organization: str
    desk: Desk
    raw: str
    lines: tuple[tuple[int, str], ...]
    plain: str
    """The letter as it would go out."""
    phrases: Phrases
    language: Language
    facts: Mapping[str, str]
    today: date | None = None
    """The day of whoever checks; None if nobody asks by which clock."""

    @property
    def is_letter(self) -> bool:
        """No holding note."""
        return self.phrases.what_now in self.raw

    @property
    def is_correction(self) -> bool:
        """Sets right a letter that went out."""
        return due(self.case, self.organization) == CORRECTION

    @property
    def corrects(self) -> str:
        """The day of the letter that this one sets right; "" if it is none of these."""
        held = self.case.record.held(self.organization) if self.case.record and self.is_correction else None
        return dated(held, self.language) if held else ""

    @property
    def was_told(self) -> tuple[str, ...]:
        """Promises, and the cause, as a client holds them, which a correction repeats."""
        wrong = wrong_figures(self.case.record, self.organization) if self.is_correction else {}
        return tuple(was for code, was in wrong.items() if is_promise(code) or code == CAUSE)

    @property
    def opening(self) -> str:
        """What follows the salutation: where responsibility must be taken."""
        body = re.split(r",\s*\n", self.plain, maxsplit=1)[-1]
        return " ".join(body.split()[:RESPONSIBLE_WITHIN])
