"""Microsoft 365 message trace: Get-MessageTrace(V2) as JSON or CSV, the portal's and Graph's, the enhanced report.

A send is (trace id, recipient), whatever number of rows it has: the service lists a mail first as Pending or
GettingStatus and later with its end, and overlapping look-backs list it again. The enhanced report has one row per
mail, with each recipient's way in one cell (`a@x.example##Receive, Deliver;b@...`). A group (Expanded) and an address
that was replaced (Resolved) are no sends; their members have rows of their own. Quarantined mail was sent and is held;
mail refused as spam bounced. A sender of <> marks a notice. The extended report has one row per event and is read as
message tracking (`exchange`).

It cannot know templates, when a mail was tried again, or which inbound mail is ours: all that the trace lists counts,
so that a client can prove with it what arrived. StartDate and EndDate are those of the query, not of the mail.

Source: Microsoft, Get-MessageTraceV2, "Message trace in the Exchange admin center", exchangeMessageTrace of Graph.
"""

import json

from detector.config import Source
from detector.formats import Select
from detector.formats._events import simple, table_parameters
from detector.framings import Head
from detector.stamps import read_stamps, zone_assumed

FRAMINGS = ("csv", "json")
IDENTITY = "event_id"

NAMES = {
    "stamp": "received receiveddatetime receivedutc origintimestamputc origintimestamp dateutc datetimeutc date",
    "trace_id": "messagetraceid networkmessageid traceid",
    "message_id": "messageid internetmessageid",
    "sender": "senderaddress sender",
    "recipient": "recipientaddress recipient",
    "ways": "recipientstatus",
    "status": "status deliverystatus",
    "subject": "subject messagesubject",
    "size": "size totalbytes sizebytes",
}
"""Our word -> names of the column, without case and underscores."""

_SQL = r"""
with opened as (
  select record_number, text,
    case when not $is_csv and json_valid(text) and starts_with(text, '{{') then text::json end as page
  from records
), listed as (  -- a page of the web service holds its rows in a list
  select record_number, text, page, case
      when json_type(page, '$.value') = 'ARRAY' then cast(page->'$.value' as json[])
      when json_type(page, '$.d.results') = 'ARRAY' then cast(page->'$.d.results' as json[])
      else [page] end as objects
  from opened
), entries as (
  select record_number, text, page, unnest(case when len(objects) = 0 then [null] else objects end) as object
  from listed
), cells as (
  select record_number, text, {cells}
  from entries
), {order}, dated as (  -- PowerShell 5 writes /Date(1793124251000)/
  select * replace (coalesce(nullif(regexp_extract(stamp, '^/Date\(([0-9]+)\)/$', 1), ''), stamp) as stamp) from cells
), typed as (
  select *, epoch_us({at}) as at_us, {unclear} as is_unclear,
    coalesce(nullif(lower(replace(trim(trace_id), '-', '')), ''), nullif(trim(message_id, '<> '), '')) as key,
    regexp_replace(lower(status), '[^a-z]', '', 'g') as word,
    case when ways like '%##%' then list_filter(str_split(ways, ';'), lambda w: trim(w) <> '')
      else [coalesce(recipient, ways, '') || '##'] end as each_way
  from dated
), judged as (  -- the text goes no further, for it is long to sort
  select * exclude (text), case when starts_with(text, chr(2)) then split_part(text, chr(2), 2) end as not_framed,
    case
      when not regexp_matches(text, '[^\p{{Zs}}]') then 'blank'  -- trim() is dear
      when $is_csv and (record_number <= $header_number or text = $header) then 'ignored'
      when starts_with(text, chr(2)) or not is_whole or at_us is null or key is null then 'rejected'
    end as outcome
  from typed
), fanned as (
  select *, unnest(each_way) as way from judged
), ended as (
  select * exclude (outcome), outcome as verdict,
    lower(regexp_replace(trim(split_part(way, '##', 1), '<> '), '(?i)^smtp:', '')) as address,
    list_filter(list_transform(str_split(lower(split_part(way, '##', 2)), ','), lambda s: trim(s)),
      lambda s: s in ('receive', 'deliver', 'send', 'fail', 'defer', 'drop', 'spam', 'quarantine', 'expand', 'resolve',
        'redirect')) as steps
  from fanned
), meant as (
  select *,
    case
      when ways like '%##%' then case
        when steps[-1] in ('deliver', 'send') then 'delivered'
        when len(list_intersect(steps, ['expand', 'resolve', 'redirect'])) > 0 then 'ignored'
        when steps[-1] in ('fail', 'spam') then 'bounced'
        when steps[-1] = 'defer' then 'deferred'
        when steps[-1] = 'drop' then 'dropped'
        else 'accepted' end
      when word in ('delivered', 'deliveredtojunk', 'send', 'deliver') then 'delivered'
      when word in ('failed', 'filteredasspam', 'fail') then 'bounced'
      when word in ('pending', 'defer', 'deferred') then 'deferred'
      when word in ('gettingstatus', 'quarantined', 'none', 'unknown', 'unknownfuturevalue') or word is null
        or word = '' then 'accepted'
      when word in ('expanded', 'resolved') then 'ignored'
    end as type
  from ended
), superseded as (  -- a group is listed as Pending before it is Expanded
  select * replace (case when bool_or(type = 'ignored') over (partition by key, address) and type <> 'delivered'
    then 'ignored' else type end as type)
  from meant
), decided as (
  select *, case when verdict is not null then verdict when type = 'ignored' then 'ignored'
      when type is null or not contains(address, '@') then 'rejected' else 'event' end as outcome
  from superseded
), chosen as (  -- what is no send says so only if nothing else in its record is one
  select *,
    row_number() over (partition by record_number order by outcome, address, key, at_us, type) as part,
    bool_or(outcome = 'event') over (partition by record_number) as has_events
  from decided
  qualify outcome <> 'ignored' or not has_events
)
select record_number,
  row_number() over (partition by record_number order by part) as part,
  outcome,
  case when outcome = 'rejected' then case
    when not_framed is not null then not_framed
    when not is_whole then $broken
    when at_us is null and is_unclear then $unclear_order
    when at_us is null then 'no time that can be read'
    when key is null then 'no message id'
    when type is null then 'unknown status'
    else 'no recipient' end end as reason,
  type,
  at_us,
  false as is_local,
  false as is_yearless,
  null::bigint as sent_at_us,
  key as message_key,
  address as recipient,
  case when trim(sender) = '<>' then ''
    else nullif(lower(regexp_replace(trim(sender, '<> '), '(?i)^smtp:', '')), '') end as sender,
  nullif(trim(message_id, '<> '), '') as message_id,
  nullif(trim(subject), '') as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(size as bigint) as size,
  null::varchar as next_key
from chosen
"""


