"""How a letter writes numbers, days and times in its client's language and time zone. Two languages, no library.

English and German are two tables and six small functions; a library of all the world's locales would bring 30 MB and
rules that change with its version, while the same facts must give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
}
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ", "WET": "WEZ", "WEST": "WESZ", "EET": "OEZ", "EEST": "OESZ"}


@dataclass(frozen=True)
class Language:
    """One language and one time zone."""

    code: str = "en"
    zone: str = "UTC"

    def number(self, value: float) -> str:
        """3519 -> "3,519" or "3.519"; 70.5 -> "70.5" or "70,5"."""
        text = f"{int(value):,}" if value == int(value) else f"{value:,.1f}"
        return text if self.code == "en" else text.translate(str.maketrans(",.", ".,"))

    def day(self, moment: date | datetime) -> str:
        """ "27 October 2026" or "27. Oktober 2026"; of a moment, the day it is in the zone."""
        local = moment.astimezone(ZoneInfo(self.zone)) if isinstance(moment, datetime) else moment
        dot = "." if self.code == "de" else ""
        return f"{local.day}{dot} {MONTHS[self.code][local.month - 1]} {local.year}"

    def by(self, day: date) -> str:
        """ "by 27 October 2026" or "bis 27. Oktober 2026"."""
        return f"{'bis' if self.code == 'de' else 'by'} {self.day(day)}"

    def at(self, moment: datetime) -> str:
        """ "20:02 UTC on 27 October 2026" or "20:02 Uhr (UTC) am 27. Oktober 2026"."""
        clock, zone, day = self._clock(moment), self._zone(moment), self.day(moment)
        return f"{clock} Uhr ({zone}) am {day}" if self.code == "de" else f"{clock} {zone} on {day}"

    def span(self, start: datetime, end: datetime) -> str:
        """ "between 18:04 and 20:14 UTC on 27 October 2026"; each end in full if the days differ."""
        if self.day(start) != self.day(end) or self._zone(start) != self._zone(end):
            ends = (self.at(start), self.at(end))
            return f"zwischen {ends[0]} und {ends[1]}" if self.code == "de" else f"between {ends[0]} and {ends[1]}"
        if self._clock(start) == self._clock(end):
            return f"um {self.at(end)}" if self.code == "de" else f"at {self.at(end)}"
        if self.code == "de":
            return f"zwischen {self._clock(start)} und {self.at(end)}"
        return f"between {self._clock(start)} and {self.at(end)}"

    def spread(self, least: int, middle: float, most: int) -> str:
        """ "70", "70 or 71", "about 70 (68 to 72)"."""
        shown = (self.number(least), self.number(round(middle)), self.number(most))
        either, about, to = ("oder", "etwa", "bis") if self.code == "de" else ("or", "about", "to")
        if most - least <= 1:
            return shown[0] if most == least else f"{shown[0]} {either} {shown[2]}"
        return f"{about} {shown[1]} ({shown[0]} {to} {shown[2]})"

    def listing(self, names: Sequence[str]) -> str:
        """ "A", "A and B", "A, B and C"."""
        last = " und " if self.code == "de" else " and "
        return last.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

    def times(self, copies: int) -> str:
        """What to call so many copies to one person: two copies are not "again and again"."""
        words = {"en": ("twice", "several times", "again and again"), "de": ("doppelt", "mehrmals", "immer wieder")}
        return words[self.code][0 if copies <= 2 else 1 if copies <= 5 else 2]

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.zone)):%H:%M}"

    def _zone(self, moment: datetime) -> str:
        """ "UTC", "CET", "MEZ"; a zone without a name by its distance from UTC."""
        name = moment.astimezone(ZoneInfo(self.zone)).tzname() or "UTC"
        if name[0] in "+-":
            return f"UTC{name if len(name) == 3 else name[:3] + ':' + name[3:]}"
        return _GERMAN_ZONES.get(name, name) if self.code == "de" else name


def month_names() -> frozenset[str]:
    """The months in every language."""
    return frozenset(name for names in MONTHS.values() for name in names)
