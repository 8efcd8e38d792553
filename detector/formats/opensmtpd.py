r"""OpenSMTPD in syslog: `Oct 27 18:04:11 mx1 smtpd[212]: 5df8... mta delivery evpid=3d4c4a424797fe79 from=<...> ...`.

An envelope (`evpid`) is a message and one recipient; its first eight digits are the message's id. A send is one message
id and one final recipient (`to=`), however many attempts are logged: `result=Ok` is delivered, `TempFail` deferred,
`PermFail` and `Expire` bounced. Several envelopes of one address are one send. A DKIM signer or filter that gives the
mail back makes another message id; the delivery to it names that id (`stat="250 2.0.0: f6e94209 Message accepted for
delivery"`) and is a hand-off. `to=` is what aliases led to; `rcpt=` is what was asked for and is not counted.

    6.4 and later   SESSION mta|mda delivery evpid=ID from=<> to=<> rcpt=<> ... result="Ok" stat="..."
    5.9 to 6.3      the same with `mta event=delivery evpid=ID ...`
    5.3 to 5.8      relay: TempFail for ID: session=..., from=<>, to=<>, ..., stat=...; also `delivery: Ok for ID: ...`

Not sends: connections, rejects, `smtp envelope` lines (asked for, not yet tried). It cannot know the subject, nor the
message id that the mail itself carries. Stamps as in `_syslog.py`.

Source: OpenSMTPD's mta.c, mda.c, smtp_session.c of these versions, and the OpenSMTPD book's chapter on logging.
"""

from detector.config import Source
from detector.formats import Select
from detector.formats._syslog import HANDED_ON, HEARD, PARAMETERS, assumptions, lines_of
from detector.framings import Head

FRAMINGS = ("lines",)
IDENTITY = "stream"

_OLD = r"(?:relay|delivery): [A-Za-z]+ for [0-9a-f]{16}: "

LINES = lines_of("(?:open)?smtpd") + "|" + lines_of(r"[^ /\[:]+", _OLD)

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ADDRESS = rf'<((?:{_QUOTED}|[^"<>])*)>'

_DELIVERY = (
    rf"^[0-9a-f]{{16}} (?:mta|mda) (?:event=)?delivery evpid=([0-9a-f]{{8}})[0-9a-f]{{8}} from={_ADDRESS} "
    rf'to={_ADDRESS} (?:.*? )??result="?([A-Za-z]+)"? stat="?(.*?)"?$'
)
_OLD_DELIVERY = (
    r"^(?:relay|delivery): ([A-Za-z]+) for ([0-9a-f]{8})[0-9a-f]{8}: (?:session=[0-9a-f]+, )?"
    rf"from={_ADDRESS}, to={_ADDRESS}, (?:.*?, )??stat=(.*)$"
)
_IS_DELIVERY = rf"^(?:[0-9a-f]{{16}} (?:mta|mda) (?:event=)?delivery |{_OLD})"

_MESSAGE = (
    r"^(?:[0-9a-f]{16} smtp (?:event=)?message .*?msgid=|smtp-in: Accepted message )([0-9a-f]{8})\b"
    rf"(?:.*? from={_ADDRESS})?(?:.*? size=([0-9]+))?"
)
_ENVELOPE = rf"^[0-9a-f]{{16}} smtp (?:event=)?envelope evpid=([0-9a-f]{{8}})[0-9a-f]{{8}} from={_ADDRESS} "

_SQL = r"""
, kinds as (
  select *,
    case
      when text < '!' and trim(text) = '' then 'blank'
      when starts_with(text, chr(2)) then 'framing'
      when regexp_matches(message, $is_delivery) then 'delivery'
      when not regexp_full_match(program, '(open)?smtpd') then 'other'
      when regexp_matches(message, $envelope) then 'envelope'
      when regexp_matches(message, $message) then 'message'
      else 'other'
    end as kind
  from heard
), matched as (
  select *,
    case
      when kind <> 'delivery' then null
      when starts_with(message, 'relay: ') or starts_with(message, 'delivery: ')
        then regexp_extract(message, $old_delivery, ['result', 'msgid', 'sender', 'to', 'stat'])
      else regexp_extract(message, $delivery, ['msgid', 'sender', 'to', 'result', 'stat'])
    end as d,
    case kind when 'message' then regexp_extract(message, $message, ['msgid', 'sender', 'size'])
      when 'envelope' then regexp_extract(message, $envelope, ['msgid', 'sender']) end as q
  from kinds
), judged as (
  select *,
    case when d.result = 'Ok' then regexp_extract(d.stat, $handed_on, ['a', 'b', 'c', 'd']) end as handed_on,
    case
      when kind = 'blank' then kind
      when kind = 'other' then 'ignored'
      when kind = 'framing' or stamped_us is null then 'rejected'
      when kind in ('message', 'envelope') then 'queued'
      when d.to = '' then 'rejected'
      when d.result = 'Ok' then 'delivered'
      when d.result = 'TempFail' then 'deferred'
      else 'bounced'
    end as type
  from matched
)
select record_number, 1 as part,
  case when type in ('blank', 'ignored', 'rejected') then type else 'event' end as outcome,
  case when type <> 'rejected' then null
    when kind = 'framing' then split_part(text, chr(2), 2)
    when stamped_us is null then 'an OpenSMTPD line without a stamp that can be read'
    else 'an OpenSMTPD delivery line without a readable recipient and result' end as reason,
  type,
  stamped_us as at_us,
  is_local,
  is_yearless,
  null::bigint as sent_at_us,
  host || ' ' || coalesce(d.msgid, q.msgid) as message_key,
  lower(d.to) as recipient,
  case when kind = 'delivery' or contains(message, ' from=<') then lower(coalesce(d.sender, q.sender)) end as sender,
  null::varchar as message_id,
  null::varchar as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(q.size as bigint) as size,
  case when type = 'delivered' then nullif(handed_on.a || handed_on.b || handed_on.c || handed_on.d, '') end as next_key
from judged
"""


def claims(head: Head) -> int:
    """How many of the head's lines OpenSMTPD wrote."""
    return head.matching(LINES)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per line."""
    patterns = {
        **PARAMETERS,
        **HANDED_ON,
        "delivery": _DELIVERY,
        "old_delivery": _OLD_DELIVERY,
        "is_delivery": _IS_DELIVERY,
        "message": _MESSAGE,
        "envelope": _ENVELOPE,
    }
    return Select(HEARD + _SQL, patterns, assumptions(head, zone))