def claims(head: Head) -> int:
    """All records if the columns are those of a message trace."""
    names = {simple(name) for name in _columns(head)}
    has = {ours: any(name in names for name in theirs.split()) for ours, theirs in NAMES.items()}
    is_trace = has["trace_id"] and has["recipient"] and has["status"] and has["sender"]
    is_enhanced = "recipientstatus" in names and "eventid" not in names and has["message_id"]
    return len(head.records) + 1 if has["stamp"] and (is_trace or is_enhanced) else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per row and recipient. Stamps without a zone are UTC, except in a column of the portal called "Date"."""
    names = _columns(head)
    is_csv = head.framing == "csv"
    parameters = table_parameters(head, names)
    found = {}
    for ours, theirs in NAMES.items():
        found[ours] = next((n for word in theirs.split() for n in names if simple(n) == word), None)
        parameters[f"at_{ours}"] = _address(found[ours], names, is_csv)
    cell = "str_split(text, chr(31))[${0}]" if is_csv else "json_extract_string(object, ${0})"
    cells = ", ".join(f"{cell.format('at_' + ours)} as {ours}" for ours in NAMES)
    whole = f"len(str_split(text, chr(31))) >= {len(names)}" if is_csv else "page is not null"
    zone = zone if simple(found["stamp"] or "") == "date" else "UTC"
    stamps = read_stamps("stamp", "cells", head.records, zone, source.time_format if source else None)
    sql = _SQL.format(
        cells=f"{cells}, {whole} as is_whole",
        order=stamps.order,
        at=stamps.moment,
        unclear=stamps.is_unclear,
    )
    return Select(sql, {**parameters, **stamps.parameters}, (zone_assumed(zone),))


def _columns(head: Head) -> list[str]:
    """The names of the columns; of JSON, the keys of the first objects, or of the first rows of a page."""
    if head.framing == "csv":
        return head.columns
    names: dict[str, None] = {}
    for record in head.records[:20]:
        try:
            found = json.loads(record)
        except (ValueError, RecursionError):
            continue
        page = found.get("value", found.get("d")) if isinstance(found, dict) else None
        page = page.get("results") if isinstance(page, dict) else page
        for row in page[:20] if isinstance(page, list) else [found]:
            names.update(dict.fromkeys(row) if isinstance(row, dict) else {})
    return list(names)


def _address(name: str | None, names: list[str], is_csv: bool) -> str | int:
    """Where a column is found: its place in a row, 0 if there is none, or a pointer into an object."""
    if is_csv:
        return names.index(name) + 1 if name is not None else 0
    return "/" + name.replace("~", "~0").replace("/", "~1") if name is not None else "/\x02"
