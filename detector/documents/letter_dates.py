"""The days of a letter: none before what it tells of, none far ahead, and no promise that is late before it is read."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detector.case_record import CORRECTION, HOLDING_NOTE
from detector.documents.apology_letter import due
from detector.documents.desk import people_of, shared_words
from detector.documents.letter_checking import Checking, Finding
from detector.documents.letter_text import FILL
from detector.documents.letter_words import stands_in

DAYS_AHEAD = 3
"""A letter may be dated for the day on which it is posted."""


def days(c: Checking) -> Iterator[Finding]:
    """What human.toml and the promises say, beside the log and the day of whoever checks."""
    dated = c.desk.human.letter.date if due(c.case, c.organization) != HOLDING_NOTE else None
    if dated is not None:
        yield from _letter(dated, c)
    on = None if c.is_correction else c.desk.human.next_update.on
    earliest = max(filter(None, (dated, c.today)), default=None)
    if on is not None and earliest is not None and on < earliest:
        yield Finding(0, f"[next_update] says {c.language.day(on)}, which is over when the letter is read.")
    promises = [p for p, _ in shared_words(c.desk, c.case, c.language.code, c.organization).promises if p.is_open]
    if on is not None and promises and on < (first := min(promise.due for promise in promises)):
        text = f"[next_update] says {c.language.day(on)}, and no promise is due before {c.language.day(first)}"
        yield Finding(0, f"{text}: on that day there is little to tell.", is_refused=False)
    for promise in promises:
        if earliest is not None and promise.due < earliest:
            day = c.language.day(promise.due)
            name, command = f"{c.case.incident.incident_id} {promise.number}", "detector incidents promise changed"
            text = f"Promise {promise.number} was due on {day} and is not kept: say in the letter what became of it."
            yield Finding(0, f"{text} Or give it another day: `{command} {name} --due`.", is_refused=False)
    if due(c.case, c.organization) != CORRECTION:
        yield from _next_word(on, c)


def _next_word(on: date | None, c: Checking) -> Iterator[Finding]:
    """The day on which the reader hears from us is a promise: it stands in the letter as it is noted, or in neither."""
    if on is not None and not stands_in(c.language.day(on), c.plain):
        text = f"[next_update] says {c.language.day(on)}, which is not in the letter: the day must be the same in both."
        yield Finding(0, text)
    for number, line in c.lines if on is None else ():
        if re.search(c.phrases.next_word, line, re.IGNORECASE) and not FILL.search(line):
            text = "The reader hears from us again, it says: write the day into [next_update], which reminds you of it."
            yield Finding(number, text)


def _letter(dated: date, c: Checking) -> Iterator[Finding]:
    last = max(row.last_sent_at for row in people_of(c.case, c.organization))
    day = c.language.day(dated)
    if dated < _day(last, c):
        text = f"The letter is dated {day}, before the last copy to them ({c.facts['F10']}): date in [letter]."
        yield Finding(0, text)
    elif dated < _day(c.case.log_complete_through, c) and c.facts["F11"] in c.plain:
        text = f"The letter is dated {day} and speaks of a log that is complete through {c.facts['F11']}."
        yield Finding(0, text, is_refused=False)
    if c.today is not None and dated > c.today + timedelta(days=DAYS_AHEAD):
        yield Finding(0, f"The letter is dated {day}, and today is {c.language.day(c.today)}: date in [letter].")


def _day(moment: datetime, c: Checking) -> date:
    return moment.astimezone(ZoneInfo(c.language.zone)).date()
