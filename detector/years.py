"""Gives a year to syslog stamps that carry none ("Oct 27 18:04:11").

The year of a file's last stamp is the configured one; else the one that Postfix itself wrote into message ids
(`<20261027180411.4cX@host>`); else the latest that is not in the future at as-of. Earlier lines follow from file order:
each step from December back over January is a year. The host's clock and the file's dates play no part.
"""

from calendar import isleap
from datetime import datetime, timedelta

from detector.store import Connection


def date_yearless(db: Connection, zone: str, year: int | None, as_of: datetime) -> tuple[str, ...]:
    """Turn the year-2000 local times of the temporary table `parsed` into UTC; returns what was assumed."""
    rows = db.execute(
        "select record_number, make_timestamp(at_us) from parsed where is_yearless and at_us is not null "
        "order by record_number desc limit 1"
    ).fetchall()
    if not rows:
        return ()
    last = rows[0][1]
    turns = _turns_of_the_year(db)
    if year is not None:
        said = f"stamps without a year: the last line was read as {year}, as configured"
    elif found := _year_in_message_ids(db, turns):
        year, said = found, f"stamps without a year: the last line was read as {found}, from Postfix's message ids"
    else:
        year = _latest_year(last, as_of)
        said = f"stamps without a year: the last line was read as {year}"
    cases = " ".join(f"when record_number < {turn:d} then {year - len(turns) + n:d}" for n, turn in enumerate(turns))
    which = f"case {cases} else {year:d} end" if cases else f"{year:d}"
    db.execute(
        f"update parsed set at_us = epoch_us(timezone($zone, make_timestamp(at_us) + to_years(cast({which} - 2000 as integer)))) "
        "where is_yearless and at_us is not null",
        {"zone": zone},
    )
    return (said,)


def _turns_of_the_year(db: Connection) -> list[int]:
    """The record numbers, ascending, at which the month falls from November or December to January or February."""
    ((spans,),) = db.execute(
        "select bool_or(month(make_timestamp(at_us)) >= 11) and bool_or(month(make_timestamp(at_us)) <= 2) "
        "from parsed where is_yearless and at_us is not null"
    ).fetchall()
    if not spans:
        return []
    return [
        number
        for (number,) in db.execute(
            "select record_number from (select record_number, month(make_timestamp(at_us)) as this, "
            "lag(month(make_timestamp(at_us))) over (order by record_number) as before "
            "from parsed where is_yearless and at_us is not null) where this <= 2 and before >= 11 order by record_number"
        ).fetchall()
    ]


def _year_in_message_ids(db: Connection, turns: list[int]) -> int | None:
    """The year of the last line according to message ids that Postfix made within a day of its stamp, if there are any."""
    after = f"record_number >= {turns[-1]:d}" if turns else "true"
    rows = db.execute(
        "select cast(left(message_id, 4) as integer) as y, count(*) as n from parsed "
        f"where is_yearless and type = 'identified' and {after} "
        "and regexp_full_match(message_id, '(19|20)[0-9]{12}[.][0-9A-Za-z]+@.*') "
        "and abs(date_diff('day', make_timestamp(at_us), "
        "try_strptime('2000' || substr(message_id, 5, 10), '%Y%m%d%H%M%S'))) <= 1 "
        "group by y order by n desc, y desc limit 1"
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
