r"""Exim's main log: `2026-10-27 18:04:11 1vDH2t-00000000Ad1-1bQz => ann@harbor.example R=dnslookup T=remote_smtp ...`.

A send is one message id and one recipient: the address that the mail was submitted for, which Exim puts in `<>` where
a router made another of it. So a mailbox, a pipe, a file, an archive copy and a vacation reply of one address are one
send. With `received_recipients` the line `<=` names all recipients and proves their sends; else the first of `=>`,
`->`, `>>` (delivered), `==` (deferred), `**` (failed) does. `*>` and `:blackhole:` reached nobody. A reply that names
an id of our own logs (`C="250 OK id=..."`) is a hand-off.

Not sends: bounces (`<= <>`), `Completed`, freezing, rejects, connections, queue runs, continued and panic lines.
It cannot know who stands behind an alias or a list that Exim itself expands, nor the subject without
`log_selector = +subject`. Stamps are local time, unless `log_timezone` is set; through syslog, Exim's own stamp is
taken where there is one.

Source: the Exim specification, chapter "Log files"; string.c for the escapes.
"""

from detector.config import Source
from detector.formats import Select
from detector.formats._syslog import HANDED_ON, HEARD, PARAMETERS, assumptions, lines_of
from detector.framings import Head

FRAMINGS = ("lines",)
IDENTITY = "stream"

_ID = r"(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
"""Until 4.96, and since."""
_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_QUOTED = r'"(?:[^"\\]|\\.)*"'

LINES = (
    lines_of(r"exim[^ :\[]*") + rf"|^{_STAMP}(?: [+-][0-9]{{4}})?(?: \[[0-9]+\])? (?:{_ID} |Start queue run|"
    r"End queue run|exim [^ ]+ daemon started|cwd=|H=|(?:SMTP|TLS|SSL) |no host name found |no IP address found |"
    r"[^ ]+ authenticator failed for |(?:incomplete|unexpected|rejected) )"
)

_ENTRY = (
    rf"^((?:\[([0-9]+)[/\\][0-9]+\] )?(?:({_STAMP}) (?:([+-][0-9]{{4}}) )?)?(?:\[[0-9]+\] )?"
    rf"(?:({_ID}) (<=|=>|->|>>|\*>|==|\*\*) )?)"
)
"""`[1/2]` and `[2\2]` are the parts into which Exim cuts lines for syslog."""

_TORN = rf"(?:^|[^0-9A-Za-z-]){_ID} (?:=>|->|>>|==|\*\*) "
"""A delivery whose stamp is cut off."""

_FINAL = rf"^({_QUOTED}[^ ]*|[^ ]+)"
_ORIGINAL = (
    rf'^(?:[|/>:].*?|{_QUOTED}[^ ]*|[^ "@]+(?: [^ "@=<>]+)*?|[^ ]+)(?: \([^)]*\))? <((?:{_QUOTED}|[^"<>])+)>(?:[ :]|$)'
)
"""A pipe or a file may hold spaces; between the address and the one in `<>` may stand its parents in parentheses."""

_SUBJECT = rf'^(?:[^"]|{_QUOTED})*? T="((?:[^"\\]|\\.)*)'
_RECIPIENTS = rf'^(?:[^"]|{_QUOTED})* for ((?:(?:{_QUOTED}|[^ "])+@[^ "@]+ ?)+)$'
_TOKEN = rf'(?:{_QUOTED}|[^ "])+'
_REPLY = rf'^(?:[^"]|{_QUOTED})*? C="((?:[^"\\]|\\.)*)'

