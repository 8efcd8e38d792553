"""Resend webhooks: `{"type": "email.sent", "created_at": ..., "data": {"email_id": ..., "to": [...]}}`.

A send is (`data.email_id`, each address of `to`, `cc`, `bcc`). `email.sent` is the send; `delivered`,
`delivery_delayed` and `bounced` are what became of it; `failed` and `suppressed` never left. Retried and replayed
webhooks carry the same id, kind and time, and add nothing. Opens, clicks, complaints, mail that is only scheduled,
incoming mail, contacts and domains are no sends.

Not known: which of several addresses an event is about; it counts for all of them.
Source: Resend documentation, "Event types".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_EVENT = shape(
    "type created_at",
    {
        "data": {
            **dict.fromkeys(("email_id", "created_at", "from", "subject", "template_id", "broadcast_id"), "VARCHAR"),
            **{key: ["VARCHAR"] for key in ("to", "cc", "bcc")},
            "tags": "VARCHAR",
        }
    },
)
_TAGS = shape("template campaign category", ORGANIZATION)
_TAG_LIST = '[{"name": "VARCHAR", "value": "VARCHAR"}]'


def _tag(*names: str) -> str:
    """SQL: the value of the first tag of the list that has one of these names."""
    asked = ", ".join(f"'{name}'" for name in names)
    return f"list_filter(tag_list, lambda t: t.name in ({asked}))[1].value"


_SQL = rf"""
with opened as (
  select record_number, {MARK} as mark, try(json_transform(text, $event)) as e from records
), parsed as (  -- tags are an object, or a list of names and values
  select record_number, mark, e,
    case when starts_with(e.data.tags, '{{') then try(json_transform(e.data.tags, $tags)) end as tags,
    case when starts_with(e.data.tags, '[') then try(json_transform(e.data.tags, $tag_list)) end as tag_list,
    list_filter(list_concat(e.data."to", e.data.cc, e.data.bcc), lambda a: trim(a) <> '') as addresses
  from opened
), fanned as (
  select *, unnest(case when len(addresses) > 0 then addresses else [null] end) as addressed from parsed
), facts as (
  select record_number, mark, 1 as place,
    case when e is null then 'not valid JSON' end as problem,
    case e.type
      when 'email.sent' then 'accepted'
      when 'email.delivered' then 'delivered'
      when 'email.delivery_delayed' then 'deferred'
      when 'email.bounced' then 'bounced'
      when 'email.failed' then 'dropped' when 'email.suppressed' then 'dropped'
      when 'email.opened' then 'ignored' when 'email.clicked' then 'ignored' when 'email.complained' then 'ignored'
      when 'email.scheduled' then 'ignored' when 'email.received' then 'ignored'
      else case when starts_with(e.type, 'contact.') or starts_with(e.type, 'domain.') then 'ignored' end end as type,
    {moment("e.created_at")} as at_us,
    {moment("e.data.created_at")} as sent_at_us,
    nullif(trim(e.data.email_id), '') as message_key,
    {address("addressed")} as recipient,
    {address('e.data."from"')} as sender,
    null::varchar as message_id,
    nullif(trim(e.data.subject), '') as subject,
    coalesce(e.data.template_id, e.data.broadcast_id, tags.template, tags.campaign, tags.category,
      {_tag("template", "campaign", "category")}) as template,
    coalesce({organization("tags")}, {_tag(*ORGANIZATION)}) as organization,
    null::bigint as size
  from fanned
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are Resend's webhooks."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event and address; stamps carry their zone."""
    return Select(_SQL + FINISH, {"event": _EVENT, "tags": _TAGS, "tag_list": _TAG_LIST})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for a webhook about an email, a contact or a domain."""
    is_email = str(item.get("type", "")).startswith("email.") and isinstance(item.get("data"), dict)
    return is_email and "email_id" in item["data"]
