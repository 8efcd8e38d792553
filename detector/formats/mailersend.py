"""MailerSend webhooks: `{"type": "activity.sent", "data": {"email": {"message": {"id": ...}, "recipient": {...}}}}`.

A send is (`data.email.message.id`, recipient). `sent` is the send; `delivered`, `deferred`, `soft_bounced` and
`hard_bounced` are what became of it. A webhook that is delivered again carries the same id, kind and time, and adds
nothing. Opens, clicks, complaints, unsubscribes and events of forms and lists are no sends.

Not known: what was suppressed, for which there is no webhook; the client, unless the subject or a tag tells.
Source: MailerSend developer documentation, "Webhooks: Payload example".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, address, listed, moment, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_EVENT = shape(
    "type created_at",
    {
        "data": {
            "template_id": "VARCHAR",
            "created_at": "VARCHAR",
            "email": {
                **dict.fromkeys(("id", "created_at", "from", "subject", "tags"), "VARCHAR"),
                "message": {"id": "VARCHAR"},
                "recipient": {"email": "VARCHAR"},
            },
        }
    },
)

_SQL = rf"""
with parsed as (
  select record_number, {MARK} as mark, try(json_transform(text, $event)) as e from records
), facts as (
  select record_number, mark, 1 as place,
    case when e is null then 'not valid JSON' end as problem,
    case e.type
      when 'activity.sent' then 'accepted'
      when 'activity.delivered' then 'delivered'
      when 'activity.deferred' then 'deferred'
      when 'activity.soft_bounced' then 'bounced' when 'activity.hard_bounced' then 'bounced'
      when 'activity.opened' then 'ignored' when 'activity.opened_unique' then 'ignored'
      when 'activity.clicked' then 'ignored' when 'activity.clicked_unique' then 'ignored'
      when 'activity.unsubscribed' then 'ignored' when 'activity.spam_complaint' then 'ignored'
      when 'activity.survey_opened' then 'ignored' when 'activity.survey_submitted' then 'ignored' end as type,
    coalesce({moment("e.data.created_at")}, {moment("e.created_at")}) as at_us,
    {moment("e.data.email.created_at")} as sent_at_us,
    nullif(trim(coalesce(e.data.email.message.id, e.data.email.id)), '') as message_key,
    {address("e.data.email.recipient.email")} as recipient,
    {address('e.data.email."from"')} as sender,
    null::varchar as message_id,
    nullif(trim(e.data.email.subject), '') as subject,
    coalesce(nullif(trim(e.data.template_id), ''), {listed("e.data.email.tags")}) as template,
    null::varchar as organization,
    null::bigint as size
  from parsed
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are MailerSend's webhooks."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps carry their zone."""
    return Select(_SQL + FINISH, {"event": _EVENT})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for a webhook about an email."""
    is_activity = str(item.get("type", "")).startswith("activity.") and isinstance(item.get("data"), dict)
    return is_activity and "email" in item["data"]