_SQL = r"""
, said as (
  select *, case when program = '' then text else message end as entry from heard
), entered as (
  select *, regexp_extract(entry, $entry, ['opening', 'piece', 'stamp', 'zone', 'id', 'flag']) as e from said
), placed as (
  select record_number, text, host, e.id as id, e.flag as flag, e.piece as piece,
    case when e.flag = '' then '' else substr(entry, length(e.opening) + 1) end as rest,
    case when e.stamp = '' then is_local else e.zone = '' end as is_local, e.stamp = '' and is_yearless as is_yearless,
    program <> '' and not starts_with(program, 'exim') as is_other,
    case
      when e.stamp = '' then stamped_us
      when e.zone = '' then epoch_us(try_cast(e.stamp as timestamp))
      else epoch_us(try_cast(e.stamp || left(e.zone, 3) || ':' || right(e.zone, 2) as timestamptz))
    end as at_us
  from entered
), kinds as (
  select *,
    case
      when text < '!' and trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'framing'
      when is_other or piece not in ('', '1') or starts_with(rest, 'blackhole (') then 'other'
      when flag = '' and at_us is null and regexp_matches(text, $torn) then 'no stamp'
      when flag = '' then 'other'
      when at_us is null then 'no stamp'
      when flag = '<=' then 'queued'
      else 'delivery'
    end as kind
  from placed
), addressed as (
  select *,
    case when kind = 'delivery' then rtrim(regexp_extract(rest, $final, 1), ':') end as final,
    case when kind = 'delivery' and contains(rest, ' <') then nullif(regexp_extract(rest, $original, 1), '') end
      as original,
    case when kind = 'queued' then regexp_extract_all(regexp_extract(rest, $recipients, 1), $token) end as named,
    case when kind = 'queued' then regexp_replace(rest, $quoted, '""', 'g') end as bare,
    case when kind = 'queued' then regexp_extract(rest, $subject, 1) end as subject
  from kinds
), read as (
  select *,
    lower(coalesce(original, case when not regexp_matches(final, '^[|/:>]') then final end)) as recipient,
    case when piece = '1' then named[:-2] else named end as recipients,  -- the last one may be cut
    case when contains(subject, '\') then
      list_transform(regexp_extract_all(subject, '\\[0-3][0-7]{2}|\\.|[^\\]+'), lambda x: {
        'code': case when regexp_full_match(x, '\\[0-7]{3}') then
          greatest(32, (ascii(x[2]) - 48) * 64 + (ascii(x[3]) - 48) * 8 + ascii(x[4]) - 48) end,
        'plain': case when x in ('\n', '\t', '\r') then ' ' when starts_with(x, '\') then substr(x, 2) else x end
      }) end as pieces
  from addressed
), judged as (
  select *,
    case
      when kind in ('blank', 'queued') then kind
      when kind = 'other' or original = 'system-filter' then 'ignored'  -- its own copies, for no recipient
      when kind = 'delivery' and recipient is not null then case
        when flag = '*>' or starts_with(rest, ':blackhole:') or starts_with(rest, 'discarded <')
          or ends_with(rest, ' T=**bypassed**') then 'dropped'
        when flag = '==' then 'deferred'
        when flag = '**' then 'bounced'
        else 'delivered' end
      else 'rejected'
    end as verdict,
    case when kind = 'delivery' and contains(rest, ' C="')
      then regexp_extract(regexp_extract(rest, $reply, 1), $handed_on, ['a', 'b', 'c', 'd']) end as handed_on
  from read
), parts as (
  select *, unnest([null] || coalesce(recipients, [])) as accepted_for,
    generate_subscripts([null] || coalesce(recipients, []), 1) as part
  from judged
)
select record_number, cast(part as integer) as part,
  case when verdict in ('blank', 'ignored', 'rejected') then verdict else 'event' end as outcome,
  case kind
    when 'framing' then split_part(text, chr(2), 2)
    when 'no stamp' then 'an Exim line without a stamp that can be read'
    when 'delivery' then case when recipient is null then 'an Exim delivery line without an address' end
  end as reason,
  case when accepted_for is not null then 'accepted' else verdict end as type,
  at_us,
  is_local,
  is_yearless,
  null::bigint as sent_at_us,
  host || ' ' || id as message_key,
  case when kind = 'queued' then lower(accepted_for) else recipient end as recipient,
  case when kind = 'queued' then lower(trim(regexp_extract(rest, $final, 1), '<>')) end as sender,
  nullif(regexp_extract(bare, ' id=([^ "]+)(?: |$)', 1), '') as message_id,
  nullif(trim(coalesce(  -- bytes of UTF-8, else of Latin-1
    try(decode(unhex(array_to_string(
      list_transform(pieces, lambda p: coalesce(printf('%02X', p.code), hex(encode(p.plain)))), '')))),
    array_to_string(list_transform(pieces, lambda p: coalesce(chr(cast(p.code as integer)), p.plain)), ''),
    subject
  )), '') as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(regexp_extract(bare, ' S=([0-9]+)', 1) as bigint) as size,
  case when verdict = 'delivered' then
    nullif(handed_on.a || handed_on.b || handed_on.c || handed_on.d, '') end as next_key
from parts
"""


def claims(head: Head) -> int:
    """How many of the head's lines Exim wrote."""
    return head.matching(LINES)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line, and one more per recipient of a line that names them."""
    patterns = {
        **PARAMETERS,
        **HANDED_ON,
        "entry": _ENTRY,
        "torn": _TORN,
        "final": _FINAL,
        "original": _ORIGINAL,
        "recipients": _RECIPIENTS,
        "token": _TOKEN,
        "quoted": _QUOTED,
        "subject": _SUBJECT,
        "reply": _REPLY,
    }
    return Select(HEARD + _SQL, patterns, assumptions(head, zone, _STAMP + r" [^+-]"))
