r"""Postfix in syslog: `Oct 27 18:04:11 mx1 postfix/smtp[212]: 4cX...: to=<a@b.example>, ..., status=sent (...)`.

A message is one life of a queue id on one host. It is one send per final `to=` line's recipient, however many attempts
are logged; a delivery that says "queued as X" where X is a queue id of our own logs is a hand-off (`sql/sends.sql`).
Stamps may be RFC 3164 (no year, no zone) or ISO 8601 as rsyslog writes on current Debian.

Not sends: address probes (`status=deliverable`), NOQUEUE, connects, statistics, other programs' lines.
Source: postfix.org `postlog`, `bounce(5)`, and the log shapes in the tests.
"""

import re

from detector.config import Source
from detector.formats import Select
from detector.framings import Head

FRAMINGS = ("lines",)
IDENTITY = "stream"

_LINE = re.compile(
    r"^(?:\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ [^ /\[]+(?:/[a-z-]+)*"
    r"/(?:smtp|lmtp|local|virtual|pipe|error|retry|discard|qmgr|cleanup|smtpd|pickup|bounce|anvil|master|postscreen|"
    r"tlsproxy|scache|trivial-rewrite|verify|postsuper|sendmail|postdrop|error|dnsblog|proxymap|flush|oqmgr|nqmgr|"
    r"postfix-script|verp|tlsmgr|postqueue|postlog|policy-spf|script|showq|spawn)\b"
)

_ADDRESS = r'((?:"(?:[^"\\]|\\.)*"|[^"<>])*)'
"""An address between < and >: a quoted local part may hold anything, even a forged `>, status=sent`."""

_DELIVERY = (
    rf"^to=<{_ADDRESS}>, (?:orig_to=<{_ADDRESS}>, )?relay=([^,]+), (?:conn_use=[0-9]+, )?delay=[^,]+, "
    r"(?:delays=[^,]+, )?(?:dsn=[0-9.]+, )?status=([a-z]+)(?: \((.*?)\)?)?$"
)

_QUEUED = rf"^from=<{_ADDRESS}>, size=([0-9]+)"

_SQL = r"""
with stamped as (
  select record_number, text, left(text, 1) between '0' and '9' as is_iso,
    case when left(text, 1) between '0' and '9' then instr(text, ' ') else 16 end as space
  from records
), headed as (
  select record_number, text, is_iso, left(text, space - 1) as stamp,
    split_part(substr(text, space + 1), ' ', 1) as host,
    split_part(split_part(substr(text, space + 1), ' ', 2), '[', 1) as program,
    substr(text, space + 3 + length(split_part(substr(text, space + 1), ' ', 1))
                           + length(split_part(substr(text, space + 1), ' ', 2))) as message
  from stamped
), timed as (
  select *,
    case when is_iso then epoch_us(try_cast(stamp as timestamptz))
         else epoch_us(try_strptime('2000 ' || stamp, '%Y %b %d %H:%M:%S')) end as stamped_us,
    split_part(message, ': ', 1) as queue_id,
    substr(message, length(split_part(message, ': ', 1)) + 3) as rest
  from headed
), kinds as (
  select *,
    case
      when trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'framing'
      when stamped_us is null or host = '' then 'no stamp'
      when not contains(program, '/') then 'other'
      when queue_id = 'NOQUEUE' or length(queue_id) not between 6 and 20 or contains(queue_id, ' ') then 'other'
      when starts_with(rest, 'to=<') then 'to'
      when starts_with(rest, 'from=<') and contains(rest, ', size=') then 'queued'
      when starts_with(rest, 'from=<') and contains(rest, ', status=expired') then 'expired'
      when starts_with(rest, 'message-id=') then 'identified'
      when starts_with(rest, 'client=') or starts_with(rest, 'uid=') then 'arrived'
      when starts_with(rest, 'info: header Subject: ') or starts_with(rest, 'warning: header Subject: ') then 'subject'
      else 'other'
    end as kind
  from timed
), delivered as (
  select *,
    case when kind = 'to' then regexp_extract(rest, $delivery, ['to', 'orig', 'relay', 'status', 'reply']) end as d
  from kinds
)
select record_number, 1 as part,
  case
    when kind = 'blank' then 'blank'
    when kind = 'other' or d.status in ('deliverable', 'undeliverable') then 'ignored'
    when kind in ('framing', 'no stamp') or (kind = 'to' and d.status = '') then 'rejected'
    else 'event'
  end as outcome,
  case
    when kind = 'framing' then split_part(text, chr(2), 2)
    when kind = 'no stamp' then 'no syslog stamp that can be read'
    when kind = 'to' and d.status = '' then 'a Postfix delivery line without a readable status'
  end as reason,
  case kind
    when 'to' then case
      when d.status = 'sent' and (d.relay = 'none' or contains(d.reply, 'discarded')) then 'dropped'
      when d.status = 'sent' then 'delivered'
      when d.status = 'deferred' then 'deferred'
      else 'bounced' end
    when 'subject' then 'noted'
    else kind
  end as type,
  stamped_us as at_us,
  not is_iso as is_yearless,
  null::bigint as sent_at_us,
  host || ' ' || queue_id as message_key,
  lower(d.to) as recipient,
  case when kind <> 'queued' then null
    when contains(rest, '"') then lower(regexp_extract(rest, $queued, 1))
    else lower(split_part(substr(rest, 7), '>', 1)) end as sender,
  case when kind = 'identified' then nullif(trim(substr(rest, 12), '<> '), '') end as message_id,
  case when kind = 'subject' then regexp_extract(rest, 'header Subject: (.*) from [^ ]+; from=<', 1) end as subject,
  null::varchar as template,
  null::varchar as organization,
  case when kind <> 'queued' then null
    when contains(rest, '"') then try_cast(regexp_extract(rest, $queued, 2) as bigint)
    else try_cast(split_part(split_part(rest, '>, size=', 2), ',', 1) as bigint) end as size,
  case when program like '%/pipe' and d.status = 'sent' then '|'
    when contains(d.reply, 'queued as ')
    then trim(split_part(split_part(d.reply, 'queued as ', 2), ' ', 1), '.;)') end as next_key
from delivered
"""


def claims(head: Head) -> int:
    """How many of the head's lines were written by a Postfix daemon."""
    return sum(1 for record in head.records if _LINE.match(record))


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line; the ingest reads `zone` and a year into stamps that have none."""
    yearless = any(record[:1].isalpha() for record in head.records)
    assumptions = (f"stamps without a zone were read as {zone}",) if yearless else ()
    return Select(_SQL, {"delivery": _DELIVERY, "queued": _QUEUED}, assumptions)
