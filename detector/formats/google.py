"""Google Workspace: the CSV of Email Log Search, and Gmail logs in BigQuery exported as JSON.

Both have several rows for each stage of a message; a send is (Message-ID, recipient). What leaves (SMTP_OUT, action 10)
or reaches a mailbox of the house proves it. Google knows a message by its Message-ID only: an application that submits
one rendered mail again is told by a later arrival (SMTP_IN, action 1) of the same id for the same recipient, which
begins another send. A group stands in the rows until LIST_SERVER expands it; it is no send if somebody else got the
message. Mail that strangers sent to the house (Direction "Received"; from outside into a mailbox) is no send, nor is
what users do with mail, nor a session that the relay refused.

It cannot know templates, nor a second arrival that another daily file holds, and a gateway that hands mail back to
Google makes two of one. Rows of BigQuery's REST interface carry no column names and are not read.

Source: Google Workspace Admin Help, "Email log search export fields" and "Schema for Gmail logs in BigQuery".
"""

import json
import re

from detector.config import Source
from detector.formats import Select
from detector.formats._events import simple, table_parameters
from detector.framings import Head
from detector.stamps import read_stamps, zone_assumed

FRAMINGS = ("csv", "json")
IDENTITY = "event_id"

NAMES = {
    "message_id": "messageid",
    "started": "startdate",
    "stamp": "eventdate startdate",
    "sender": "sender",
    "size": "messagesize",
    "subject": "subject",
    "direction": "direction",
    "recipients": "recipientaddress",
    "target": "eventtarget",
    "status": "eventstatus",
    "reply": "eventsmtpreplycode",
}
"""Our word -> names of the column of Email Log Search, without case and spaces."""

_NO_NAMES = "no Gmail log record with names; export the table as JSON, not through the REST interface"
_SEARCH = r"""
with cells as (
  select record_number, text, f[$at_message_id] as message_id, f[$at_started] as started, f[$at_stamp] as stamp,
    f[$at_sender] as sender, f[$at_size] as size, f[$at_subject] as subject, lower(trim(f[$at_direction])) as direction,
    f[$at_recipients] as recipients, upper(trim(f[$at_target])) as target, upper(trim(f[$at_status])) as status,
    trim(f[$at_reply]) as reply, len(f) >= $width as is_whole
  from (select record_number, text, str_split(text, chr(31)) as f from records)
), {orders}, staged as (
  select record_number, text, is_whole, sender, subject, size, trim(message_id, '<> ') as key,
    epoch_us({at}) as at_us, epoch_us({started}) as sent_at_us, {unclear} as is_unclear,
    regexp_extract_all(recipients, '[^\s,;<>"]+@[^\s,;<>"]+') as recipients,
    target = 'SMTP_IN' as is_arrival,
    target in ('LIST_SERVER', 'ARCHIVE_LIST_SERVER') as is_group,
    case
      when direction = 'received' or target in ('LIST_SERVER', 'ARCHIVE_LIST_SERVER')
        or message_id like '%SMTPIN_ADDED_REJECT_SESSION%' then 'ignored'
      when regexp_matches(status, 'TRANSIENT|TEMP|RETRY|DEFER|DELAY|PROGRESS|PENDING') or reply like '4%'
        then 'deferred'
      when status like '%DROP%' or status like '%DISCARD%' then 'dropped'
      when regexp_matches(status, 'BOUNCE|REJECT|FAIL|DENIED') or reply like '5%' then 'bounced'
      when status like '%QUARANTINE%' then 'accepted'
      when target in ('SMTP_OUT', 'GMAIL_INBOX', 'GMAIL_SPAM') then 'delivered'
      else 'accepted'
    end as type
  from cells
)"""

_BIGQUERY = r"""
with opened as (
  select record_number, text, case when json_valid(text) and starts_with(text, '{') then text::json end as object
  from records
), halves as (
  select record_number, text, coalesce(object->'$.gmail.event_info', object->'$.event_info') as e,
    coalesce(object->'$.gmail.message_info', object->'$.message_info') as m
  from opened
), listed as (
  select *, case json_type(m, '$.destination') when 'ARRAY' then cast(m->'$.destination' as json[])
      when 'OBJECT' then [m->'$.destination'] else [] end as destinations,
    try_cast(m->>'$.action_type' as integer) as action,
    coalesce(m->>'$.source.service', '') as service
  from halves
), placed as (
  select *,
    list_transform(destinations, lambda d: (d->>'$.address')) as recipients,
    len(list_filter(destinations, lambda d: coalesce(d->>'$.service', '') like 'smtp-outbound%')) > 0 as is_outbound,
    len(list_filter(destinations, lambda d: regexp_matches(d->>'$.service', 'list|group'))) > 0
      or coalesce(action in (45, 46, 51, 54), false) as is_group,
    coalesce((m->>'$.connection_info.is_internal') = 'true', false)
      or coalesce((m->>'$.connection_info.is_intra_domain') = 'true', false)
      or service not like 'smtp-inbound%' as is_from_house
  from listed
), staged as (
  select record_number, text, m is not null and e is not null as is_whole, (m->>'$.source.address') as sender,
    (m->>'$.subject') as subject, (m->>'$.payload_size') as size,
    trim(coalesce(m->>'$.rfc2822_message_id', ''), '<> ') as key,
    try_cast(e->>'$.timestamp_usec' as bigint) as at_us, null::bigint as sent_at_us, false as is_unclear,
    recipients,
    coalesce(action = 1 and (e->>'$.success') is distinct from 'false', false) as is_arrival,
    is_group,
    case
      when m is null or e is null then null
      when is_group or not (is_outbound or is_from_house) then 'ignored'
      when action = 10 then case when (e->>'$.success') = 'false' then 'deferred' else 'delivered' end
      when action = 3 then case when is_outbound then 'accepted' else 'delivered' end
      when action = 14 then 'deferred'
      when action = 18 then 'bounced'
      when action = 19 then 'dropped'
      when action in (48, 49) or (action is null and (e->>'$.mail_event_type') = '1') then 'accepted'
      else 'ignored'
    end as type
  from placed
)"""

