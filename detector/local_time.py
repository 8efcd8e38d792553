"""Reads stamps that do not tell everything: syslog's, without a year and a zone ("Oct 27 18:04:11"), and local times.

The year of a file's last stamp is the configured one; else the one that Postfix itself wrote into message ids
(`<20261027180411.4cX@host>`); else the latest that is after neither the date in the file's name nor as-of and in which
every stamp exists: 29 February does in few.
Earlier lines follow from file order: each step from December back over January is a year. The host's clock and the
file's dates play no part.

A local time means what the zone says. In autumn one hour comes twice; lines before the step back belong to its first
pass, lines after it to the second. In spring one hour never was; what is stamped in it is read an hour later, and said.

The zone is the config's, and never guessed from a file, for two halves of one log would be guessed differently. But
Postfix writes its own message ids in UTC, and where these contradict the zone, a person is told.
"""

import contextlib
import re
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from detector.parsing import Claimed
from detector.stamps import zone_in_words
from detector.store import Connection

_DAY_US = 86_400_000_000
_STEP_BACK = timedelta(minutes=2)
"""Lines come out of order by less than this; a clock that is set back goes further."""
_NO_RECORD, _ANY_RECORD = 0, 1 << 62


@dataclass(frozen=True)
class Clock:
    """How the stamps of the temporary table `parsed` become microseconds since 1970 in UTC."""

    at_us: str
    """SQL over the columns of `parsed`."""
    parameters: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    """What had to be assumed."""
    contradiction: str = ""
    """Why the zone must be wrong, if the log proves it."""
    proved_zone: str = ""
    """Of which one the stamps are then, such as "+11:00"."""


def read_clock(db: Connection, claimed: Claimed, year: int | None, as_of: datetime) -> Clock:
    """The clock of `parsed`: formats say by `is_local` and `is_yearless` which stamps need one."""
    clock = _as_declared(db, claimed, year, as_of)
    if claimed.head.framing != "lines":  # no other files hold what Postfix says of its ids
        return clock
    found = _hours_off(db, clock)
    if found is None:
        return clock
    hours, at = found
    proved = str(timezone(_offset(ZoneInfo(claimed.zone), at) + timedelta(hours=hours))).removeprefix("UTC") or "UTC"
    return replace(clock, contradiction=_contradiction(claimed, hours, proved), proved_zone=proved)


def _as_declared(db: Connection, claimed: Claimed, year: int | None, as_of: datetime) -> Clock:
    """The clock by the zone of the config."""
    zone = claimed.zone
    year_sql, said = year_of_stamps(db, year, _written_by(claimed.name, as_of))
    local = "make_timestamp(at_us)"
    if said:
        local = f"case when is_yearless then {local} + to_years(cast(({year_sql}) - 2000 as integer)) else {local} end"
    if zone == "UTC":  # a zone costs half a second per million stamps
        return Clock(f"case when is_yearless then epoch_us({local}) else at_us end" if said else "at_us", {}, said)
    shifts = []
    for begin, end in _turns_of_the_clock(db, ZoneInfo(zone), local):
        if end < begin:
            said += _hour_that_never_was(db, local, end, begin, zone)
            continue
        second_pass_at = end.replace(tzinfo=ZoneInfo(zone), fold=0)
        until, how = _first_pass(db, local, begin, end, has_ended=second_pass_at <= as_of)
        said += (f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M} came twice in {zone}: {how}",) if how else ()
        shifts.append(
            f" - case when record_number < {until:d} and {local} >= timestamp '{begin}' "
            f"and {local} < timestamp '{end}' then {(end - begin) // timedelta(microseconds=1):d} else 0 end"
        )
    at_us = f"epoch_us(timezone($zone, {local})){''.join(shifts)}"
    return Clock(f"case when is_local then {at_us} else at_us end", {"zone": zone}, said)


def _hours_off(db: Connection, clock: Clock) -> tuple[float, datetime] | None:
    """By how many hours the stamps are too late, by the message ids that Postfix made of queue id and time in UTC, and
    a moment at which they are; None if there are none or all is well.

    Ids from elsewhere carry another queue id, and what somebody forged does not agree with most.
    """
    ((hours, at_us, agreeing, told),) = db.execute(
        f"with made as (select {clock.at_us} as at_us, {clock.at_us} "  # noqa: S608 - our own SQL
        "- epoch_us(try_strptime(left(message_id, 14), '%Y%m%d%H%M%S')) as off_us from parsed "
        "where is_local and type = 'identified' and message_id like '2%' "
        "and regexp_full_match(message_id, '20[0-9]{12}[.][0-9A-Za-z]+@.*') "
        "and split_part(split_part(message_id, '.', 2), '@', 1) = split_part(message_key, ' ', 2)), "
        "steps as (select at_us, round(off_us / 9e8) as quarter, off_us from made where abs(off_us) <= 54e9), "
        "votes as (select quarter, max(at_us) as at_us, count(*) as n from steps "
        "where abs(off_us - quarter * 9e8) <= 6e7 group by quarter) "
        "select arg_max(quarter, n) / 4, arg_max(at_us, n), max(n), (select count(*) from steps) from votes",
        clock.parameters,
    ).fetchall()
    is_wrong = hours and 10 * agreeing >= 9 * told
    return (hours, datetime.fromtimestamp(at_us / 1e6, UTC)) if is_wrong else None


