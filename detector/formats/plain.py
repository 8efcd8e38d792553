"""Tables: CSV, JSON lines or Parquet with one row per event, as a learning platform's or home-grown outbox writes them.

No config is needed when the columns carry our names or a common synonym; anything else is mapped under
`[sources.NAME]`. Rows with a message id are events of that message: several of them make one send, and a second "sent"
row at another time makes a second send, because an application may submit one rendered mail twice. Rows without an id
are sends each, never de-duplicated inside a file; over overlapping exports the greatest multiplicity counts.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from detector.config import Source
from detector.errors import InputError
from detector.formats import Select
from detector.framings import Head
from detector.headings import SYNONYMS, guess_columns, names_sending
from detector.stamps import UNCLEAR_ORDER, read_stamps, zone_assumed

FRAMINGS = ("csv", "json")
IDENTITY = "export"

_MOMENT = """case when nullif(trim({day}), '') is null then {day}
      when contains({day}, ':') and not regexp_matches({day}, {midnight}) then {day}
      when regexp_matches(trim({time}), '^[0-9]{{1,2}}:[0-9]{{2}}')
        then regexp_replace(trim({day}), {midnight}, '') || ' ' || trim({time})
      when contains({time}, ':') then {time} else {day} end"""

_COPIES = re.compile(r"(^|[^a-z])b?cc($|[^a-z])")
"""What a column of further recipients is called."""

_MARKS = "[](){}'\"<>"
_SOMEBODY = rf"[^@\s,;{re.escape(_MARKS)}]"
_DOMAIN = r"@[^\s<>\"@,;]+"
_ADDRESSES = {
    "wrapped": r"<([^\s<>\"]+@[^\s<>\"]+)>",
    "unwrapped": rf"\S*{_SOMEBODY}\S*{_DOMAIN}",
    "odd": rf"[^@]*{_SOMEBODY}[^@]*{_DOMAIN}\s*",
}
"""What an address looks like in a cell that is none as it stands: behind a name, or among others. However strange it
is, somebody got a mail: `<b>x</b>@client.example`, `"a b"@client.example`."""

STRANGE_WORD = "unknown event word; `detector doctor` proposes what to put into the config"

WORDS = {
    "accepted": "sent send success successful succeeded ok accepted completed done partially_sent",
    "queued": "queued processed requested request submitted created pending scheduled sending requeued processing "
    "in_progress waiting draft not_sent unsent",
    "delivered": "delivered delivery",
    "deferred": "deferred deferral delayed soft_bounce softbounce temporary_failure retry retrying",
    "bounced": "bounced bounce hard_bounce hardbounce undeliverable undelivered expired",
    "dropped": "dropped blocked suppressed rejected failed failure error cancelled canceled invalid_email skipped",
    "ignored": "open opened unique_opened click clicked unsubscribe unsubscribed complaint complained spam spamreport",
}
"""Our event type -> words that logs use for it."""

_SQL = r"""
with opened as (
  select record_number, text, {fields} as fields from records
), cells as (
  select record_number, text, {columns} from opened
), {order}, typed as (
  select *,
    {timestamp} as stamped_at,
    coalesce(lower(trim(timestamp)), '') in ('', 'null', 'none', '\n', '0000-00-00 00:00:00') as is_timeless,
    case
      when list_contains($values, lower(trim(event)))
        then list_extract($meanings, list_position($values, lower(trim(event))))
      when event is null or trim(event) = '' then 'accepted'
      when list_contains($sent_words, replace(replace(lower(trim(event)), ' ', '_'), '-', '_')) then 'accepted'
      when starts_with(lower(trim(event)), 'skipped') then 'dropped'
      else coalesce(
        list_extract($types, list_position($words, replace(replace(lower(trim(event)), ' ', '_'), '-', '_'))), $other)
    end as type,
    case when regexp_full_match(recipient, '[^\s,;<>"\x1e]+@[^\s,;<>"\x1e]+') then [trim(recipient, $brackets)]
         when contains(recipient, '@') then coalesce(nullif(flatten(list_transform(
           regexp_split_to_array(recipient, '[,;\x1e]'), lambda part: case
             when regexp_matches(part, $wrapped) then regexp_extract_all(part, $wrapped, 1)
             else list_transform(regexp_extract_all(part, $unwrapped), lambda a: trim(a, $marks)) end)), []),
           case when regexp_full_match(recipient, $odd) then [trim(recipient)] else [] end)
         when trim(recipient) <> '' then [trim(recipient)] else [] end as recipients
  from cells
), judged as (
  select *,
    case
      when not regexp_matches(text, '[^\p{{Zs}}]') then 'blank'  -- trim() is dear
      when text = $header or record_number < $header_number then 'ignored'
      when is_whole and is_timeless and type in ('queued', 'dropped', 'ignored') then 'ignored'
      when is_whole and is_timeless and $is_sent_at and event is null then 'ignored'  -- it waits in an outbox
      when is_whole and type = 'dropped' and len(recipients) = 0 then 'ignored'  -- skipped, because it had no address
      when starts_with(text, chr(2)) or not is_whole or stamped_at is null or type is null or len(recipients) = 0
        then 'rejected'
      when type = 'ignored' then 'ignored'
      else 'event'
    end as outcome
  from typed
), alike as (  -- rows without an id that say the same are told apart by their order
  select record_number, 'row ' || md5(text) || ' ' || row_number() over (partition by text order by record_number)
    as row_key
  from cells
  where coalesce(trim(message_id), '') = ''
), fanned as (
  select *, unnest(case when outcome = 'event' then recipients else [null] end) as address,
    generate_subscripts(case when outcome = 'event' then recipients else [null] end, 1) as part
  from judged
)
select record_number, part, outcome,
  case when outcome = 'rejected' then case
    when starts_with(text, chr(2)) then split_part(text, chr(2), 2)
    when not is_whole then {broken}
    when stamped_at is null and {unclear} then $unclear_order
    when stamped_at is null then 'no time that can be read'
    when len(recipients) = 0 then 'no recipient'
    else $strange_word end end as reason,
  type,
  epoch_us(stamped_at) as at_us,
  false as is_local,
  false as is_yearless,
  null::bigint as sent_at_us,
  coalesce(row_key, trim(message_id, ' <>') || ' ' || lower(address)) as message_key,
  lower(address) as recipient,
  lower(case when regexp_full_match(sender, '[^\s,;<>"]+@[^\s,;<>"]+') then trim(sender, $brackets)
    else coalesce(nullif(regexp_extract(sender, '<([^<>]+)>\s*$', 1), ''),
      nullif(trim(regexp_extract(sender, '[^\s,;<>"]+@[^\s,;<>"]+'), $brackets), ''), trim(sender)) end) as sender,
  nullif(trim(message_id, ' <>'), '') as message_id,
  nullif(trim(replace(subject, chr(30), ' ')), '') as subject,
  nullif(trim(template), '') as template,
  nullif(trim(organization), '') as organization,
  try_cast(size as bigint) as size,
  case when outcome = 'event' and not contains(message_id, '@') and length(trim(message_id)) >= 16
    then split_part(trim(message_id, ' <>'), '.', 1) end as next_key  -- the id that a provider gave