_SENDS = r""", addressed as (
  select * replace (list_sort(list_distinct(list_filter(list_transform(recipients, lambda r: lower(trim(r, '<> '))),
    lambda r: contains(r, '@')))) as recipients)
  from staged
), arrivals as (  -- every submission of one id for one recipient
  select key, address, at_us, row_number() over (partition by key, address order by at_us) as number
  from (select distinct key, unnest(recipients) as address, at_us from addressed where is_arrival and at_us is not null)
), finals as (
  select key, list(distinct address) as addresses
  from (select key, unnest(recipients) as address from addressed where type = 'delivered')
  group by key
), groups as (
  select key, list(distinct address) as addresses
  from (select key, unnest(recipients) as address from addressed where is_group)
  group by key
), judged as (
  select a.* replace (case when len(f.addresses) > 0 and g.addresses is not null
      then list_filter(a.recipients, lambda r: not list_contains(g.addresses, r) or list_contains(f.addresses, r))
      else a.recipients end as recipients),
    case
      when trim(text) = '' then 'blank'
      when $is_csv and (record_number <= $header_number or text = $header) then 'ignored'
      when starts_with(text, chr(2)) or not is_whole then 'rejected'
      when type = 'ignored' then 'ignored'
      when at_us is null or coalesce(a.key, '') = '' or len(a.recipients) = 0 then 'rejected'
      else 'event'
    end as verdict
  from addressed as a
  left join finals as f on f.key = a.key
  left join groups as g on g.key = a.key
), decided as (
  select *, case when verdict = 'event' and len(recipients) = 0 then 'ignored' else verdict end as outcome from judged
), fanned as (
  select *, unnest(case when outcome = 'event' then recipients else [null] end) as address,
    generate_subscripts(case when outcome = 'event' then recipients else [null] end, 1) as part
  from decided
)
select d.record_number, d.part, d.outcome,
  case when d.outcome = 'rejected' then case
    when starts_with(d.text, chr(2)) then split_part(d.text, chr(2), 2)
    when not d.is_whole then $broken
    when d.at_us is null and d.is_unclear then $unclear_order
    when d.at_us is null then 'no time that can be read'
    when coalesce(d.key, '') = '' then 'no message id'
    else 'no recipient' end end as reason,
  d.type,
  d.at_us,
  false as is_local,
  false as is_yearless,
  case when n.number is null or n.number = 1 then d.sent_at_us end as sent_at_us,
  case when n.number > 1 then d.key || ' ' || n.at_us else d.key end as message_key,
  d.address as recipient,
  case when regexp_matches(trim(d.sender), '(?i)^(<>|mailer-daemon@.*)$') then ''
    else nullif(lower(trim(d.sender, '<> ')), '') end as sender,
  nullif(d.key, '') as message_id,
  nullif(trim(d.subject), '') as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(d.size as bigint) as size,
  null::varchar as next_key
from fanned as d
asof left join arrivals as n on n.key = d.key and n.address = d.address and d.at_us >= n.at_us
"""


def claims(head: Head) -> int:
    """All rows of an Email Log Search; of JSON, the objects that are Gmail log records."""
    if head.framing == "json":
        found = sum(map(_is_gmail, head.records))
        return found + 1 if found else 0
    names = _columns(head)
    is_search = {"messageid", "startdate", "direction", "recipientaddress"} <= set(names)
    return len(head.records) + 1 if is_search and ("eventtarget" in names or "eventstatus" in names) else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per stage and recipient; BigQuery's stamps are in UTC, those of a search may carry a zone's name."""
    is_csv = head.framing == "csv"
    names = _columns(head) if is_csv else []
    parameters = table_parameters(head, names, _NO_NAMES)
    if not is_csv:
        return Select(_BIGQUERY + _SENDS, parameters)
    for ours, theirs in NAMES.items():
        parameters[f"at_{ours}"] = next((names.index(name) + 1 for name in theirs.split() if name in names), 0)
    time_format = source.time_format if source else None
    stamps = read_stamps("stamp", "cells", head.records, zone, time_format)
    started = read_stamps("started", "cells", head.records, zone, time_format)
    parameters |= {**stamps.parameters, "width": len(names)}
    search = _SEARCH.format(
        orders=f"{stamps.order}, {started.order}",
        at=stamps.moment,
        started=started.moment,
        unclear=stamps.is_unclear,
    )
    return Select(search + _SENDS, parameters, (zone_assumed(zone),))


def _columns(head: Head) -> list[str]:
    """The names of the columns in their simplest form."""
    return [simple(name) for name in head.columns]


def _is_gmail(record: str) -> bool:
    """True if the record is one of Gmail's, with names or without."""
    try:
        found = json.loads(record)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    named = found["gmail"] if isinstance(found.get("gmail"), dict) else found
    bare = found["row"] if isinstance(found.get("row"), dict) else found
    is_named = isinstance(named.get("event_info"), dict) and isinstance(named.get("message_info"), dict)
    is_bare = (
        isinstance(bare.get("f"), list) and re.search(r'"(?:gmail|smtp-(?:in|out)bound)[^"]*::', record) is not None
    )
    return is_named or is_bare