def _contradiction(claimed: Claimed, hours: float, proved: str) -> str:
    """What is wrong with the zone, and what to write instead."""
    read, way = zone_in_words(claimed.zone), "late" if hours > 0 else "early"
    is_whole = proved == "UTC" or proved.endswith(":00")
    right = f'zone = "{proved}", or better' if is_whole else "as zone"
    return (
        f"the stamps were read as {read}, but Postfix's own message ids, which are in UTC, prove that this is "
        f"{abs(hours):g} h too {way}: they are of UTC{proved.removeprefix('UTC')}. Write into the config, under "
        f"{'the [sources] that names the file' if claimed.mapping else '[logs]'}, {right} the name of the place, such "
        'as "Europe/Berlin", for it knows of summer time, too'
    )


def _hour_that_never_was(db: Connection, local: str, begin: datetime, end: datetime, zone: str) -> tuple[str, ...]:
    """What is said if stamps lie in the hour that the clock left out."""
    ((count,),) = db.execute(
        f"select count(*) from parsed where is_local and {local} >= timestamp '{begin}' and {local} < timestamp '{end}'"  # noqa: S608 - our own SQL
    ).fetchall()
    if not count:
        return ()
    return (
        f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M} never was in {zone}: stamps in it ({count}) were read an hour later",
    )


def _turns_of_the_clock(db: Connection, zone: ZoneInfo, local: str) -> Iterator[tuple[datetime, datetime]]:
    """(what the clock was set to, what it showed) in local time at each change within the file's days.

    They bound the hour that came twice or, the later one first, the one that never was.
    """
    ((first, last),) = db.execute(
        f"select min({local}), max({local}) from parsed where is_local and outcome = 'event'"  # noqa: S608 - our own SQL
    ).fetchall()
    if first is None:
        return
    day = first.replace(tzinfo=UTC) - timedelta(days=1)
    while day < last.replace(tzinfo=UTC) + timedelta(days=1):
        back = _offset(zone, day) - _offset(zone, day + timedelta(days=1))
        if back:
            minutes = range(24 * 60 + 1)
            turn = next(m for m in minutes if _offset(zone, day + timedelta(minutes=m)) != _offset(zone, day))
            end = (day + timedelta(minutes=turn) + _offset(zone, day)).replace(tzinfo=None)
            yield end - back, end
        day += timedelta(days=1)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _first_pass(db: Connection, local: str, begin: datetime, end: datetime, *, has_ended: bool) -> tuple[int, str]:
    """The record number before which stamps from begin to end are of the first pass, and what was assumed.

    `has_ended`: as-of lies after the second pass, so that it may be in the file.
    """
    during = f"is_local and {local} >= timestamp '{begin}' and {local} < timestamp '{end}'"
    ((count,),) = db.execute(f"select count(*) from parsed where {during}").fetchall()  # noqa: S608 - our own SQL
    if not count:
        return _NO_RECORD, ""
    ((turn,),) = db.execute(
        f"with steps as (select record_number, {local} as stamp, lag({local}) over (order by record_number) as before "  # noqa: S608 - our own SQL
        "from parsed where is_local and at_us is not null) "
        f"select min(record_number) from steps where stamp >= timestamp '{begin}' and stamp < timestamp '{end}' "
        f"and before < timestamp '{end}' and before - stamp > $step",
        {"step": _STEP_BACK},
    ).fetchall()
    if turn is not None:
        return turn, ""
    if not has_ended:
        return _ANY_RECORD, "read as the first pass, for the second is still to come"
    return _NO_RECORD, "read as the second pass, for no line shows the step back"


def _written_by(name: str, as_of: datetime) -> datetime:
    """When the file ended at the latest: as-of, or the day that logrotate put into its name (`maillog-20211009.gz`)."""
    for year, month, day in re.findall(r"(?<![0-9])((?:19|20)[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])", name):
        with contextlib.suppress(ValueError):
            return min(as_of, datetime(int(year), int(month), int(day), tzinfo=UTC) + timedelta(days=1))
    return as_of


def year_of_stamps(db: Connection, year: int | None, written_by: datetime) -> tuple[str, tuple[str, ...]]:
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
        found, basis = _latest_year(rows[0][0], written_by), ""
    if not basis:
        found = _with_all_days(db, found, turns)
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


def _with_all_days(db: Connection, year: int, turns: list[tuple[int, int]]) -> int:
    """The latest year of the last line, not after this one, in which each 29 February of the file exists."""
    rows = db.execute(
        "select record_number from parsed where is_yearless and strftime(make_timestamp(at_us), '%m-%d') = '02-29'"
    ).fetchall()
    steps = {sum(step for turn, step in turns if record < turn) for (record,) in rows}
    fitting = (found for found in range(year, year - 9, -1) if all(isleap(found - step) for step in steps))
    return next(fitting, year)  # no year fits several that lie oddly


def _latest_year(last: datetime, written_by: datetime) -> int:
    """The latest year in which the stamp is at most a day after the file was written."""
    limit = written_by.replace(tzinfo=None) + timedelta(days=1)
    is_over = (last.month, last.day, last.time()) <= (limit.month, limit.day, limit.time())
    return limit.year if is_over else limit.year - 1
