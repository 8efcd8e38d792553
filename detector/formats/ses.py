"""Amazon SES: event publishing (`eventType`), older feedback notifications (`notificationType`), bare or wrapped.

Wrappers are taken off: the SNS envelope `{"Type": "Notification", "Message": "..."}`, Lambda's `Records[].Sns.Message`
and EventBridge's `detail`. A send is (`mail.messageId`, recipient); `Send` lists all recipients in `mail.destination`,
the other events list their own. Redelivered records collapse because identity comes from these ids and not from the
delivery's. Opens, clicks, complaints and inbound mail ("Received") are no sends.

Source: Amazon SES developer guide, "Contents of event data" and "Amazon SNS notification contents".
"""

import json
from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_SQL = r"""
with opened as (
  select record_number, text,
    case when json_valid(text) and not starts_with(text, chr(2)) then text::json end as outer_json
  from records
), unwrapped as (
  select record_number, text, outer_json,
    case
      when (outer_json->>'$.Type') = 'Notification' then [(outer_json->>'$.Message')]
      when json_type(outer_json, '$.Records') = 'ARRAY' then
        list_transform(cast(outer_json->'$.Records' as json[]), lambda r: coalesce(r->>'$.Sns.Message', (r->>'$.body')))
      when json_type(outer_json, '$.detail') = 'OBJECT' then [(outer_json->>'$.detail')]
      else [text]
    end as bodies
  from opened
), enclosed as (
  select record_number, text, outer_json, unnest(case when len(bodies) = 0 then [null] else bodies end) as body
  from unwrapped
), bodies as (  -- SQS carries the envelope of SNS, which carries the event
  select record_number, text, outer_json,
    case when json_valid(body) and (body::json->>'$.Type') = 'Notification' then (body::json->>'$.Message')
      else body end as body
  from enclosed
), parsed as (
  select *, case when outer_json is not null and json_valid(body) then body::json end as e from bodies
), named as (
  select *, coalesce(e->>'$.eventType', (e->>'$.notificationType')) as event_type,
    epoch_us(try_cast(e->>'$.mail.timestamp' as timestamptz)) as mail_at_us
  from parsed
), typed as (
  select *,
    case event_type when 'Send' then 'accepted' when 'Delivery' then 'delivered' when 'Bounce' then 'bounced'
      when 'DeliveryDelay' then 'deferred' when 'Reject' then 'dropped' end as type,
    case event_type
      when 'Delivery' then try_cast(e->'$.delivery.recipients' as varchar[])
      when 'Bounce' then
        list_transform(try_cast(e->'$.bounce.bouncedRecipients' as json[]), lambda r: (r->>'$.emailAddress'))
      when 'DeliveryDelay' then
        list_transform(try_cast(e->'$.deliveryDelay.delayedRecipients' as json[]), lambda r: (r->>'$.emailAddress'))
      else try_cast(e->'$.mail.destination' as varchar[])
    end as listed
  from named
), addressed as (
  select *, list_filter(listed, lambda r: trim(r) <> '' and trim(r) <> '<>') as recipients from typed
), judged as (
  select *,
    case
      when trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) or e is null then 'rejected'
      when event_type in ('Open', 'Click', 'Complaint', 'Subscription', 'Rendering Failure', 'Received')
        or (outer_json->>'$.Type') in ('SubscriptionConfirmation', 'UnsubscribeConfirmation') then 'ignored'
      when type is null or (e->>'$.mail.messageId') is null or mail_at_us is null or len(recipients) is null
        or len(recipients) = 0 then 'rejected'
      else 'event'
    end as outcome
  from addressed
), fanned as (
  select *, unnest(case when outcome = 'event' then recipients else [null] end) as address from judged
)
select record_number,
  row_number() over (partition by record_number order by (e->>'$.mail.messageId'), address) as part,
  outcome,
  case when outcome = 'rejected' then case
    when starts_with(text, chr(2)) then split_part(text, chr(2), 2)
    when outer_json is null then 'not valid JSON'
    when e is null then 'the wrapped message is not valid JSON'
    when type is null then 'no SES event of a known type'
    when mail_at_us is null then 'no mail.timestamp that can be read'
    when (e->>'$.mail.messageId') is null then 'no mail.messageId'
    else 'no recipient' end end as reason,
  type,
  coalesce(case event_type
    when 'Delivery' then epoch_us(try_cast(e->>'$.delivery.timestamp' as timestamptz))
    when 'Bounce' then epoch_us(try_cast(e->>'$.bounce.timestamp' as timestamptz))
    when 'DeliveryDelay' then epoch_us(try_cast(e->>'$.deliveryDelay.timestamp' as timestamptz)) end,
    mail_at_us) as at_us,
  false as is_local,
  false as is_yearless,
  mail_at_us as sent_at_us,
  (e->>'$.mail.messageId') as message_key,
  lower(coalesce(nullif(regexp_extract(address, '<([^<>]+)>\s*$', 1), ''), trim(address))) as recipient,
  lower(coalesce(nullif(regexp_extract(e->>'$.mail.source', '<([^<>]+)>\s*$', 1), ''), trim(e->>'$.mail.source')))
    as sender,
  (e->>'$.mail.messageId') as message_id,
  (e->>'$.mail.commonHeaders.subject') as subject,
  coalesce(e->>'$.mail.tags.template[0]', (e->>'$.mail.tags.campaign[0]')) as template,
  coalesce(e->>'$.mail.tags.organization[0]', (e->>'$.mail.tags.client[0]')) as organization,
  null::bigint as size,
  null::varchar as next_key
from fanned
"""


def claims(head: Head) -> int:
    """How many of the head's objects are SES events, wrapped or not."""
    return sum(1 for record in head.records if _is_event(record))


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event and recipient; SES stamps carry their zone, so `zone` is not needed."""
    return Select(_SQL)


def _is_event(text: str) -> bool:
    """True if the record is an SES event or a wrapper around one."""
    try:
        body: Any = json.loads(text)
        if isinstance(body, dict) and isinstance(body.get("Records"), list) and body["Records"]:
            first = body["Records"][0]
            body = first.get("Sns", {}).get("Message") or first.get("body")
        elif isinstance(body, dict) and isinstance(body.get("Message"), str):
            body = body["Message"]
        elif isinstance(body, dict) and isinstance(body.get("detail"), dict):
            body = body["detail"]
        if isinstance(body, str):
            body = json.loads(body)
        if isinstance(body, dict) and isinstance(body.get("Message"), str):  # SQS around SNS
            body = json.loads(body["Message"])
    except (ValueError, RecursionError, AttributeError):
        return False
    if not isinstance(body, dict) or not isinstance(body.get("mail"), dict):
        return False
    return ("eventType" in body or "notificationType" in body) and "messageId" in body["mail"]
