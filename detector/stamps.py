"""SQL for the moment that a table's stamp means: an epoch, ISO 8601, or a date as people of some country write it.

A stamp without a zone of its own is in the zone of the config, the parameter `$zone`. `5/10/2026` is in May or in
October; what the whole column says decides, because no month has a number above 12. Where nothing tells, no stamp is
read: a wrong guess would scatter one evening over a year, and a person can say it in one line of the config.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timezone
from typing import Any
from zoneinfo import ZoneInfo

UNCLEAR_ORDER = "a date that may be day/month or month/day; give time_format in a [sources.NAME] mapping"
"""Why a stamp that `is_of_unclear_order` was rejected."""

_SLASHED = r"^\s*[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}"
_SLASHED_IN_RECORD = re.compile(r"(?<![0-9])[0-9]{1,2}\\?[/-][0-9]{1,2}\\?[/-][0-9]{4}")

_NO_ORDER = "null::varchar"

_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "WET": 0, "WEST": 1}
_ZONES |= {"CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "BST": 1, "Z": 0, "UTC": 0, "GMT": 0}
"""Hours before UTC. Only what is meant in mail logs: a library of zones takes BST for Bangladesh."""

_ZONE = (
    r"\s*(Z|z|[A-Z]{3,4}|[A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?|(?:UTC|GMT)?\s?[+-](?:0?[0-9]|1[0-4])(?::?[0-9]{2})?)$"
)

_NAIVE = r"""case
      when regexp_matches({text}, '^[0-9]{{4}}[-/]') then case when regexp_matches({text}, '[AaPp][Mm]$')
        then try_strptime(replace({text}, '/', '-'), ['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p'])
        else try_cast(regexp_replace({text}, '(:[0-9]{{2}}),([0-9]{{1,6}})$', '\1.\2') as timestamp) end
      when regexp_matches({text}, '^[0-9]{{1,2}}[./-][0-9]{{1,2}}[./-][0-9]{{4}}') then
        coalesce(try_cast({turned} as timestamp),
          try_strptime({turned}, ['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p']))
      when regexp_matches({text}, '^[A-Za-z0-9, ]*[A-Za-z]{{3}}') then try_strptime(replace({text}, ',', ''),
        ['%b %d %Y %I:%M:%S %p', '%b %d %Y %I:%M %p', '%b %d %Y %H:%M:%S', '%b %d %Y %H:%M', '%d %b %Y %H:%M:%S',
         '%d %b %Y %H:%M', '%B %d %Y %I:%M:%S %p', '%B %d %Y %I:%M %p', '%d %B %Y %H:%M:%S', '%d %B %Y %H:%M',
         '%a %d %b %Y %H:%M:%S', '%a %b %d %H:%M:%S %Y'])
    end"""

_TURNED = r"""regexp_replace({text}, '^([0-9]{{1,2}})[./-]([0-9]{{1,2}})[./-]([0-9]{{4}}),?[ T]*',
          case when {text} like '%.%.____%' or {order} = 'day' then '\3-\2-\1 ' when {order} = 'month' then '\3-\1-\2 '
          else 'unclear ' end)"""

_MOMENT = r"""case
      when regexp_full_match({text}, '[0-9]{{4}}-[^ ]*[ T][0-9:.]+(Z|[+-][0-9]{{2}}:?[0-9]{{2}})')
        then try_cast({text} as timestamptz)
      when regexp_full_match({text}, '[0-9]{{9,11}}([.][0-9]+)?')
        then to_timestamp(0) + to_microseconds(cast(cast({text} as decimal(38, 6)) * 1000000 as bigint))
      when regexp_full_match({text}, '[0-9]{{12,14}}')
        then to_timestamp(0) + to_microseconds(cast({text} as bigint) * 1000)
      when regexp_full_match({text}, '[0-9]{{15,17}}') then to_timestamp(0) + to_microseconds(cast({text} as bigint))
      when regexp_full_match({text}, '[0-9]{{18,19}}')
        then to_timestamp(0) + to_microseconds(cast(cast({text} as hugeint) // 1000 as bigint))
      when not regexp_matches({text}, '{zone}') or regexp_matches({text}, '[AaPp][Mm]$|^[^ :]*$')
        then timezone($zone, {naive})
      else try_cast(strftime({naive_before_zone}, '%Y-%m-%d %H:%M:%S.%f') || {offset} as timestamptz)
    end"""

_OFFSET = r"""case
        when contains({found}, '/') then ' ' || {found}
        when regexp_matches({found}, '[+-]') then regexp_replace(
          regexp_replace(regexp_replace({found}, '^[A-Z\s]*', ''), '^([+-])([0-9])(:|$)', '\10\2\3'), '\s', '', 'g')
        else list_extract({offsets}, list_position({names}, upper({found}))) end"""


@dataclass(frozen=True)
class Stamps:
    """How the stamps of one column are read."""

    order: str
    """A common table expression for what comes first in the column's dates; the others refer to it."""
    moment: str
    """An SQL expression for the TIMESTAMPTZ that the text in the column means, NULL if it means none."""
    is_unclear: str
    """An SQL condition: it is a date with slashes, and nothing tells what comes first in it."""
    parameters: dict[str, Any]
    """What the two need, `$zone` among it."""


def zone_in_words(zone: str) -> str:
    """The name of a zone; of a mere offset, the offset, for in names such as Etc/GMT-11 the sign is turned."""
    offset = ZoneInfo(zone).utcoffset(None)
    return zone if offset is None else str(timezone(offset))


def zone_assumed(zone: str) -> str:
    """What has to be said if stamps carry no zone."""
    return f"stamps without a zone were read as {zone_in_words(zone)}"


def read_stamps(column: str, table: str, sample: Iterable[str], zone: str, time_format: str | None) -> Stamps:
    """How to read a column of a table; `sample` are its first records, `time_format` what a mapping says of it."""
    parameters = {"zone": zone}
    if time_format:
        parsed = f"try_strptime(trim({column}), $time_format)"
        has_offset = "%z" in time_format or "%Z" in time_format
        read = f"cast({parsed} as timestamptz)" if has_offset else f"timezone($zone, {parsed})"
        used = {} if has_offset else parameters
        return Stamps(f"order_of_{column} as (select null)", read, "false", {**used, "time_format": time_format})
    order = order_of_dates(column, table, sample)
    found = f"order_of_{column} as materialized (select {order} as first_part)"
    if order != _NO_ORDER:  # each subquery is one more join to plan, which takes longer than reading a small table
        order = f"(select first_part from order_of_{column})"  # noqa: S608 - a name of our own
    return Stamps(found, moment(column, order), is_of_unclear_order(column, order), parameters)


def moment(column: str, order: str = _NO_ORDER) -> str:
    """An SQL expression for the TIMESTAMPTZ that the text in a column means, NULL if it means none; needs `$zone`.

    `order`: an SQL expression for what comes first in a date with slashes, 'day' or 'month'; see `order_of_dates`.
    """
    text = f"trim({column})"
    before_zone = f"regexp_replace({text}, '{_ZONE}', '')"
    found = f"regexp_extract({text}, '{_ZONE}', 1)"
    offsets = [f"{hours:+03d}:00" for hours in _ZONES.values()]
    return _MOMENT.format(
        text=text,
        zone=_ZONE,
        naive=_NAIVE.format(text=text, turned=_TURNED.format(text=text, order=order)),
        naive_before_zone=_NAIVE.format(text=before_zone, turned=_TURNED.format(text=before_zone, order=order)),
        offset=_OFFSET.format(found=found, names=list(_ZONES), offsets=offsets),
    )


def order_of_dates(column: str, table: str, sample: Iterable[str]) -> str:
    """An SQL expression for what comes first in a column's dates, 'day' or 'month'; NULL if the column cannot tell.

    The column is looked at as a whole, and only if a record of the sample has such a date at all. One odd stamp among
    many costs only itself.
    """
    if not any(_SLASHED_IN_RECORD.search(record) for record in sample):
        return _NO_ORDER
    first, second = (
        f"try_cast(regexp_extract({column}, '([0-9]{{1,2}})[/-]([0-9]{{1,2}})', {n}) as integer)" for n in (1, 2)
    )
    return (
        "(select case when days > 20 * months then 'day' when months > 20 * days then 'month' end from "  # noqa: S608 - names of our own
        f"(select count(*) filter ({first} > 12 and {second} <= 12) as days, "
        f"count(*) filter ({second} > 12 and {first} <= 12) as months from {table} "
        f"where regexp_matches({column}, '{_SLASHED}')))"
    )


def is_of_unclear_order(column: str, order: str) -> str:
    """An SQL condition: the stamp is a date with slashes, and the column does not tell what comes first in it."""
    return f"(regexp_matches({column}, '{_SLASHED}') and {order} is null)"
