"""Postmark: webhooks (`RecordType` Delivery, Bounce ...), and messages and bounces as its API lists them.

A send is (`MessageID`, recipient). There is no webhook for the sending itself: a Delivery or a Bounce is the first that
is heard of a message, at the time of that; with rows of the Messages API (`Recipients`, `ReceivedAt`, `Status`, which
are sends to each recipient) the time is that of the submission. A bounce of type Transient is a deferral; ones that
say that Postmark itself refused are drops; automatic replies, opens, clicks, complaints, subscription changes, incoming
mail and what a sandbox swallowed are no sends. Webhooks carry no event id: same message, recipient, kind and time is
the same fact.

Not known: the subject of what was delivered (webhooks of deliveries have none); sends without webhook or row.
Source: Postmark developer documentation, "Webhooks overview", "Bounce API: Bounce types", "Messages API".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_EVENT = shape(
    "RecordType Type MessageID Recipient Email DeliveredAt BouncedAt ReceivedAt From Subject Tag Status Sandboxed",
    {"Metadata": ORGANIZATION, "Recipients": ["VARCHAR"]},
)

_PAGE = shape("TotalCount", {"Messages": ["VARCHAR"], "Bounces": ["VARCHAR"], "InboundMessages": ["VARCHAR"]})

_SQL = rf"""
with opened as (
  select record_number, text, {MARK} as mark, try(json_transform(text, $page)) as page from records
), unfolded as (
  select record_number, mark, page is null as is_broken,
    page.TotalCount is not null and coalesce(len(page.Messages), 0) + coalesce(len(page.Bounces), 0) = 0 as is_empty,
    case when len(page.Messages) > 0 then page.Messages when len(page.Bounces) > 0 then page.Bounces else [text] end
      as bodies
  from opened
), enclosed as (
  select record_number, mark, is_broken, is_empty, unnest(bodies) as body, generate_subscripts(bodies, 1) as place
  from unfolded
), parsed as (
  select *, try(json_transform(body, $event)) as e from enclosed
), typed as (
  select *,
    case
      when is_empty or lower(e.Sandboxed) = 'true' then 'ignored'
      when e.RecordType = 'Delivery' then 'delivered'
      when e.RecordType = 'Bounce' or (e.RecordType is null and e.BouncedAt is not null) then case
        when e.Type in ('Transient', 'DnsError') then 'deferred'
        when e.Type in ('ManuallyDeactivated', 'SMTPApiError', 'TemplateRenderingFailed') then 'dropped'
        when e.Type in ('AutoResponder', 'AddressChange', 'Subscribe', 'Unsubscribe', 'ChallengeVerification',
          'OpenRelayTest', 'SpamComplaint', 'Unconfirmed', 'InboundError') then 'ignored'
        else 'bounced' end
      when e.RecordType in ('Open', 'Click', 'SpamComplaint', 'SubscriptionChange', 'Inbound') then 'ignored'
      when e.RecordType is null and e.Status in ('Queued', 'Sent', 'Processed') then 'accepted'
    end as type
  from parsed
), fanned as (
  select *,
    unnest(case when type = 'accepted' and len(e.Recipients) > 0 then e.Recipients else [coalesce(e.Recipient, e.Email)]
      end) as addressed
  from typed
), facts as (
  select record_number, mark, place,
    case when is_broken then 'not valid JSON' end as problem,
    type,
    {moment("coalesce(e.DeliveredAt, e.BouncedAt, e.ReceivedAt)")} as at_us,
    case when type = 'accepted' then {moment("e.ReceivedAt")} end as sent_at_us,
    nullif(trim(e.MessageID), '') as message_key,
    {address("addressed")} as recipient,
    {address('e."From"')} as sender,
    null::varchar as message_id,
    nullif(trim(e.Subject), '') as subject,
    nullif(trim(e.Tag), '') as template,
    {organization("e.Metadata")} as organization,
    null::bigint as size
  from fanned
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are Postmark's webhooks, messages or pages."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per webhook, and one per recipient of a listed message; stamps carry their zone."""
    return Select(_SQL + FINISH, {"page": _PAGE, "event": _EVENT})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for a webhook, a message or bounce of the API, and a page of them."""
    if "TotalCount" in item and not {"Messages", "Bounces"}.isdisjoint(item):
        return True
    is_webhook = "RecordType" in item and not {"MessageID", "ServerID", "MessageStream"}.isdisjoint(item)
    is_message = {"MessageID", "Recipients", "ReceivedAt", "Status"} <= item.keys()
    is_bounce = {"MessageID", "BouncedAt", "Email", "Type"} <= item.keys()
    return is_webhook or is_message or is_bounce
