"""SparkPost: webhook batches (`{"msys": {"message_event": {...}}}`) and pages of the Events API (`{"results": [...]}`).

A send is (`message_id`, `rcpt_to`); every recipient, also of a copy or an archive, has a message of its own.
`injection` is the send; `delivery`, `delay`, `bounce` and `out_of_band` are what became of it; policy rejections and
failed generations never left. A batch that is posted again brings the same ids, kinds and times, and no new send.
Opens, clicks, complaints, unsubscribes and relayed (incoming) mail are no sends; `{"msys": {}}` is SparkPost's ping.
Template ids that SparkPost makes up for one submission (`smtp_...`, `template_...` and digits) are no templates.

Not known: an application's own Message-ID. A subaccount counts as the organization if no metadata names one.
Source: SparkPost API documentation, "Events", "Webhooks: Event types".
"""

from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.formats._events import FINISH, MARK, ORGANIZATION, address, listed, moment, organization, outbid, shape
from detector.framings import Head

FRAMINGS = ("json",)
IDENTITY = "event_id"

_KINDS = ("message_event", "gen_event", "track_event", "unsubscribe_event", "relay_event", "ab_test_event")
_PAGE = shape("type", {"msys": dict.fromkeys(_KINDS, "VARCHAR"), "results": ["VARCHAR"], "total_count": "VARCHAR"})

_EVENT = shape(
    "type timestamp injection_time message_id transmission_id rcpt_to raw_rcpt_to subject friendly_from msg_from "
    "msg_size template_id campaign_id subaccount_id bounce_class rcpt_tags",
    {"rcpt_meta": ORGANIZATION},
)

_SQL = rf"""
with opened as (
  select record_number, text, {MARK} as mark, try(json_transform(text, $page)) as page from records
), unfolded as (
  select record_number, mark, page is null as is_broken,
    coalesce(page.msys.track_event, page.msys.unsubscribe_event, page.msys.relay_event, page.msys.ab_test_event)
      is not null or (page.total_count is not null and len(page.results) = 0)
      or (page.type is null and regexp_full_match(text, '\s*\{{\s*"msys"\s*:\s*\{{\s*\}}\s*\}}\s*')) as is_no_send,
    case when len(page.results) > 0 then page.results
      else [coalesce(page.msys.message_event, page.msys.gen_event, text)] end as bodies
  from opened
), enclosed as (
  select record_number, mark, is_broken, is_no_send, unnest(bodies) as body, generate_subscripts(bodies, 1) as place
  from unfolded
), parsed as (
  select *, try(json_transform(body, $event)) as e from enclosed
), facts as (
  select record_number, mark, place,
    case when is_broken then 'not valid JSON' end as problem,
    case when is_no_send then 'ignored' else case e.type
      when 'injection' then 'accepted'
      when 'delivery' then 'delivered'
      when 'delay' then 'deferred'
      when 'bounce' then case when e.bounce_class = '25' then 'dropped' else 'bounced' end
      when 'out_of_band' then 'bounced'
      when 'policy_rejection' then 'dropped' when 'generation_failure' then 'dropped'
      when 'generation_rejection' then 'dropped'
      when 'open' then 'ignored' when 'initial_open' then 'ignored' when 'amp_open' then 'ignored'
      when 'amp_initial_open' then 'ignored' when 'click' then 'ignored' when 'amp_click' then 'ignored'
      when 'spam_complaint' then 'ignored' when 'list_unsubscribe' then 'ignored' when 'link_unsubscribe' then 'ignored'
      when 'sms_status' then 'ignored'
      else case when starts_with(e.type, 'relay_') or starts_with(e.type, 'ab_test_') or starts_with(e.type, 'ingest_')
        then 'ignored' end end end as type,
    {moment("e.timestamp")} as at_us,
    {moment("e.injection_time")} as sent_at_us,
    coalesce(nullif(trim(e.message_id), ''), 'transmission ' || nullif(trim(e.transmission_id), '')) as message_key,
    {address("coalesce(e.rcpt_to, e.raw_rcpt_to)")} as recipient,
    {address("coalesce(e.friendly_from, e.msg_from)")} as sender,
    null::varchar as message_id,
    nullif(trim(e.subject), '') as subject,
    coalesce(
      case when not regexp_full_match(e.template_id, '(smtp|template)_[0-9]{{6,}}') then nullif(e.template_id, '') end,
      nullif(trim(e.campaign_id), ''), {listed("e.rcpt_tags")}) as template,
    coalesce({organization("e.rcpt_meta")}, nullif(nullif(e.subaccount_id, '0'), '')) as organization,
    try_cast(e.msg_size as bigint) as size
  from parsed
)"""  # noqa: S608 - our own SQL


def claims(head: Head) -> int:
    """How many of the head's objects are SparkPost's events or pages of them."""
    return outbid(head, _is_ours)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event; stamps are epochs or carry their zone."""
    return Select(_SQL + FINISH, {"page": _PAGE, "event": _EVENT})


def _is_ours(item: dict[str, Any]) -> bool:
    """True for what a webhook posts, a page of the API, and one event of it."""
    if isinstance(item.get("msys"), dict):
        return True
    if isinstance(item.get("results"), list) and "total_count" in item:
        return all(isinstance(entry, dict) and _is_event(entry) for entry in item["results"])
    return _is_event(item)


def _is_event(item: dict[str, Any]) -> bool:
    """True for a bare event, as the API lists it."""
    telling = {"transmission_id", "delv_method", "customer_id", "raw_rcpt_to", "msg_from"}
    return {"type", "timestamp", "rcpt_to"} <= item.keys() and not telling.isdisjoint(item)
