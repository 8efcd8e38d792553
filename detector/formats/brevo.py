"""Brevo (Sendinblue): transactional and campaign webhooks, the events of its API, and the CSV export of its logs.

A send is (`message-id`, address), or (campaign, address) for a campaign, whose events carry no id. `request` is the
send; `delivered`, `deferred`, `soft_bounce` and `hard_bounce` are what became of it; `blocked`, `invalid_email` and
`error` never left. There is no event id (`id` is the webhook's), so same id, address, kind and time is the same fact.
The time is `ts_epoch` (ms), else `ts_event`, else `ts`; `date` and the stamps of the CSV are in the account's zone and
need `zone`. Opens (also by proxies), clicks, unsubscribes, complaints and changes of contacts are no sends.

Not known: the sender (webhook); the client, unless tags tell. The CSV names statuses in the language of the account:
English is understood, the rest is rejected and says so.
Source: Brevo developer documentation, "Transactional webhooks", "Marketing webhooks", "Get all your transactional email
activity", and headers of exported logs (`st_text,ts,sub,frm,email,tag,mid,link`).
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
    "event email message-id messageId date ts ts_event ts_epoch date_event subject tag tags template_id templateId "
    "camp_id from sender_email",
    {**ORGANIZATION, "campaign name": "VARCHAR", "events": ["VARCHAR"]},
)

_EXPORT = ["st_text", "ts", "sub", "frm", "email", "tag", "mid"]

_JSON = rf"""
with opened as (
  select record_number, {MARK} as mark, try(json_transform(text, $event)) as page,
    regexp_full_match(text, '\s*\{{\s*("events"\s*:\s*\[\s*\]\s*)?\}}\s*') as is_empty
  from records
), items as (
  select record_number, mark, page, is_empty,
    unnest(case when len(page.events) > 0 then page.events else [null] end) as item,
    generate_subscripts(case when len(page.events) > 0 then page.events else [null] end, 1) as place
  from opened
), parsed as (
  select record_number, mark, place, page, is_empty,
    case when item is null then page else try(json_transform(item, $event)) end as e
  from items
), named as (
  select record_number, mark, place, false as is_header,
    case when page is null then 'not valid JSON' end as problem,
    case when is_empty then 'none' else e.event end as event,
    coalesce(e.ts_epoch, e.ts_event, e.ts) as epoch, coalesce(e.date_event, e.date) as local_stamp, e.email as email,
    coalesce(e."message-id", e.messageId) as id, e.camp_id as campaign, coalesce(e.sender_email, e."from") as sender,
    e.subject as subject, coalesce(e.template_id, e.templateId, e."campaign name") as template,
    coalesce(e.tags, e.tag) as tags, {organization("e")} as organization
  from parsed
)"""  # noqa: S608 - our own SQL

_CSV = r"""
with cells as (
  select record_number, {mark} as mark, text = $header or record_number <= $header_number as is_header,
    str_split(text, chr(31)) as fields
  from records
), picked as (
  select record_number, mark, is_header, len(fields) as width, {picked} from cells
), named as (
  select record_number, mark, 1 as place, is_header,
    case when is_header then null
      when width < $width then 'a row with fewer fields than the header'
      when not list_contains($known, replace(lower(st_text), ' ', '_'))
        then 'a status in another language than English; export the log with the account set to English' end as problem,
    replace(lower(st_text), ' ', '_') as event, null::varchar as epoch,
    regexp_replace(ts, '^([0-9]{2})-([0-9]{2})-([0-9]{4}) ', '\3-\2-\1 ') as local_stamp, email, mid as id,
    null::varchar as campaign, frm as sender, sub as subject, null::varchar as template, tag as tags,
    null::varchar as organization
  from picked
)"""

_FACTS = rf"""
, facts as (
  select record_number, mark, place, problem,
    case when is_header then 'ignored' else list_extract($types, list_position($known, lower(event))) end as type,
    coalesce({moment("epoch")}, {moment("local_stamp", "$zone")}) as at_us,
    null::bigint as sent_at_us,
    coalesce(nullif(trim(id, ' <>'), ''), 'campaign ' || nullif(trim(campaign), '')) as message_key,
    {address("email")} as recipient,
    {address("sender")} as sender,
    nullif(trim(id, ' <>'), '') as message_id,
    nullif(trim(subject), '') as subject,
    coalesce(nullif(trim(template), ''), {listed("tags")}) as template,
    organization,
    null::bigint as size
  from named
)"""  # noqa: S608 - our own SQL

_WORDS = {
    "accepted": "request requests sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounced": "soft_bounce softbounces soft_bounced hard_bounce hardbounces hard_bounced bounces",
    "dropped": "blocked invalid_email invalid error",
    "ignored": "opened unique_opened first_opening proxy_open unique_proxy_open loadedbyproxy loaded_by_proxy click "
    "clicks clicked unsubscribe unsubscribed spam complaint complaints list_addition contact_updated contact_deleted "
    "none",
}
"""Our event type -> what webhooks, the API and the export call it."""


def claims(head: Head) -> int:
    """How many of the head's objects are Brevo's, or all rows of an exported log."""
    if head.framing == "csv":
        return len(head.records) + 1 if set(_names(head)) >= set(_EXPORT) else 0
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; `zone` is the account's, for stamps that are local."""
    known = {word: type_ for type_, words in _WORDS.items() for word in words.split()}
    parameters: dict[str, Any] = {"zone": zone, "known": list(known)}
    parameters["types"] = list(known.values())
    if head.framing == "json":
        return Select(_JSON + _FACTS + FINISH, {**parameters, "event": _EVENT})
    names = _names(head)
    picked = ", ".join(column(names, name) for name in _EXPORT)
    parameters |= {"header": head.records[0], "header_number": head.header, "width": len(names)}
    return Select(
        _CSV.replace("{mark}", MARK).replace("{picked}", picked) + _FACTS + FINISH, parameters, (zone_assumed(zone),)
    )


def _names(head: Head) -> list[str]:
    """The names of a table's columns."""
    return [name.strip().lower() for name in head.columns]


def _is_ours(item: dict[str, Any]) -> bool:
    """True for an event of a webhook or of the API, and a page of the latter."""
    if isinstance(item.get("events"), list) and len(item) == 1:
        return all(
            isinstance(entry, dict) and {"messageId", "event", "email"} <= entry.keys() for entry in item["events"]
        )
    is_transactional = {"event", "email", "message-id"} <= item.keys() and not {"ts", "ts_event", "date"}.isdisjoint(
        item
    )
    is_campaign = {"event", "email", "camp_id"} <= item.keys()
    return is_transactional or is_campaign or {"event", "email", "messageId", "date"} <= item.keys()
