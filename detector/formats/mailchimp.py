"""Mailchimp: the recipients of a campaign ("sent to") as pages, objects or tables, where a time has been added.

Mailchimp knows to whom a campaign went and keeps no time with it. A send is (campaign or automation e-mail, member,
`send_time`), once `send_time` stands beside each recipient or on the page: it is in the campaign's report, and an
automation sends one mail to one member at several times. A list without any time is refused as a whole, with the way to
mend it, because repeats are a matter of time and one sentence says more than a reject for each recipient. A status of
`hard` or `soft` is a bounce. Activity (opens, clicks, bounces) is no send; a queue of an automation is not sent yet.

It cannot know when within a campaign somebody was mailed, nor the address where only a member's id was exported: the id
is one person all the same.

Source: Mailchimp Marketing API, "Campaign reports: sent to, email activity" and "Automations".
"""

import re
from collections.abc import Iterator
from typing import Any

from detector.config import Source
from detector.errors import InputError
from detector.formats import Select
from detector.formats._events import MARK, table_parameters
from detector.framings import Head
from detector.stamps import read_stamps

FRAMINGS = ("csv", "json")
IDENTITY = "event_id"

NAMES = {
    "stamp": "send_time sent_time sent_at",
    "campaign": "automation_email_id campaign_id",
    "address": "email_address",
    "member": "member_id email_id",
    "status": "status",
    "subject": "subject_line subject",
    "sender": "from_email reply_to",
    "action": "action next_send",
}
"""Our word -> names of the column or key."""

_NO_TIME = (
    "Mailchimp's list of recipients holds no time, so no repeat could be told. Add the campaign's send_time, which its "
    "report has, to each recipient under the name send_time."
)

_OBJECTS = r"""
with opened as (
  select record_number, {mark} as mark,
    case when json_valid(text) and starts_with(text, '{') then text::json end as page
  from records
), listed as (  -- no page goes further, for it would do so with each of its entries
  select record_number, mark, {of_page},
    coalesce(json_type(page, '$.emails') = 'ARRAY' or json_type(page, '$.queue') = 'ARRAY'
      or json_array_length(page, '$.sent_to') = 0, false) as is_page_no_list,
    unnest(case
      when json_type(page, '$.sent_to') = 'ARRAY' and json_array_length(page, '$.sent_to') > 0
        then cast(page->'$.sent_to' as json[])
      when json_type(page, '$.sent_to') = 'ARRAY' then [null]
      else [page] end) as entry
  from opened
), cells as (
  select record_number, mark, false as is_header, {cells},
    coalesce(json_type(entry) = 'OBJECT', false) as is_whole,
    is_page_no_list or coalesce(json_type(entry, '$.activity') = 'ARRAY', false) as is_no_list
  from listed
)"""

_ROWS = r"""
with cells as (
  select record_number, mark, is_header, {cells}, len(f) >= $width as is_whole, false as is_no_list
  from (
    select record_number, {mark} as mark, record_number <= $header_number or text = $header as is_header,
      str_split(text, chr(31)) as f
    from records
  )
)"""

_SENDS = r""", {order}, typed as (
  select *, epoch_us({at}) as at_us, {unclear} as is_unclear,
    lower(coalesce(nullif(trim(address), ''), trim(member))) as recipient,
    case when coalesce(trim(status), '') = '' or lower(trim(status)) in ('sent', 'delivered') then 'accepted'
      when lower(trim(status)) in ('hard', 'soft', 'bounced') then 'bounced' end as type
  from cells
), judged as (
  select *,
    case
      when mark = 'blank' then 'blank'
      when is_header or is_no_list then 'ignored'
      when mark is not null or not is_whole then 'rejected'
      when action is not null then 'ignored'
      when at_us is null or type is null or coalesce(recipient, '') = '' then 'rejected'
      else 'event'
    end as outcome
  from typed
)
select record_number,
  row_number() over (partition by record_number order by campaign, recipient, at_us) as part,
  outcome,
  case when outcome = 'rejected' then case
    when mark is not null then split_part(mark, chr(2), 2)
    when not is_whole then $broken
    when at_us is null and is_unclear then $unclear_order
    when at_us is null then 'no time that can be read'
    when type is null then 'unknown status'
    else 'no recipient' end end as reason,
  type,
  at_us,
  false as is_local,
  false as is_yearless,
  null::bigint as sent_at_us,
  coalesce(trim(campaign), '') || ' ' || recipient || ' ' || at_us as message_key,
  recipient,
  nullif(lower(trim(sender)), '') as sender,
  null::varchar as message_id,
  nullif(trim(subject), '') as subject,
  nullif(trim(campaign), '') as template,
  null::varchar as organization,
  null::bigint as size,
  null::varchar as next_key
from judged
"""


