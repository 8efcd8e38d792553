"""Amazon SES: event publishing (`eventType`), older feedback notifications (`notificationType`), bare or wrapped.

Wrappers are taken off, two deep: the SNS envelope (`Message` as text or object), Lambda's and SQS's `Records`, the
base64 data of Kinesis and Firehose records, EventBridge's `detail`. A send is (`mail.messageId`, recipient); `Send`
lists all recipients in `mail.destination`, the other events list their own. Redelivered records collapse because
identity comes from these ids and not from the delivery's. Bounces of addresses on a suppression list never left. Opens,
clicks, complaints, failed renderings, inbound mail ("Received") and SNS's own notices are no sends.

Not known: sends of which only older notifications tell and that were neither delivered nor bounced.
Source: Amazon SES developer guide, "Contents of event data" and "Amazon SNS notification contents".
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, address, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_EVENT = shape(
    "eventType notificationType Type Message detail body",
    {
        "mail": {
            **dict.fromkeys(("messageId", "timestamp", "source"), "VARCHAR"),
            "destination": ["VARCHAR"],
            "commonHeaders": {"subject": "VARCHAR", "messageId": "VARCHAR"},
            "tags": {tag: ["VARCHAR"] for tag in ("template", "campaign", "organization", "client")},
        },
        "delivery": {"timestamp": "VARCHAR", "recipients": ["VARCHAR"]},
        "bounce": {
            **dict.fromkeys(("timestamp", "bounceSubType"), "VARCHAR"),
            "bouncedRecipients": [{"emailAddress": "VARCHAR"}],
        },
        "deliveryDelay": {"timestamp": "VARCHAR", "delayedRecipients": [{"emailAddress": "VARCHAR"}]},
        "Records": [{"Sns": {"Message": "VARCHAR"}, "body": "VARCHAR", "kinesis": {"data": "VARCHAR"}}],
    },
)
"""What is taken out of an object, whether it is an event or a wrapper around others."""


def _unwrapped(e: str, text: str) -> str:
    """SQL: the texts inside a wrapper; one null if there is none, so that the object itself is the event."""
    decoded = "try(decode(from_base64({})))"
    in_record = f"coalesce(r.Sns.Message, r.body, {decoded.format('r.kinesis.data')})"
    firehose = f"try(json_transform(json_extract({text}, '$.records'), '[{{\"data\": \"VARCHAR\"}}]'))"
    return f"""case
      when {e} is null or coalesce({e}.eventType, {e}.notificationType) is not null then [null]
      when {e}.Type = 'Notification' or ({e}.Type is null and {e}.Message is not null) then [{e}.Message]
      when len({e}.Records) > 0 then list_transform({e}.Records, lambda r: coalesce({in_record}, ''))
      when {e}.detail is not null then [{e}.detail]
      when contains({text}, '"records"')
        then coalesce(list_transform({firehose}, lambda r: coalesce({decoded.format("r.data")}, '')), [null])
      else [null] end"""


_SQL = rf"""
with opened as (
  select record_number, text, {MARK} as mark, try(json_transform(text, $event)) as outermost from records
), once as (
  select record_number, mark, outermost, {_unwrapped("outermost", "text")} as bodies from opened
), once_each as (
  select record_number, mark, outermost, unnest(bodies) as body, generate_subscripts(bodies, 1) as place from once
), inner_parsed as (
  select record_number, mark, outermost, place, body,
    case when body is null then outermost else try(json_transform(body, $event)) end as middle
  from once_each
), twice as (  -- SQS carries the envelope of SNS, which carries the event
  select record_number, mark, outermost, place, middle, body as said,
    case when body is null then [null] else {_unwrapped("middle", "body")} end as bodies
  from inner_parsed
), twice_each as (
  select record_number, mark, outermost, place, middle, said, unnest(bodies) as body,
    generate_subscripts(bodies, 1) as place_in_middle
  from twice
), parsed as (
  select record_number, mark, outermost is null as is_broken, outermost.Type as outer_type,
    place * 1000 + place_in_middle as place,
    coalesce(starts_with(said, 'Successfully validated SNS topic'), false) as is_notice,
    case when body is null then middle else try(json_transform(body, $event)) end as e
  from twice_each
), typed as (
  select record_number, mark, is_broken, outer_type, is_notice, place, e,
    coalesce(e.eventType, e.notificationType) as event_type,
    epoch_us(try_cast(e.mail.timestamp as timestamptz)) as mail_at_us
  from parsed
), listed as (
  select *,
    case
      when outer_type in ('SubscriptionConfirmation', 'UnsubscribeConfirmation') or is_notice then 'ignored'
      else case event_type
        when 'Send' then 'accepted'
        when 'Delivery' then 'delivered'
        when 'Bounce' then case when e.bounce.bounceSubType in ('Suppressed', 'OnAccountSuppressionList') then 'dropped'
          else 'bounced' end
        when 'DeliveryDelay' then 'deferred'
        when 'Reject' then 'dropped'
        when 'Open' then 'ignored' when 'Click' then 'ignored' when 'Complaint' then 'ignored'
        when 'Subscription' then 'ignored' when 'Rendering Failure' then 'ignored' when 'Received' then 'ignored'
        when 'AmazonSnsSubscriptionSucceeded' then 'ignored'
        end end as type,
    case event_type
      when 'Delivery' then e.delivery.recipients
      when 'Bounce' then list_transform(e.bounce.bouncedRecipients, lambda r: r.emailAddress)
      when 'DeliveryDelay' then list_transform(e.deliveryDelay.delayedRecipients, lambda r: r.emailAddress)
      else e.mail.destination end as addresses
  from typed
), fanned as (
  select record_number, mark, is_broken, place, e, event_type, mail_at_us, type,
    unnest(case when type <> 'ignored' and len(addresses) > 0 then addresses else [null] end) as addressed
  from listed
), facts as (
  select record_number, mark, place,
    case when is_broken then 'not valid JSON'
      when e is null and type = 'ignored' then null
      when e is null then 'the wrapped message is not valid JSON'
      when type is null then 'no SES event of a known type'
      when type <> 'ignored' and mail_at_us is null then 'no mail.timestamp that can be read'
      when type <> 'ignored' and e.mail.messageId is null then 'no mail.messageId' end as problem,
    type,
    coalesce(case event_type
      when 'Delivery' then epoch_us(try_cast(e.delivery.timestamp as timestamptz))
      when 'Bounce' then epoch_us(try_cast(e.bounce.timestamp as timestamptz))
      when 'DeliveryDelay' then epoch_us(try_cast(e.deliveryDelay.timestamp as timestamptz)) end,
      mail_at_us) as at_us,
    mail_at_us as sent_at_us,
    e.mail.messageId as message_key,
    {address("addressed")} as recipient,
    {address("e.mail.source")} as sender,
    coalesce(nullif(trim(e.mail.commonHeaders.messageId, ' <>'), ''), e.mail.messageId) as message_id,
    e.mail.commonHeaders.subject as subject,
    coalesce(e.mail.tags.template[1], e.mail.tags.campaign[1]) as template,
    coalesce(e.mail.tags.organization[1], e.mail.tags.client[1]) as organization,
    null::bigint as size
  from fanned
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are SES events, wrapped or not."""
    return outbid(head, _is_event)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event and recipient; SES stamps carry their zone, so `zone` is not needed."""
    return Select(_SQL + FINISH, {"event": _EVENT})


def _is_event(body: Any) -> bool:
    """True if the object is an SES event or a wrapper around one."""
    try:
        for _ in range(2):
            if not isinstance(body, dict) or isinstance(body.get("mail"), dict):
                break
            body = next(_wrapped(body), None)
            body = json.loads(body) if isinstance(body, str | bytes) else body
    except (ValueError, RecursionError):
        return False
    if not isinstance(body, dict) or not isinstance(body.get("mail"), dict):
        return False
    return ("eventType" in body or "notificationType" in body) and "messageId" in body["mail"]


def _wrapped(body: dict[str, Any]) -> Iterator[Any]:
    """What a wrapper holds, the first of it first."""
    for key in ("Records", "records"):
        for record in body[key] if isinstance(body.get(key), list) else []:
            if isinstance(record, dict):
                inner = [record.get(name) for name in ("Sns", "kinesis")]
                yield from (part["Message"] for part in inner if isinstance(part, dict) and "Message" in part)
                data = [part.get("data") for part in (*inner, record) if isinstance(part, dict)]
                yield from (base64.b64decode(part) for part in data if isinstance(part, str))
                yield record.get("body")
    yield from (body[key] for key in ("Message", "detail") if key in body)
