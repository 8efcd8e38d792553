"""Mailjet events: `{"event": "sent", "time": ..., "MessageID": ..., "email": ...}`, one each or grouped in arrays.

A send is (`MessageID`, address). There is no event for the acceptance: `sent` says that the recipient's server took the
mail; `bounce` that it did not (hard or soft, both given up), `blocked` that Mailjet never tried. Events are tried again
for a day with the same id, kind and time, and add nothing. Opens, clicks, complaints and unsubscribes are no sends.

Not known: subject and sender, and when the mail was submitted: the time is that of the delivery.
Source: Mailjet documentation, "Event API".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_EVENT = shape("event time MessageID email customcampaign mj_campaign_id Payload")

_SQL = rf"""
with opened as (
  select record_number, {MARK} as mark, try(json_transform(text, $event)) as e from records
), parsed as (
  select *, case when starts_with(e.Payload, '{{') then try(json_transform(e.Payload, $payload)) end as payload
  from opened
), facts as (
  select record_number, mark, 1 as place,
    case when e is null then 'not valid JSON' end as problem,
    case e.event
      when 'sent' then 'delivered'
      when 'bounce' then 'bounced'
      when 'blocked' then 'dropped'
      when 'open' then 'ignored' when 'click' then 'ignored' when 'spam' then 'ignored' when 'unsub' then 'ignored'
      end as type,
    {moment("e.time")} as at_us,
    null::bigint as sent_at_us,
    nullif(nullif(trim(e.MessageID), ''), '0') as message_key,
    {address("e.email")} as recipient,
    null::varchar as sender,
    null::varchar as message_id,
    null::varchar as subject,
    coalesce(nullif(trim(e.customcampaign), ''), nullif(nullif(trim(e.mj_campaign_id), ''), '0')) as template,
    {organization("payload")} as organization,
    null::bigint as size
  from parsed
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are Mailjet's events."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs, so `zone` is not needed."""
    return Select(_SQL + FINISH, {"event": _EVENT, "payload": shape("", ORGANIZATION)})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for an event."""
    telling = {"mj_campaign_id", "mj_contact_id", "Message_GUID"}
    return {"event", "time", "email"} <= item.keys() and not telling.isdisjoint(item)
