"""What the formats of mail providers share: pieces of SQL as text, and the way from parsed facts to `formats.COLUMNS`.

A provider's format ends in a CTE `facts` with one row per fact and recipient and these columns, and `FINISH` behind it:

    record_number
    mark            `MARK` of the record; its text stays behind, for a page may be long and hold many facts
    place           orders the facts of one record
    problem         why the fact cannot be read, or null
    type            as in `formats.COLUMNS`, or 'ignored' for what is no send; null if the kind is unknown
    at_us, sent_at_us, message_key, recipient, sender, message_id, subject, template, organization, size

A record that holds several facts (a page of an API) leaves out what is ignored if anything else is left.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detector.framings import REJECT_MARK, Head
from detector.stamps import UNCLEAR_ORDER

ORGANIZATION = dict.fromkeys(
    ("organization", "organisation", "client", "client_name", "company", "company_name", "tenant"), "VARCHAR"
)
"""Words under which applications put the client into a message's metadata, for json_transform; best first."""

MARK = """case when text is null or (text < '!' and trim(text) = '') then 'blank'
    when starts_with(text, chr(2)) then text end"""
"""SQL: what a record is if it is nothing that could be parsed: blank, or rejected by its framing. To trim is dear."""

FINISH = r"""
, judged as (
  select *,
    case
      when mark = 'blank' then 'blank'
      when mark is not null or problem is not null then 'rejected'
      when type = 'ignored' then 'ignored'
      when type is null or message_key is null or at_us is null or recipient is null then 'rejected'
      else 'event'
    end as outcome
  from facts
), explained as (  -- without what is long to sort
  select * exclude (mark, problem),
    case when outcome = 'rejected' then case
      when mark is not null then split_part(mark, chr(2), 2)
      when problem is not null then problem
      when type is null then 'an event of an unknown kind'
      when at_us is null then 'no time that can be read'
      when message_key is null then 'no id of the message'
      else 'no recipient' end end as reason
  from judged
), numbered as (
  select *, row_number() over (partition by record_number order by outcome = 'ignored', place, recipient) as part
  from explained
)
select record_number, part, outcome, reason, type, at_us, false as is_local, false as is_yearless, sent_at_us,
  message_key, recipient, sender, message_id, subject, template, organization, size, null::varchar as next_key
from numbered
where part = 1 or outcome <> 'ignored'
"""


def address(text: str) -> str:
    """SQL: the bare address in lower case out of `Name <a@b>`, `<a@b>` or `a@b`; null if there is none."""
    named = rf"regexp_extract({text}, '<([^<>]*)>\s*$', 1)"
    bare = f"case when contains({text}, '<') then coalesce(nullif({named}, ''), {text}) else {text} end"
    return f"lower(nullif(trim({bare}, ' <>'), ''))"


def moment(text: str, zone: str = "'UTC'") -> str:
    """SQL: microseconds since 1970 out of an epoch in s, ms, us or ns (by magnitude) or an ISO stamp, as text."""
    number = f"try_cast({text} as double)"  # exact to the microsecond until the year 2255
    smaller = f"when {number} < 1e14 then 1e3 when {number} < 1e17 then 1 else 1e-3 end"
    scale = f"case when {number} < 1e11 then 1e6 {smaller}"
    zoned = rf"regexp_matches({text}, '[0-9](Z|z| ?UTC|[+-][0-9]{{2}}:?[0-9]{{2}})$')"
    utc = f"try_cast(replace({text}, ' UTC', 'Z') as timestamptz)"
    local = f"timezone({zone}, try_cast({text} as timestamp))"
    return (
        f"case when {number} between 0 and 4.2e18 then cast(round({number} * {scale}) as bigint) "
        f"when {number} is null then case when {zoned} then epoch_us({utc}) else epoch_us({local}) end end"
    )


def listed(text: str) -> str:
    """SQL: one tag as it is, several (a JSON list) sorted and joined; null if there is none."""
    tags = f"array_to_string(list_sort(try(json_transform({text}, '[\"VARCHAR\"]'))), ', ')"
    return f"nullif(nullif(case when starts_with({text}, '[') then {tags} else trim({text}) end, ''), 'NA')"


def organization(*metadata: str) -> str:
    """SQL: the client that the metadata of a message names, under the first word of `ORGANIZATION` that is there."""
    words = [f"nullif(trim({where}.{word}), '')" for where in metadata for word in ORGANIZATION]
    return f"coalesce({', '.join(words)})"


def column(names: list[str], name: str) -> str:
    """SQL: one field of a table's row as a column of that name, by position; names of the file never enter the SQL."""
    place = names.index(name) + 1 if name in names else 0
    return (f"nullif(trim(fields[{place}]), '')" if place else "null::varchar") + f' as "{name}"'


def shape(texts: str, others: Mapping[str, Any] | None = None) -> str:
    """What json_transform is to take out of an object: these keys as text, and others by their own shape."""
    return json.dumps({**dict.fromkeys(texts.split(), "VARCHAR"), **(others or {})})


def simple(name: str) -> str:
    """What a column is called, when nobody cares for case, blanks and marks."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def table_parameters(head: Head, names: Sequence[str], other: str = "not a JSON object") -> dict[str, Any]:
    """What formats bind that read tables and objects: which row is the header, and what is wrong with a record that is
    no whole row, or (`other`) no object of theirs."""
    is_csv = head.framing == "csv"
    return {
        "is_csv": is_csv,
        "header": head.records[0] if is_csv else REJECT_MARK,
        "header_number": head.header,
        "unclear_order": UNCLEAR_ORDER,
        "broken": f"a row with fewer than the header's {len(names)} fields" if is_csv else other,
    }


def outbid(head: Head, is_ours: Callable[[dict[str, Any]], bool]) -> int:
    """How many of the head's objects are the format's; one more than all if most are, for a table claims them all."""
    claimed = [is_ours(item) for item in head.objects()]
    return len(head.records) + 1 if 2 * sum(claimed) > len(claimed) else sum(claimed)