from fanned
left join alike using (record_number)
"""


def claims(head: Head) -> int:
    """All rows of the head if it has a time and a recipient column under a known name, else none."""
    found = guess_columns(column_names(head))
    return len(head.records) if {"timestamp", "recipient"} <= found.keys() else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event and address; `source` is the mapping from the config that applies to this file, if any."""
    names = column_names(head)
    mapped = dict(source.columns) if source and source.columns else guess_columns(names)
    words = {word: event for event, text in WORDS.items() for word in text.split()}
    meanings = {"sent": "accepted"}
    given = {word.strip().lower(): meanings.get(m, m) for word, m in (source.words.items() if source else ())}
    parameters: dict[str, Any] = {
        "words": list(words),
        "types": list(words.values()),
        "sent_words": [re.sub(r"[ -]", "_", word.strip().lower()) for word in (source.sent_words if source else ())],
        "values": list(given),
        "other": given.get("*"),
        "meanings": list(given.values()),
        "brackets": "[](){}'",
        "marks": _MARKS,
        **_ADDRESSES,
        "is_sent_at": names_sending(mapped.get("timestamp", "")),
        "unclear_order": UNCLEAR_ORDER,
        "strange_word": STRANGE_WORD,
        "header": head.records[0] if head.framing == "csv" else "\x02",
        "header_number": head.header,
    }
    is_csv = head.framing == "csv"
    if is_csv and (missing := [theirs for theirs in mapped.values() if theirs not in names]):
        raise InputError(
            f"the mapping names columns that this table has not: {', '.join(missing)}. Correct the config."
        )
    fields, columns = _csv_columns(names, mapped) if is_csv else _json_columns(names, mapped, parameters)
    broken = f"'a row with fewer than the header''s {len(names)} fields'" if is_csv else "'not a JSON object'"
    stamps = read_stamps("timestamp", "cells", head.records, zone, source.time_format if source else None)
    sql = _SQL.format(
        fields=fields,
        columns=columns,
        order=stamps.order,
        broken=broken,
        timestamp=stamps.moment,
        unclear=stamps.is_unclear,
    )
    said = _assumptions(mapped, zone, is_mapped=bool(source and source.columns))
    used = {name: value for name, value in {**parameters, **stamps.parameters}.items() if f"${name}" in sql}
    return Select(sql, used, (*said, *_doubts(head, names, mapped)))


