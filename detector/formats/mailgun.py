"""Mailgun: webhooks (`{"signature": ..., "event-data": ...}`), pages of its API (`{"items": [...]}`), bare events.

A send is (`message.headers.message-id`, recipient); a batch call shares one id among its recipients. `accepted` is the
send; `delivered` and `failed` (temporary: deferred, permanent: bounced, suppressed: dropped) are what became of it;
`rejected` never left. Pages overlap and webhooks are retried: the same id, recipient, kind and time is the same fact,
and Mailgun's event id is not looked at, for it is unique within a day only. Webhooks of the older kind (flat, with
`Message-Id` and `dropped`) are read too. Opens, clicks, stored and routed (incoming) mail and test mode are no sends.

Not known: that an application submitted one rendered mail again under its own Message-ID, which is then one send.
Source: Mailgun documentation, "Event Structure", "Webhook Payloads" and "Event Types".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, listed, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_PAGE = shape("event", {"event-data": "VARCHAR", "items": ["VARCHAR"], "paging": "VARCHAR"})

_EVENT = shape(
    "event severity reason timestamp recipient tags Message-Id code tag subject from",
    {
        "message": {
            "headers": dict.fromkeys(("message-id", "from", "subject"), "VARCHAR"),
            "size": "VARCHAR",
        },
        "envelope": {"sender": "VARCHAR"},
        "template": {"name": "VARCHAR"},
        "flags": dict.fromkeys(("is-routed", "is-test-mode", "is-system-test"), "VARCHAR"),
        "user-variables": ORGANIZATION,
        **ORGANIZATION,
    },
)

_SQL = rf"""
with opened as (
  select record_number, text, {MARK} as mark, try(json_transform(text, $page)) as page from records
), unfolded as (
  select record_number, mark, page is null as is_broken, page.paging is not null and len(page.items) = 0 as is_empty,
    case when page."event-data" is not null then [page."event-data"] when len(page.items) > 0 then page.items
      else [text] end as bodies
  from opened
), enclosed as (
  select record_number, mark, is_broken, is_empty, unnest(bodies) as body, generate_subscripts(bodies, 1) as place
  from unfolded
), parsed as (
  select *, try(json_transform(body, $event)) as e,
    case when contains(body, '"message-id"') then try(json_extract_string(body, '$."message-id"')) end as older_id
  from enclosed
), facts as (
  select record_number, mark, place,
    case when is_broken then 'not valid JSON' end as problem,
    case
      when is_empty or 'true' in (e.flags."is-routed", e.flags."is-test-mode", e.flags."is-system-test") then 'ignored'
      else case e.event
        when 'accepted' then 'accepted'
        when 'delivered' then 'delivered'
        when 'rejected' then 'dropped'
        when 'bounced' then 'bounced'
        when 'dropped' then case when e.code in ('605', '606', '607') then 'dropped' else 'bounced' end
        when 'failed' then case
          when e.severity = 'temporary' then 'deferred'
          when starts_with(e.reason, 'suppress') then 'dropped'
          else 'bounced' end
        when 'opened' then 'ignored' when 'clicked' then 'ignored' when 'unsubscribed' then 'ignored'
        when 'complained' then 'ignored' when 'stored' then 'ignored' when 'list_member_uploaded' then 'ignored'
        when 'list_member_upload_error' then 'ignored' when 'list_uploaded' then 'ignored'
        when 'email_validation' then 'ignored' end
      end as type,
    {moment("e.timestamp")} as at_us,
    null::bigint as sent_at_us,
    nullif(trim(coalesce(e.message.headers."message-id", e."Message-Id", older_id), ' <>'), '') as message_key,
    {address("e.recipient")} as recipient,
    {address('coalesce(e.message.headers."from", e."from", e.envelope.sender)')} as sender,
    nullif(trim(coalesce(e.message.headers."message-id", e."Message-Id", older_id), ' <>'), '') as message_id,
    nullif(trim(coalesce(e.message.headers.subject, e.subject)), '') as subject,
    coalesce(nullif(e.template.name, ''), {listed("coalesce(e.tags, e.tag)")}) as template,
    {organization('e."user-variables"', "e")} as organization,
    try_cast(e.message.size as bigint) as size
  from parsed
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are Mailgun's events, pages or webhooks."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs, so `zone` is not needed."""
    return Select(_SQL + FINISH, {"page": _PAGE, "event": _EVENT})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for a webhook of either kind, an event, and a page."""
    event = item.get("event-data", item)
    if isinstance(item.get("items"), list):
        event = next((entry for entry in item["items"] if isinstance(entry, dict)), None)
        if event is None:
            return isinstance(item.get("paging"), dict)
    if not isinstance(event, dict) or "event" not in event or "timestamp" not in event:
        return False
    is_older = {"recipient", "domain"} <= event.keys() and not {"Message-Id", "token"}.isdisjoint(event)
    is_event = {"id", "recipient"} <= event.keys() and not {"log-level", "recipient-domain"}.isdisjoint(event)
    return is_older or is_event or "event-data" in item