def claims(head: Head) -> int:
    """All rows of a table of recipients or of activity; of JSON, the pages and entries of Mailchimp's reports."""
    if head.framing == "json":
        found = sum(map(_is_report, head.objects()))
        return found + 1 if found else 0
    names = set(_columns(head))
    is_campaign = not {"campaign_id", "automation_email_id"}.isdisjoint(names) and "list_id" in names
    is_table = is_campaign and not {"member_id", "email_id"}.isdisjoint(names)
    return len(head.records) + 1 if is_table or {"leid", "euid"} <= names else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per recipient; stamps without a zone are UTC. Raises InputError if there is no time at all."""
    is_csv = head.framing == "csv"
    names = _columns(head) if is_csv else [name for entry in _entries(head) for name in entry]
    found = {ours: [name for name in theirs.split() if name in names] for ours, theirs in NAMES.items()}
    if not found["stamp"] and not found["action"] and "activity" not in names and "emails" not in names:
        raise InputError(_NO_TIME)
    parameters = table_parameters(head, names)
    if is_csv:
        parameters["width"] = len(names)
        parameters |= {f"at_{ours}": names.index(theirs[0]) + 1 if theirs else 0 for ours, theirs in found.items()}
        cells = _ROWS.format(mark=MARK, cells=", ".join(f"f[$at_{ours}] as {ours}" for ours in NAMES))
    else:
        of_page = ", ".join(f"coalesce({_values('page', theirs)}) as page_{ours}" for ours, theirs in NAMES.items())
        keys = (f"coalesce({_values('entry', theirs)}, page_{ours}) as {ours}" for ours, theirs in NAMES.items())
        cells = _OBJECTS.replace("{mark}", MARK).replace("{of_page}", of_page).replace("{cells}", ", ".join(keys))
    stamps = read_stamps("stamp", "cells", head.records, "UTC", source.time_format if source else None)
    sql = cells + _SENDS.format(order=stamps.order, at=stamps.moment, unclear=stamps.is_unclear)
    bound = {**parameters, **stamps.parameters}
    return Select(sql, {name: value for name, value in bound.items() if f"${name}" in sql})


def _columns(head: Head) -> list[str]:
    """The header's names in lower case, with underscores."""
    return [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in head.columns]


def _values(where: str, theirs: str) -> str:
    """SQL for what an entry, or the page around it, has under these names."""
    return ", ".join(f"json_extract_string({where}, '$.{name}')" for name in theirs.split())


def _entries(head: Head) -> Iterator[dict[str, Any]]:
    """The objects of the head: pages, and what they list."""
    for page in head.objects():
        yield page
        listed = page.get("sent_to")
        yield from (entry for entry in listed if isinstance(entry, dict)) if isinstance(listed, list) else ()


def _is_report(found: dict[str, Any]) -> bool:
    """True if the object is a page or an entry of Mailchimp's reports."""
    if {"campaign_id", "email_id", "list_id"} <= found.keys() or {"workflow_id", "email_id", "queue"} <= found.keys():
        return True
    lists = [found[name] for name in ("sent_to", "emails") if isinstance(found.get(name), list)]
    return bool(lists) and any(isinstance(e, dict) and {"email_id", "campaign_id"} <= e.keys() for e in lists[0][:20])
