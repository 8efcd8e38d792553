"""The days of a letter: none before what it tells of, none far ahead, and no promise that is late before it is read."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detector.case_record import HOLDING_NOTE
from detector.documents.apology_letter import due
from detector.documents.desk import people_of, shared_words
from detector.documents.letter_checking import Checking, Finding

DAYS_AHEAD = 3
"""A letter may be dated for the day on which it is posted."""


def days(c: Checking) -> Iterator[Finding]:
    """What human.toml and the promises say, beside the log and the day of whoever checks."""
    dated = c.desk.human.letter.date if due(c.case, c.organization) != HOLDING_NOTE else None
    if dated is not None:
        yield from _letter(dated, c)
    on = c.desk.human.next_update.on
    earliest = max(filter(None, (dated, c.today)), default=None)
    if on is not None and earliest is not None and on < earliest:
        yield Finding(0, f"[next_update] says {c.language.day(on)}, which is over when the letter is read.")
    for promise, _ in shared_words(c.desk, c.case, c.language.code, c.organization).promises:
        if promise.kept_at is None and earliest is not None and promise.due < earliest:
            day = c.language.day(promise.due)
            text = f"Promise {promise.number} was due on {day} and is not kept: say in the letter what became of it."
            yield Finding(0, text, is_refused=False)


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
