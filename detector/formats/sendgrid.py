"""SendGrid: the Event Webhook (one event an object), the Email Activity Feed as CSV and as a page of its API.

A send is (full `sg_message_id`, address): the part before `.filter` or `.recvd` is one API request, in which an address
may stand twice. Events arrive three times on average and `sg_event_id` changes between them, so it is not looked at;
the same id, address, kind and time is the same fact. `processed` is the send; `delivered`, `deferred` and `bounce`
(blocked or not) are what became of it; `dropped` never left. Opens, clicks, reports and unsubscribes are no sends, nor
are the entries of suppression lists.

Not known: subject and sender (webhook), unless the application passes them as custom arguments; which message a late
bounce without any id is about (rejected); when a message of the API's page was submitted, for it has only the time of
the last event. Source: SendGrid documentation, "Event Webhook Reference" and "Email Activity Feed".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import (
    FINISH,
    MARK,
    ORGANIZATION,
    address,
    column,
    listed,
    moment,
    organization,
    outbid,
    shape,
)
from detector.framings import Head
from detector.stamps import zone_assumed

FRAMINGS = ("json", "csv")
IDENTITY = "event_id"

_EVENT = shape(
    "event email timestamp sg_message_id smtp-id subject from sg_template_id template_id singlesend_id "
    "marketing_campaign_id category msg_id from_email to_email status last_event_time created",
    {**ORGANIZATION, "unique_args": ORGANIZATION},
)
_PAGE = shape("", {"messages": ["VARCHAR"]})

_CSV_ONLY = {"processed", "message_id", "event", "email"}
_CSV_TELLING = {"recv_message_id", "outbound_ip", "api_key_id", "asm_group_id", "unique_args"}

_WEBHOOK = rf"""
with singles as (
  select record_number, {MARK} as mark, 1 as place, try(json_transform(text, $event)) as e
  from records
  where not coalesce(contains(text, '"messages"'), false)
), pages as (
  select record_number, {MARK} as mark, text, try(json_transform(text, $page)) as page
  from records
  where contains(text, '"messages"')
), entries as (
  select record_number, mark, unnest(case when len(page.messages) > 0 then page.messages else [text] end) as entry,
    generate_subscripts(case when len(page.messages) > 0 then page.messages else [text] end, 1) as place
  from pages
), parsed as (
  select record_number, mark, place, e from singles
  union all
  select record_number, mark, place, try(json_transform(entry, $event)) as e from entries
), named as (
  select record_number, mark, place, false as is_header,
    case when e is null then 'not valid JSON' end as problem,
    case when e.event is null and e.created is not null then 'suppression' else coalesce(e.event, e.status) end
      as event,
    coalesce(e.email, e.to_email) as email,
    coalesce(e.timestamp, e.last_event_time) as stamp, coalesce(e.sg_message_id, e.msg_id) as id,
    e."smtp-id" as smtp_id, coalesce(e."from", e.from_email) as sender, e.subject as subject,
    coalesce(e.sg_template_id, e.template_id, e.singlesend_id, e.marketing_campaign_id) as template,
    e.category as category, {organization("e", "e.unique_args")} as organization
  from parsed
)"""  # noqa: S608 - our own SQL

_ACTIVITY = r"""
with cells as (
  select record_number, {mark} as mark, text = $header or record_number <= $header_number as is_header,
    str_split(text, chr(31)) as fields
  from records
), picked as (
  select record_number, mark, is_header, len(fields) as width, {picked} from cells
), parsed as (
  select *, try(json_transform(unique_args, $arguments)) as arguments from picked
), named as (
  select record_number, mark, 1 as place, is_header,
    case when not is_header and width < $width then 'a row with fewer fields than the header' end as problem,
    event, email, processed as stamp, message_id as id, null::varchar as smtp_id, "from" as sender, subject,
    coalesce(template_id, marketing_campaign_id) as template, categories as category, {organization} as organization
  from parsed
)"""

_FACTS = rf"""
, facts as (
  select record_number, mark, place, problem,
    case when is_header then 'ignored' else case lower(event)
      when 'processed' then 'accepted'
      when 'delivered' then 'delivered'
      when 'deferred' then 'deferred'
      when 'bounce' then 'bounced' when 'bounced' then 'bounced' when 'blocked' then 'bounced'
      when 'not_delivered' then 'bounced'
      when 'dropped' then 'dropped' when 'drop' then 'dropped'
      when 'open' then 'ignored' when 'opened' then 'ignored' when 'click' then 'ignored' when 'clicked' then 'ignored'
      when 'spamreport' then 'ignored' when 'spam_report' then 'ignored' when 'unsubscribe' then 'ignored'
      when 'group_unsubscribe' then 'ignored' when 'group_resubscribe' then 'ignored'
      when 'account_status_change' then 'ignored' when 'suppression' then 'ignored' end end as type,
    {moment("stamp")} as at_us,
    null::bigint as sent_at_us,
    coalesce(nullif(trim(id), ''), nullif(trim(smtp_id, ' <>'), '')) as message_key,
    {address("email")} as recipient,
    {address("sender")} as sender,
    nullif(trim(smtp_id, ' <>'), '') as message_id,
    nullif(trim(subject), '') as subject,
    coalesce(nullif(trim(template), ''), {listed("category")}) as template,
    organization,
    null::bigint as size
  from named
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are SendGrid's, or all rows of an Email Activity export."""
    if head.framing == "csv":
        names = set(_names(head))
        is_ours = names >= _CSV_ONLY and len(names & _CSV_TELLING) > 1
        return len(head.records) + 1 if is_ours else 0
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs or in UTC, so `zone` is not needed."""
    if head.framing == "json":
        return Select(_WEBHOOK + _FACTS + FINISH, {"event": _EVENT, "page": _PAGE})
    names = _names(head)
    wanted = "event email processed message_id subject from template_id marketing_campaign_id categories unique_args"
    picked = ", ".join(column(names, name) for name in wanted.split())
    parameters: dict[str, Any] = {
        "header": head.records[0],
        "header_number": head.header,
        "width": len(names),
        "arguments": shape("", ORGANIZATION),
    }
    sql = _ACTIVITY.format(mark=MARK, picked=picked, organization=organization("arguments"))
    return Select(sql + _FACTS + FINISH, parameters, (zone_assumed("UTC"),))


def _names(head: Head) -> list[str]:
    """The names of a table's columns."""
    return [name.strip().lower() for name in head.columns]


def _is_ours(item: dict[str, Any]) -> bool:
    """True for an event of the webhook, a message or a page of the activity API, and an entry of a suppression list."""
    if isinstance(item.get("messages"), list):
        item = next((message for message in item["messages"] if isinstance(message, dict)), {})
    is_event = "event" in item and not {"sg_message_id", "sg_event_id", "smtp-id"}.isdisjoint(item)
    is_suppression = {"created", "email", "reason"} <= item.keys() <= {"created", "email", "reason", "status", "ip"}
    is_suppression = is_suppression and str(item.get("status", "5"))[:1].isdigit()
    return is_event or is_suppression or {"msg_id", "to_email", "last_event_time"} <= item.keys()
