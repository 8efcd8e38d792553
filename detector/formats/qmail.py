r"""qmail-send: `@400000006ae0f1c5075bca00 starting delivery 7: msg 53 to remote ann@harbor.example`.

A send is one message (`new msg N`) and one recipient of its `starting delivery D: msg N to remote|local ...` lines,
however many attempts are logged. N is an inode and D starts anew with the daemon: both are used again, so `new msg`
begins another message, and `delivery D: success|failure|deferral` belongs to the last start of D before it in the same
file. Without such a start (it stands in an earlier file, or was read the night before) what became of the send stays
unknown: it counts as accepted. The virtual domain that qmail puts before a local part (`a.example-ann@a.example`) is
taken off. indimail's queues (`... queue5`) each have numbers of their own.

Stamps: TAI64N, as multilog writes it (2^62 + 10 seconds ahead of 1970); seconds since 1970, as splogger writes them,
also inside a syslog line, whose own stamp then plays no part; and local time, as `tai64nlocal` writes it.

Not sends: bounces (`from <>` and `<#@[]>`), `status:`, `bounce msg`, `end msg`, SMTP. It cannot know subject or
message id.

Source: qmail's qmail-send.c and qsutil.c, libtai's TAI64N, indimail's README.
"""

from detector.config import Source
from detector.formats import Select
from detector.formats._syslog import BSD, HANDED_ON, HEARD, PARAMETERS, assumptions, lines_of
from detector.framings import Head

FRAMINGS = ("lines",)
IDENTITY = "stream"

_TAI64N = r"@[0-9a-f]{24}"
_EPOCH = r"[0-9]{9,10}\.[0-9]{1,6}"
_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6,9}"

LINES = (
    lines_of(r"qmail[^ :\[]*") + rf"|^(?:{_TAI64N}|{_EPOCH}|{_LOCAL}) (?:qmail[a-z-]*: )?(?:(?:new|info|end|"
    r"bounce) msg [0-9]|starting delivery [0-9]|delivery [0-9]+: |status: |triple bounce: |warning: trouble )"
)

_ENTRY = (
    r"^(?:@40000000([0-9a-f]{8})([0-9a-f]{8}) |" + rf"({_EPOCH}) |({_LOCAL}) )?"
    r"(?:qmail[a-z-]*: )?(new msg|info msg|starting delivery|delivery) ([0-9]+)(?:: (.*?))?(?: (queue[0-9]+))? *$"
)
_TORN = (
    rf"(?:^|{_TAI64N} |[0-9.]+ )(?:(?:new|info) msg [0-9]+|(?:starting )?delivery [0-9]+: (?:msg|success|failure|def))"
)

_INFO = r"^bytes ([0-9]+) from <(.*)> qp [0-9]+"
_START = r"^msg ([0-9]+) to (?:local|remote) ([^ ]+)$"
"""qmail shows no space inside an address, but `_`."""

_SQL = r"""
, entered as (
  select *, program = '' or starts_with(program, 'qmail') as is_ours,
    regexp_extract(case when program = '' then text else message end, $entry,
    ['tai', 'nanos', 'epoch', 'local', 'what', 'number', 'rest', 'queue']) as e
  from heard
), placed as (
  select *, e.epoch = '' and e.tai = '' and e.local = '' and is_yearless as has_no_year,
    e.epoch = '' and e.tai = '' and (e.local <> '' or is_local) as has_no_zone,
    case
      when e.tai <> '' then
        (try_cast('0x' || e.tai as bigint) - 10) * 1000000 + try_cast('0x' || e.nanos as bigint) // 1000
      when e.epoch <> '' then
        try_cast(split_part(e.epoch, '.', 1) || rpad(split_part(e.epoch, '.', 2), 6, '0') as bigint)
      when e.local <> '' then epoch_us(try_cast(left(e.local, 26) as timestamp))
      else stamped_us
    end as at_us
  from entered
), matched as (
  select *,
    case when e.what = 'starting delivery' then regexp_extract(lower(e.rest), $start, ['msg', 'to']) end as start,
    case when e.what = 'info msg' then regexp_extract(e.rest, $info, ['size', 'sender']) end as info
  from placed
), joined as (
  select *, last_value(case when start.msg <> '' then start end ignore nulls) over (
    partition by host, is_ours, e.queue, e.what in ('starting delivery', 'delivery'), e.number
    order by record_number rows between unbounded preceding and current row
  ) as begun
  from matched
), judged as (
  select *,
    case
      when text < '!' and trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'rejected'
      when not is_ours then 'ignored'
      when e.what = '' then case when program = '' and regexp_matches(text, $torn) then 'rejected' else 'ignored' end
      when at_us is null or start.msg = '' or info.size = '' then 'rejected'
      when e.what = 'new msg' then 'arrived'
      when e.what = 'info msg' then 'queued'
      when e.what = 'starting delivery' then 'accepted'
      when begun is null then 'ignored'
      when starts_with(e.rest, 'success: ') then 'delivered'
      when starts_with(e.rest, 'failure: ') then 'bounced'
      when starts_with(e.rest, 'deferral: ') or starts_with(e.rest, 'report mangled') then 'deferred'
      else 'rejected'
    end as type,
    split_part(begun.to, '@', -1) as domain,
    case when starts_with(e.rest, 'success: ')
      then regexp_extract(replace(e.rest, '_', ' '), $handed_on, ['a', 'b', 'c', 'd']) end as handed_on
  from joined
)
select record_number, 1 as part,
  case when type in ('blank', 'ignored', 'rejected') then type else 'event' end as outcome,
  case when type <> 'rejected' then null
    when starts_with(text, chr(2)) then split_part(text, chr(2), 2)
    when at_us is null then 'a qmail line without a stamp that can be read'
    else 'a qmail line that is cut off' end as reason,
  type,
  at_us,
  has_no_zone as is_local,
  has_no_year as is_yearless,
  null::bigint as sent_at_us,
  host || ' ' || case when e.what in ('starting delivery', 'delivery') then begun.msg else e.number end
    || case when e.queue <> '' then '.' || e.queue else '' end as message_key,
  case when type in ('accepted', 'delivered', 'deferred', 'bounced') then lower(
    case when starts_with(begun.to, domain || '-') then substr(begun.to, length(domain) + 2) else begun.to end) end
    as recipient,
  case when type = 'queued' then case when info.sender = '#@[]' then '' else lower(info.sender) end end as sender,
  null::varchar as message_id,
  null::varchar as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(info.size as bigint) as size,
  case when type = 'delivered' then nullif(handed_on.a || handed_on.b || handed_on.c || handed_on.d, '') end as next_key
from judged
"""


def claims(head: Head) -> int:
    """How many of the head's lines qmail wrote."""
    return head.matching(LINES)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line."""
    patterns = {**PARAMETERS, **HANDED_ON, "entry": _ENTRY, "torn": _TORN, "info": _INFO, "start": _START}
    naive = rf"(?:{_LOCAL}|{BSD} .*qmail[^ ]*: [a-z])"
    return Select(HEARD + _SQL, patterns, assumptions(head, zone, naive))
