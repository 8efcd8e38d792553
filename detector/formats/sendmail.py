r"""Sendmail in syslog: `Oct 27 18:04:11 mx1 sm-mta[212]: 69RH4B01000212: to=<a@b.example>, ..., stat=Sent (...)`.

A send is one queue id and one recipient of its `to=` lines, which name several with commas, however many attempts are
logged. The submission program logs each mail once and the daemon again: a delivery that says `(ID Message accepted for
delivery)`, where ID is one of our own logs, is a hand-off. A pipe, a file or `\user` (`to="|/usr/bin/vacation"`)
counts for the address in `ctladdr=` that stands behind it; aliases count by the addresses they became.

Not sends: bounces and warnings to the sender (the line `ID: NEWID: DSN: ...` marks NEWID), `ruleset=` rejects,
authentication, TLS, milters. It cannot know the subject, nor the message id of a mail split off for a list's owner.
Stamps as in `_syslog.py`.

Source: sendmail's deliver.c, envelope.c and savemail.c, and the Sendmail Installation and Operation Guide.
"""

from detector.config import Source
from detector.formats import Select
from detector.formats._syslog import HANDED_ON, HEARD, PARAMETERS, assumptions, lines_of
from detector.framings import Head

FRAMINGS = ("lines",)
IDENTITY = "stream"

_PROGRAM = r"(?:sendmail(?:-[a-z]+)?|sm-[a-z]+(?:-[a-z]+)?|MTA)"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TEXT = rf'(?:{_QUOTED}|[^"])*?'
_ADDRESSEE = rf'(?:{_QUOTED}|[^",])+'
"""`<a@b.example>`, `a@b.example`, or `"Ann, of Harbor" <a@b.example>` as the submission program was given it."""
_ANGLED = rf'<((?:{_QUOTED}|[^"<>])*)>[^<>]*$'

LINES = lines_of(_PROGRAM)

_ENTRY = r"^(([0-9A-Za-z]{7,20})(?:\[[0-9]+\])?: (from=|to=|[0-9A-Za-z]{7,20}: ))"
"""`ID[2]: ` is the second part of an entry too long for syslog."""

_DELIVERY = rf"^({_TEXT}), (?:ctladdr=({_TEXT})(?: \([^)]*\))?, )?delay=((?:.*?, )?)stat=(.*)$"
_QUEUED = rf"^({_TEXT}), size=([0-9]+), (?:class=[^,]*, )?(?:pri=[^,]*, )?nrcpts=[0-9]+(?:, msgid=<?([^<>, ]+))?"
_NOTICE = r"^(?:DSN|return to sender|sender notify|postmaster notify|return receipt)\b"

_SQL = r"""
, entered as (
  select *, regexp_full_match(program, $program) as is_ours,
    regexp_extract(message, $entry, ['opening', 'id', 'word']) as e
  from heard
), opened as (
  select *, e.id as id, case when e.id = '' then '' else substr(message, length(e.opening) + 1) end as rest
  from entered
), kinds as (
  select *,
    case
      when text < '!' and trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'framing'
      when not is_ours then 'other'
      when e.word = 'to=' then 'to'
      when e.word = 'from=' then 'from'
      when ends_with(e.word, ': ') and regexp_matches(rest, $notice) then 'notice'
      when ends_with(e.word, ': ') and starts_with(rest, 'clone: owner=') then 'clone'
      else 'other'
    end as kind
  from opened
), matched as (
  select *,
    case when kind = 'to' then regexp_extract(rest, $delivery, ['to', 'owner', 'detail', 'stat']) end as d,
    case when kind = 'from' then regexp_extract(rest, $queued, ['sender', 'size', 'msgid']) end as q
  from kinds
), judged as (
  select *,
    list_filter(list_transform(regexp_extract_all(d.to, $addressee), lambda a: case
      when regexp_matches(a, '^[ <"]*[|/:\\]') then nullif(trim(d.owner, '<> '), '')
      else coalesce(nullif(regexp_extract(a, $angled, 1), ''), nullif(trim(a, '<> '), '')) end),
      lambda a: a is not null) as recipients,
    case when starts_with(d.stat, 'Sent (') then regexp_extract(d.stat, $handed_on, ['a', 'b', 'c', 'd']) end
      as handed_on,
    case
      when kind = 'blank' then 'blank'
      when kind = 'other' then 'ignored'
      when kind in ('notice', 'clone') and stamped_us is not null then 'queued'
      when kind = 'from' and q.size <> '' then 'arrived'
      when kind <> 'to' or d.stat = '' or stamped_us is null then 'rejected'
      when starts_with(d.stat, 'Sent') then 'delivered'
      when starts_with(d.stat, 'queued') then 'accepted'
      when starts_with(d.stat, 'Deferred') or regexp_matches(d.detail, 'dsn=4[.]') then 'deferred'
      else 'bounced'
    end as type
  from matched
), parts as (
  select *, unnest(case when len(recipients) > 0 then recipients else [null] end) as recipient,
    generate_subscripts(case when len(recipients) > 0 then recipients else [null] end, 1) as part
  from judged
), settled as (
  select *, type = 'rejected' or (kind = 'to' and recipient is null) or (kind = 'from' and stamped_us is null)
    as is_rejected
  from parts
)
select record_number, cast(part as integer) as part,
  case when is_rejected then 'rejected' when type in ('blank', 'ignored') then type else 'event' end as outcome,
  case when not is_rejected then null
    when kind = 'framing' then split_part(text, chr(2), 2)
    when stamped_us is null then 'a Sendmail line without a stamp that can be read'
    when kind = 'to' and type <> 'rejected' then 'a Sendmail delivery line without an address'
    when kind = 'to' then 'a Sendmail delivery line without a readable status'
    else 'a Sendmail line that names a sender but no size' end as reason,
  type,
  stamped_us as at_us,
  is_local,
  is_yearless,
  null::bigint as sent_at_us,
  host || ' ' || case when kind in ('notice', 'clone') then left(e.word, length(e.word) - 2) else id end as message_key,
  lower(recipient) as recipient,
  case kind
    when 'from' then lower(coalesce(nullif(regexp_extract(q.sender, $angled, 1), ''), trim(q.sender, '<> ')))
    when 'notice' then ''
    when 'clone' then lower(trim(substr(rest, 14), '<>')) end as sender,
  nullif(q.msgid, '') as message_id,
  null::varchar as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(q.size as bigint) as size,
  case when type = 'delivered' then nullif(handed_on.a || handed_on.b || handed_on.c || handed_on.d, '') end as next_key
from settled
"""


def claims(head: Head) -> int:
    """How many of the head's lines Sendmail wrote."""
    return head.matching(LINES)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line, or one per recipient of a delivery line."""
    patterns = {
        **PARAMETERS,
        **HANDED_ON,
        "program": _PROGRAM,
        "entry": _ENTRY,
        "delivery": _DELIVERY,
        "queued": _QUEUED,
        "notice": _NOTICE,
        "addressee": _ADDRESSEE,
        "angled": _ANGLED,
    }
    return Select(HEARD + _SQL, patterns, assumptions(head, zone))