def column_names(head: Head) -> list[str]:
    """The column names of a table: the header row, or the keys of its first objects in order of appearance."""
    if head.framing == "csv":
        return head.columns
    names: dict[str, None] = {}
    for row in replace(head, records=head.records[:20]).objects():
        names.update(dict.fromkeys(row))
    return list(names)


def _csv_columns(names: list[str], mapped: Mapping[str, str]) -> tuple[str, str]:
    """SQL for the list of a row's fields, which chr(31) joins, and for our columns out of it: positions only, no text
    from the file."""
    places = {ours: names.index(theirs) + 1 for ours, theirs in mapped.items() if theirs in names}
    return "str_split(text, chr(31))", f"{_picked(places)}, len(fields) >= {len(names)} as is_whole"


def _json_columns(names: list[str], mapped: Mapping[str, str], parameters: dict[str, Any]) -> tuple[str, str]:
    """SQL for the list of an object's values, read once, and for our columns out of it; the names of the file's keys
    travel as parameters. `a.b` is the key b of the object a, unless there is a key of that very name."""
    keys = [ours for ours in SYNONYMS if ours in mapped]
    for ours in keys:
        escaped = mapped[ours].replace("~", "~0").replace("/", "~1")
        parameters[f"key_{ours}"] = "/" + (escaped if mapped[ours] in names else escaped.replace(".", "/"))
    listed = ", ".join(f"$key_{ours}" for ours in keys)
    places = {ours: place for place, ours in enumerate(keys, 1)}
    fields = f"case when json_valid(text) then json_extract_string(text, [{listed}]) end"
    return fields, f"{_picked(places)}, fields is not null and starts_with(text, '{{') as is_whole"


def _picked(places: Mapping[str, int]) -> str:
    cells = {ours: f"fields[{places[ours]}]" if ours in places else "null::varchar" for ours in SYNONYMS}
    time = cells.pop("time")
    if "time" in places:
        cells["timestamp"] = _MOMENT.format(day=cells["timestamp"], time=time, midnight="'[ T]+00:00(:00([.]0+)?)?$'")
    return ", ".join(f"{cell} as {ours}" for ours, cell in cells.items())


def _doubts(head: Head, names: list[str], mapped: Mapping[str, str]) -> tuple[str, ...]:
    """What speaks against the columns: people are addresses nearly everywhere, and a wrong column has none, or others
    have them too."""
    theirs = mapped["recipient"]
    copied = [name for name in names if name not in mapped.values() and _COPIES.search(name.lower())]
    said = tuple(
        f"the people in {name!r} are not counted: map it as recipient if it names those who got the mail"
        for name in copied
        if any("@" in cell for cell in _cells(head, names, name))
    )
    cells = _cells(head, names, theirs)
    if not cells or any("@" in cell for cell in cells):
        return said
    return (f"no recipient of the first {len(cells)} is an address: is {theirs!r} the right column?", *said)


def _cells(head: Head, names: list[str], name: str) -> list[str]:
    """What stands in the first cells of a column."""
    if head.framing != "csv":
        return [record for record in head.records if name in record]
    place = names.index(name)
    rows = [record.split("\x1f") for record in head.records[1:]]
    return [row[place] for row in rows if len(row) > place]


def _assumptions(mapped: Mapping[str, str], zone: str, *, is_mapped: bool) -> tuple[str, ...]:
    """What a person should know about how the columns were read."""
    renamed = [f"{theirs!r} as {ours}" for ours, theirs in mapped.items() if theirs != ours]
    how = "as mapped" if is_mapped else "by synonym"
    said = [f"columns read {how}: {', '.join(renamed)}"] if renamed else []
    return (*said, zone_assumed(zone))
