r"""What the mailers that log through syslog share: the SQL that takes stamp, host and program off a line.

    Oct 27 18:04:11 mx1 sendmail[212]: ...                           RFC 3164: no year, no zone
    2026-10-27T18:04:11.123456+02:00 mx1 sendmail[212]: ...          as rsyslog writes on current Debian
    <22>1 2026-10-27T18:04:11Z mx1 sendmail 212 - - ...              RFC 5424; `<22>` may open the others too

`HEARD` opens the SQL of a format: it is the CTE `heard(record_number, text, stamped_us, is_local, is_yearless, host,
program, message)`; its parameters are `PARAMETERS`. A line without such an opening has `program = ''`.
"""

import re

from detector.framings import Head
from detector.stamps import zone_assumed

BSD = r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
"""A stamp without year and zone."""
_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?"

_HOST = r"[^ \[]*[^ \[:]"

_SYSLOG = (
    rf"^((?:<[0-9]{{1,3}}>)?({BSD}|{_ISO}) (?:<[a-z0-9.]+> )?(?:({_HOST}) )?([^ \[:]+)(?:\[[0-9]+\])?: ?"
    r"(?:\[ID [0-9]+ [a-z0-9.]+\] )?)"
)
"""The host may be missing; FreeBSD may write `<mail.info>` before it, and Solaris `[ID 801593 mail.info]` after. What
follows the opening is cut off by its length, because captures are dear by the byte."""

_RFC5424 = rf"^(<[0-9]{{1,3}}>1 ({_ISO}) ([^ ]+) ([^ ]+) [^ ]+ [^ ]+ (?:-|(?:\[[^\]]*\])+) ?\x{{FEFF}}?)"

_HANDED_ON = (
    r"queued as <?([0-9A-Za-z_-](?:[0-9A-Za-z._@-]*[0-9A-Za-z_-])?)|"
    r"id=([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}\b|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}\b)|"
    r"([0-9A-Za-z]+) Message accepted for delivery|"
    r"\b[Oo][Kk]:? <?([0-9A-Za-z_-][0-9A-Za-z._@-]{14,}[0-9A-Za-z_-])>?[)/]?$"
)
"""How Postfix and most providers, Exim, Sendmail and OpenSMTPD, and Amazon SES tell the client which id they gave a
message: a queue id of one of our own mailers, or the id under which a provider's own log knows the mail."""

PARAMETERS = {"syslog": _SYSLOG, "rfc5424": _RFC5424}
HANDED_ON = {"handed_on": _HANDED_ON}

HEARD = r"""
with cut as (
  select record_number, text, case
    when regexp_matches(text, '^<[0-9]{1,3}>1 ')
      then regexp_extract(text, $rfc5424, ['opening', 'stamp', 'host', 'program'])
    else regexp_extract(text, $syslog, ['opening', 'stamp', 'host', 'program']) end as s
  from records
), heard as (
  select record_number, text, s.program as program, s.stamp > ':' as is_yearless,
    case when s.opening = '' then '' else substr(text, length(s.opening) + 1) end as message,
    s.stamp <> '' and not regexp_matches(s.stamp, '(Z|[+-][0-9]{2}:?[0-9]{2})$') as is_local,
    case when s.host in ('', '-') then '-' else s.host end as host,
    case
      when s.stamp > ':' then
        epoch_us(try_strptime('2000 ' || s.stamp, ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f']))
      when regexp_matches(s.stamp, '(Z|[+-][0-9]{2}:?[0-9]{2})$') then epoch_us(try_cast(s.stamp as timestamptz))
      else epoch_us(try_cast(s.stamp as timestamp))
    end as stamped_us
  from cut
)"""


def lines_of(program: str, message: str = "") -> str:
    """A pattern for a format's `LINES`: syslog lines of programs with such a name, whose message begins so."""
    pri = "<[0-9]{1,3}>"
    return (
        rf"^(?:{pri})?(?:{BSD}|{_ISO}) (?:<[a-z0-9.]+> )?(?:{_HOST} )?{program}(?:\[[0-9]+\])?: {message}|"
        rf"^{pri}1 {_ISO} [^ ]+ {program} [^ ]+ [^ ]+ (?:-|\[.*?\]) {message}"
    )


def assumptions(head: Head, zone: str, naive: str = BSD) -> tuple[str, ...]:
    """What has to be said if some of the head's stamps carry no zone; `naive` is how such a stamp opens a line."""
    opens = re.compile(rf"^(?:<[0-9]{{1,3}}>)?(?:{naive}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]+ )")
    is_naive = any(opens.match(record) for record in head.records)
    return (zone_assumed(zone),) if is_naive else ()
