"""HubSpot email events: its objects, its pages `{"events": [...]}`, and the `email_event` table of a warehouse.

A send is a SENT event: its `id` is the mail to one person, and the `sentBy.id` of every later event names it. A later
event alone proves the send too. DROPPED mail was suppressed and not sent. Opens, clicks, prints, forwards, reports,
unsubscriptions and events that a later one made obsolete are no sends. The template is the `emailCampaignId`.

It cannot know subjects where the warehouse keeps them in a table of its own, nor people where their addresses were
hashed: a hash is one person all the same. The events are those of marketing mail; mails that staff write to single
contacts are not among them.

Source: HubSpot developer documentation, "Email Events API".
"""

import re
from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import MARK, table_parameters
from detector.framings import Head
from detector.stamps import read_stamps

FRAMINGS = ("csv", "json")
IDENTITY = "event_id"

NAMES = {
    "id": "id",
    "stamp": "created",
    "type_word": "type",
    "recipient": "recipient",
    "sender": "from",
    "subject": "subject",
    "campaign": "email_campaign_id emailCampaignId",
    "sent_by": "sent_by_id",
    "sent_by_stamp": "sent_by_created",
    "obsoleted_by": "obsoleted_by_id",
}
"""Our word -> names of the column in a warehouse's table."""

_OBJECTS = r"""
with opened as (
  select record_number, {mark} as mark,
    case when json_valid(text) and starts_with(text, '{') then text::json end as page
  from records
), listed as (
  select record_number, mark, unnest(case when json_type(page, '$.events') is distinct from 'ARRAY' then [page]
      when json_array_length(page, '$.events') = 0 then [null] else cast(page->'$.events' as json[]) end) as event,
    coalesce(json_array_length(page, '$.events') = 0, false) as is_empty_page
  from opened where page is not null
  union all
  select record_number, mark, null, false from opened where page is null
), cells as (
  select record_number, mark, false as is_header, (event->>'$.id') as id,
    (event->>'$.created') as stamp, (event->>'$.type') as type_word,
    (event->>'$.recipient') as recipient, (event->>'$.from') as sender, (event->>'$.subject') as subject,
    coalesce(event->>'$.emailCampaignId', (event->>'$.email_campaign_id')) as campaign,
    coalesce(event->>'$.sentBy.id', (event->>'$.sent_by_id')) as sent_by,
    coalesce(event->>'$.sentBy.created', (event->>'$.sent_by_created')) as sent_by_stamp,
    coalesce(event->>'$.obsoletedBy.id', (event->>'$.obsoleted_by_id')) as obsoleted_by,
    coalesce(json_type(event) = 'OBJECT', false) as is_whole, is_empty_page
  from listed
)"""

_ROWS = r"""
with cells as (
  select record_number, mark, is_header, {cells}, len(f) >= $width as is_whole, false as is_empty_page
  from (
    select record_number, {mark} as mark, record_number <= $header_number or text = $header as is_header,
      str_split(text, chr(31)) as f
    from records
  )
)"""

