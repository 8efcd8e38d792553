"""Mandrill (Mailchimp Transactional): arrays of webhook events, bare, as `{"mandrill_events": [...]}` or as posted.

A send is `msg._id`, which belongs to one recipient. `send` is the send; `deferral` (tried again), `soft_bounce` and
`hard_bounce` (both given up: deferrals end in a soft bounce) and `delivered` are what became of it; `reject` never
left. `msg.ts` is when the message was sent, `ts` when the event happened. A batch is posted again as a whole after a
failure: the same id, kind and time is the same fact. Opens, clicks, complaints, unsubscribes, changes of the allow and
deny lists and incoming mail are no sends. Bodies may stand in a file as posted, a line each:
`mandrill_events=%5B%7B...`.

Not known: an application's own Message-ID; mails whose send event was not subscribed and that nothing else happened to.
Source: Mailchimp Transactional documentation, "Message events", "Webhook format".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, listed, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json", "lines")
IDENTITY = "event_id"
LINES = r"^mandrill_events=(%5B|\[)"

_PAGE = shape("event", {"mandrill_events": "VARCHAR"})

_EVENT = shape(
    "event ts type action",
    {
        "msg": {
            **dict.fromkeys(("_id", "ts", "email", "sender", "subject", "template", "subaccount", "tags"), "VARCHAR"),
            "metadata": ORGANIZATION,
        }
    },
)

_SQL = rf"""
with opened as (
  select record_number, {MARK} as mark, case when starts_with(text, 'mandrill_events=') then '{{"mandrill_events": '
      || try(url_decode(replace(regexp_extract(text, '^mandrill_events=([^&]*)', 1), '+', ' '))) || '}}'
    else text end as body
  from records
), paged as (
  select record_number, mark, body, try(json_transform(body, $page)) as page from opened
), unfolded as (
  select record_number, mark, page is null as is_broken, page.mandrill_events = '[]' as is_empty,
    case when page.mandrill_events is not null and page.mandrill_events <> '[]'
      then try(json_transform(page.mandrill_events, '["VARCHAR"]')) else [body] end as bodies
  from paged
), enclosed as (
  select record_number, mark, is_broken, is_empty, unnest(coalesce(bodies, [null])) as body,
    generate_subscripts(coalesce(bodies, [null]), 1) as place
  from unfolded
), parsed as (
  select *, try(json_transform(body, $event)) as e from enclosed
), facts as (
  select record_number, mark, place,
    case when is_broken then 'not valid JSON' end as problem,
    case when is_empty then 'ignored' else case e.event
      when 'send' then 'accepted'
      when 'delivered' then 'delivered'
      when 'deferral' then 'deferred'
      when 'hard_bounce' then 'bounced' when 'soft_bounce' then 'bounced'
      when 'reject' then 'dropped'
      when 'open' then 'ignored' when 'click' then 'ignored' when 'spam' then 'ignored' when 'unsub' then 'ignored'
      when 'inbound' then 'ignored'
      else case when e.type in ('whitelist', 'blacklist', 'allowlist', 'denylist') then 'ignored' end end end as type,
    {moment("e.ts")} as at_us,
    {moment("e.msg.ts")} as sent_at_us,
    nullif(trim(e.msg._id), '') as message_key,
    {address("e.msg.email")} as recipient,
    {address("e.msg.sender")} as sender,
    null::varchar as message_id,
    nullif(trim(e.msg.subject), '') as subject,
    coalesce(nullif(trim(e.msg.template), ''), {listed("e.msg.tags")}) as template,
    coalesce({organization("e.msg.metadata")}, nullif(trim(e.msg.subaccount), '')) as organization,
    null::bigint as size
  from parsed
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are Mandrill's events or lines are its posted bodies."""
    if head.framing == "lines":
        return head.matching(LINES)
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs, so `zone` is not needed."""
    return Select(_SQL + FINISH, {"page": _PAGE, "event": _EVENT})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for an event, a change of a list, and the object around a batch."""
    if "mandrill_events" in item:
        return True
    message = item.get("msg")
    if isinstance(message, dict):
        return "event" in item and "ts" in item and ("_id" in message or item["event"] == "inbound")
    return {"type", "action", "ts"} <= item.keys() and "reject" in item
