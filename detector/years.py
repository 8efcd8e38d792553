"""Gives a year to syslog stamps that carry none ("Oct 27 18:04:11").

The year of a file's last stamp is the configured one; else the one that Postfix itself wrote into message ids
(`<20261027180411.4cX@host>`); else the latest that is not in the future at as-of. Earlier lines follow from file order:
each step from December back over January is a year. The host's clock and the file's dates play no part.
"""

from calendar import isleap
from datetime import datetime, timedelta

from detector.store import Connection

_DAY_US = 86_400_000_000


def year_of_stamps(db: Connection, year: int | None, as_of: datetime) -> tuple[str, tuple[str, ...]]:
    """SQL for the year of each record of the temporary table `parsed`, and what was assumed."""
    rows = db.execute(
        "select make_timestamp(at_us) from parsed where is_yearless and at_us is not null "
        "order by record_number desc limit 1"
    ).fetchall()
    if not rows:
        return "2000", ()
    turns = _turns_of_the_year(db)
    if year is not None:
        found, basis = year, ", as configured"
    elif in_ids := _year_in_message_ids(db, turns[-1][0] if turns else 0):
        found, basis = in_ids, ", from Postfix's message ids"
    else:
        found, basis = _latest_year(rows[0][0], as_of), ""
    years = [found - sum(step for _, step in turns[n:]) for n in range(len(turns))]
    cases = " ".join(f"when record_number < {turn:d} then {y:d}" for (turn, _), y in zip(turns, years, strict=True))
    said = f"stamps without a year: the last line was read as {found}{basis}"
    return f"case {cases} else {found:d} end" if cases else f"{found:d}", (said,)


def _turns_of_the_year(db: Connection) -> list[tuple[int, int]]:
    """(record number, years) of each step over New Year.

    +1 where the date falls back by half a year or more; -1 where it leaps ahead by eleven months: a late line.
    """
    ((span_us,),) = db.execute("select max(at_us) - min(at_us) from parsed where is_yearless").fetchall()
    if span_us < 180 * _DAY_US:
        return []
    return db.execute(
        "with steps as (select record_number, at_us - lag(at_us) over (order by record_number) as step_us "
        "from parsed where is_yearless and at_us is not null) "
        "select record_number, case when step_us < 0 then 1 else -1 end from steps "
        "where step_us < $back or step_us > $ahead order by record_number",
        {"back": -180 * _DAY_US, "ahead": 330 * _DAY_US},
    ).fetchall()


def _year_in_message_ids(db: Connection, from_record: int) -> int | None:
    """The year of the last lines by the message ids that Postfix made within a day of their stamps."""
    rows = db.execute(
        "select cast(left(message_id, 4) as integer) as y, count(*) as n from parsed "
        "where is_yearless and type = 'identified' and record_number >= $from_record "
        "and regexp_full_match(message_id, '(19|20)[0-9]{12}[.][0-9A-Za-z]+@.*') "
        "and abs(date_diff('day', make_timestamp(at_us), "
        "try_strptime('2000' || substr(message_id, 5, 10), '%Y%m%d%H%M%S'))) <= 1 "
        "group by y order by n desc, y desc limit 1",
        {"from_record": from_record},
    ).fetchall()
    return rows[0][0] if rows else None


def _latest_year(last: datetime, as_of: datetime) -> int:
    """The latest year in which the stamp exists and is at most a day after as-of."""
    limit = as_of.replace(tzinfo=None) + timedelta(days=1)
    year = limit.year
    while (last.month, last.day) == (2, 29) and not isleap(year):
        year -= 1
    if last.replace(year=year) <= limit:
        return year
    year -= 1
    while (last.month, last.day) == (2, 29) and not isleap(year):
        year -= 1
    return year
