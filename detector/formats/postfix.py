r"""Postfix in syslog: `Oct 27 18:04:11 mx1 postfix/smtp[212]: 4cX...: to=<a@b.example>, ..., status=sent (...)`.

A message is one life of a queue id on one host. It is one send per final `to=` line's recipient, however many attempts
are logged; a delivery that says "queued as X" where X is a queue id of our own logs is a hand-off (`sql/sends.sql`).
Stamps may be RFC 3164 (no year, no zone) or ISO 8601 as rsyslog writes on current Debian.

Not sends: address probes (`status=deliverable`), NOQUEUE, connects, statistics, other programs' lines.
Source: postfix.org `postlog`, `bounce(5)`, and the log shapes in the tests.
"""

from detector.config import Source
from detector.formats import Select
from detector.formats._syslog import HANDED_ON
from detector.framings import Head
from detector.stamps import zone_assumed

FRAMINGS = ("lines",)
IDENTITY = "stream"

LINES = (
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

_FROM = rf"^from=<{_ADDRESS}>, "
_QUEUED = rf"{_FROM}size=([0-9]+)"

_PLAIN_DELIVERY = (
    r'^to=<[^"<>]*>, relay=[^,]+, (?:conn_use=[0-9]+, )?delay=[^,]+, (?:delays=[^,]+, )?(?:dsn=[0-9.]+, )?'
    r"status=[a-z]+(?: \(.*)?$"
)
"""What nearly all deliveries look like. They are matched without captures, which are dear, and cut at fixed marks."""

_SQL = r"""
with stamped as (
  select record_number, text, text >= '0' and text < ':' as is_iso,
    case when text >= '0' and text < ':' then instr(text, ' ') else 16 end as space
  from records
), placed as (
  select record_number, text, is_iso, substr(text, space + 1) as tail,
    case when is_iso then epoch_us(try_cast(left(text, space - 1) as timestamptz))
         else epoch_us(try_strptime('2000 ' || left(text, 15), '%Y %b %d %H:%M:%S')) end as stamped_us
  from stamped
), hosted as (
  select record_number, text, is_iso, stamped_us, tail, instr(tail, ' ') as host_end,
    substr(tail, instr(tail, ' ') + 1) as entry
  from placed
), said as (
  select record_number, text, is_iso, stamped_us, tail, host_end, instr(entry, '/') as slash,
    instr(entry, '[') as bracket, instr(entry, ' ') as program_end, substr(entry, instr(entry, ' ') + 1) as message
  from hosted
), opened as (
  select record_number, text, is_iso, stamped_us, tail, host_end, message, instr(message, ': ') as id_end,
    host_end > 0 and slash > 0 and slash < program_end and (bracket = 0 or slash < bracket)
      and instr(message, ': ') between 7 and 21 and instr(message, ' ') = instr(message, ': ') + 1
      and not starts_with(message, 'NOQUEUE:') as is_queue_entry,
    substr(message, instr(message, ': ') + 2) as rest
  from said
), kinds as (
  select record_number, text, is_iso, stamped_us, tail, host_end, message, id_end, rest,
    case
      when text < '!' and trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'framing'
      when stamped_us is null or host_end = 1 or tail = '' then 'no stamp'
      when not is_queue_entry or rest = 'removed' then 'other'
      when starts_with(rest, 'to=<') then 'to'
      when starts_with(rest, 'from=<') and contains(rest, ', size=') then 'queued'
      when starts_with(rest, 'from=<') and contains(rest, ', status=expired') then 'expired'
      when starts_with(rest, 'message-id=') then 'identified'
      when starts_with(rest, 'client=') or starts_with(rest, 'uid=') then 'arrived'
      when starts_with(rest, 'info: header Subject: ') or starts_with(rest, 'warning: header Subject: ') then 'subject'
      else 'other'
    end as kind
  from opened
), matched as (
  select *, kind = 'to' and regexp_matches(rest, $plain) as is_plain from kinds
), delivered as (
  select *,
    case when kind = 'to' and not is_plain
      then regexp_extract(rest, $delivery, ['to', 'orig', 'relay', 'status', 'reply']) end as d,
    case when is_plain then substr(rest, instr(rest, ', status=') + 9) end as fate
  from matched
), settled as (
  select *,
    case when is_plain then left(fate, coalesce(nullif(instr(fate, ' '), 0), 99) - 1) else d.status end as status,
    case when is_plain then fate else d.reply end as reply,
    case when is_plain then contains(rest, '>, relay=none,') else d.relay = 'none' end as is_unrelayed
  from delivered
)
select record_number, 1 as part,
  case
    when kind = 'blank' then 'blank'
    when kind = 'other' or status in ('deliverable', 'undeliverable') then 'ignored'
    when kind in ('framing', 'no stamp') or (kind = 'to' and status = '') then 'rejected'
    else 'event'
  end as outcome,
  case
    when kind = 'framing' then split_part(text, chr(2), 2)
    when kind = 'no stamp' then 'no syslog stamp that can be read'
    when kind = 'to' and status = '' then 'a Postfix delivery line without a readable status'
  end as reason,
  case kind
    when 'to' then case
      when status = 'sent' and (is_unrelayed or contains(reply, 'discarded')) then 'dropped'
      when status = 'sent' then 'delivered'
      when status = 'deferred' then 'deferred'
      else 'bounced' end
    when 'subject' then 'noted'
    else kind
  end as type,
  stamped_us as at_us,
  not is_iso as is_local,
  not is_iso as is_yearless,
  null::bigint as sent_at_us,
  left(tail, host_end) || left(message, id_end - 1) as message_key,
  case when is_plain then lower(substr(rest, 5, instr(rest, '>') - 5)) when kind = 'to' then lower(d.to) end
    as recipient,
  case when kind not in ('queued', 'expired') then null
    when contains(rest, '"') then nullif(lower(regexp_extract(rest, $from, 1)), '')
    else lower(split_part(substr(rest, 7), '>', 1)) end as sender,
  case when kind <> 'identified' then null
    when regexp_full_match(rest, 'message-id=<[^<> ]+>') then substr(rest, 13, length(rest) - 13)
    else nullif(trim(substr(rest, 12), '<> '), '') end as message_id,
  case when kind = 'subject' then regexp_extract(rest, 'header Subject: (.*) from [^ ]+; from=<', 1) end as subject,
  null::varchar as template,
  null::varchar as organization,
  case when kind <> 'queued' then null
    when contains(rest, '"') then try_cast(regexp_extract(rest, $queued, 2) as bigint)
    else try_cast(split_part(substr(rest, instr(rest, '>, size=') + 8, 24), ',', 1) as bigint) end as size,
  case when kind <> 'to' then null
    when status = 'sent' and contains(left(tail, 80), '/pipe[') then '|'
    when contains(reply, 'forwarded as ') then trim(split_part(split_part(reply, 'forwarded as ', 2), ' ', 1), '<>.;)')
    when contains(reply, 'queued as ') then trim(split_part(split_part(reply, 'queued as ', 2), ' ', 1), '<>.;)')
    when contains(reply, 'Message accepted for') or contains(reply, ' id=')
      or (status = 'sent' and (contains(reply, ' Ok') or contains(reply, ' OK')))
      then regexp_extract(reply, $handed_on, 2) || regexp_extract(reply, $handed_on, 3)
        || regexp_extract(reply, $handed_on, 4) end as next_key
from settled
"""


def claims(head: Head) -> int:
    """How many of the head's lines were written by a Postfix daemon."""
    return head.matching(LINES)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line; the ingest reads `zone` and a year into stamps that have none."""
    yearless = any(record[:1].isalpha() for record in head.records)
    assumptions = (zone_assumed(zone),) if yearless else ()
    return Select(
        _SQL,
        {"delivery": _DELIVERY, "plain": _PLAIN_DELIVERY, "queued": _QUEUED, "from": _FROM, **HANDED_ON},
        assumptions,
    )