_SENDS = r""", {orders}, typed as (
  select *, {at} as stamped_at, {sent_at} as sent_at, {unclear} as is_unclear, upper(trim(type_word)) as word,
    nullif(trim(case when upper(trim(type_word)) = 'SENT' then id else coalesce(nullif(trim(sent_by), ''),
      case when upper(trim(type_word)) = 'DROPPED' then id end) end), '') as key,
    case upper(trim(type_word)) when 'SENT' then 'accepted' when 'PROCESSED' then 'accepted'
      when 'DELIVERED' then 'delivered' when 'DEFERRED' then 'deferred' when 'BOUNCE' then 'bounced'
      when 'DROPPED' then 'dropped' end as type
  from cells
), judged as (
  select *,
    case
      when mark = 'blank' then 'blank'
      when is_empty_page or is_header then 'ignored'
      when mark is not null or not is_whole then 'rejected'
      when word in ('OPEN', 'CLICK', 'PRINT', 'FORWARD', 'STATUSCHANGE', 'SPAMREPORT', 'UNBOUNCE') then 'ignored'
      when (word <> 'SENT' and coalesce(trim(obsoleted_by), '') <> '') or (word = 'PROCESSED' and key is null)
        then 'ignored'
      when type is null or stamped_at is null or key is null or coalesce(trim(recipient), '') = '' then 'rejected'
      else 'event'
    end as outcome
  from typed
), chosen as (  -- what is no send says so only if nothing else in its page is one
  select *, bool_or(outcome in ('event', 'rejected')) over (partition by record_number) as has_more
  from judged
  qualify outcome <> 'ignored' or not has_more
)
select record_number,
  row_number() over (partition by record_number order by key, recipient, word, stamped_at) as part,
  outcome,
  case when outcome = 'rejected' then case
    when mark is not null then split_part(mark, chr(2), 2)
    when not is_whole then $broken
    when type is null then 'no event of a known type'
    when stamped_at is null and is_unclear then $unclear_order
    when stamped_at is null then 'no time that can be read'
    when key is null then 'no id of the mail it is about'
    else 'no recipient' end end as reason,
  type,
  epoch_us(stamped_at) as at_us,
  false as is_local,
  false as is_yearless,
  epoch_us(sent_at) as sent_at_us,
  key as message_key,
  lower(trim(recipient, '<> ')) as recipient,
  nullif(lower(coalesce(nullif(regexp_extract(sender, '<([^<>]+)>\s*$', 1), ''), trim(sender))), '') as sender,
  key as message_id,
  nullif(trim(subject), '') as subject,
  nullif(trim(campaign), '') as template,
  null::varchar as organization,
  null::bigint as size,
  null::varchar as next_key
from chosen
"""


def claims(head: Head) -> int:
    """All rows of the warehouse's table; of JSON, the events and pages of events."""
    if head.framing == "json":
        found = sum(map(_is_hubspot, head.objects()))
        return found + 1 if found else 0
    names = set(_columns(head))
    is_table = {"id", "created", "type", "recipient", "email_campaign_id", "sent_by_id"} <= names
    return len(head.records) + 1 if is_table else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs, or UTC without a zone in a warehouse."""
    is_csv = head.framing == "csv"
    names = _columns(head) if is_csv else []
    parameters = table_parameters(head, names)
    cells = _OBJECTS.replace("{mark}", MARK)
    if is_csv:
        parameters["width"] = len(names)
        for ours, theirs in NAMES.items():
            parameters[f"at_{ours}"] = next((names.index(n) + 1 for n in theirs.split() if n in names), 0)
        cells = _ROWS.format(mark=MARK, cells=", ".join(f"f[$at_{ours}] as {ours}" for ours in NAMES))
    time_format = source.time_format if source else None
    stamps = read_stamps("stamp", "cells", head.records, "UTC", time_format)
    sent = read_stamps("sent_by_stamp", "cells", head.records, "UTC", time_format)
    orders = f"{stamps.order}, {sent.order}"
    sql = cells + _SENDS.format(orders=orders, at=stamps.moment, sent_at=sent.moment, unclear=stamps.is_unclear)
    bound = {**parameters, **stamps.parameters}
    return Select(sql, {name: value for name, value in bound.items() if f"${name}" in sql})


def _columns(head: Head) -> list[str]:
    """The header's names; some exports leave quotes around them."""
    return [name.strip(' "') for name in head.columns]


def _is_hubspot(found: dict[str, Any]) -> bool:
    """True if the object is an event, or a page of them."""
    events = found.get("events")
    if isinstance(events, list):
        return (not events and "hasMore" in found) or any(_is_event(event) for event in events[:20])
    return _is_event(found)


def _is_event(event: Any) -> bool:
    """True if an object has what every event has, and what only HubSpot's have."""
    if not isinstance(event, dict) or not re.fullmatch(r"[A-Z]+", str(event.get("type"))):
        return False
    ours = {"emailCampaignId", "email_campaign_id", "portalId", "portal_id"}
    return {"id", "created", "recipient"} <= event.keys() and not ours.isdisjoint(event)
