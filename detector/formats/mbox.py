r"""Mail itself: a mailbox (mbox), the files of a maildir, an .eml file: the client's proof, or an archive of sent mail.

A message is a Message-ID with the oldest `Received:` line, which the first host wrote when the application submitted
the mail: copies of one submission in several mailboxes are one message, one rendered mail submitted twice is two. Mail
without such a line has its `Date:` instead. A message is one send per address it was delivered to (`Delivered-To:`,
`X-Original-To:`, `Envelope-To:`), else per address in To, Cc and Bcc. A mailbox in which everything was delivered to
one address that hardly any mail names is an archive (`always_bcc`): there the named addresses count.

The time is that of the newest `Received:` line; else of the line `From `, if it names a sender, else of `Date:`, by a
clock of the application. A time without a zone is read as UTC.
The sender is the one in `From:`: providers write a return path of its own for each mail, which would tell copies apart.

Not sends: bounces and receipts (multipart/report, mailer-daemon, empty return path), automatic replies.
Cannot be known: copies that Gmail or Exchange hide since they have the same Message-ID; that a mail in a "Sent" folder,
which no host has stamped, is the same as its copy in an archive; who got a mail beyond those it names.
Source: RFC 4155, RFC 5322, RFC 3834, Postfix local(8), the documents of the providers.
"""

import json
from collections import Counter
from typing import Any

from detector.config import Source
from detector.formats import Select
from detector.framings import Head

FRAMINGS = ("mbox",)
IDENTITY = "event_id"

_DELIVERED = ("delivered-to", "x-original-to", "envelope-to")
_FEWEST_OF_AN_ARCHIVE = 5
_NAMED_IN_AN_ARCHIVE = 0.1

_SQL = r"""
with opened as (
  select record_number, text,
    case when not starts_with(text, chr(2)) and json_valid(text) then text::json end as mail
  from records
), read as (
  select record_number, text, mail,
    mail->'$.headers' as headers,
    lower(coalesce(mail->>'$.addresses."delivered-to"[0]', mail->>'$.addresses."x-original-to"[0]',
      mail->>'$.addresses."envelope-to"[0]')) as delivered,
    try_cast(mail->'$.addresses.to' as varchar[]) as main, try_cast(mail->'$.addresses.cc' as varchar[]) as cc,
    try_cast(mail->'$.addresses.bcc' as varchar[]) as bcc,
    (mail->>'$.addresses.from[0]') as author, (mail->>'$.addresses."return-path"[0]') as return_path,
    coalesce(mail->>'$.times.received[0]',
      case when (mail->>'$.envelope') not in ('-', 'mailer-daemon') then mail->>'$.times.envelope[0]' end,
      mail->>'$.times.date[0]', mail->>'$.times.envelope[0]') as stamp
  from opened
), stamped as (
  select *,
    epoch_us(try_cast(stamp as timestamptz)) as at_us,
    delivered is not null and not list_contains($archives, delivered) as is_delivered,
    nullif(trim(headers->>'$."message-id"[0]', ' <>'), '') as message_id,
    coalesce(headers->>'$.received[#-1]', headers->>'$.date[0]', stamp) as first_hop,
    (headers->>'$.subject[0]') as subject
  from read
), addressed as (
  select *,
    case when is_delivered then [delivered]
      else list_distinct(list_concat(coalesce(main, []), coalesce(cc, []), coalesce(bcc, []))) end as recipients
  from stamped
), judged as (
  select *,
    case
      when trim(text) = '' then 'blank'
      when mail is null then 'rejected'
      when (mail->>'$.is_report') = 'true' or starts_with(lower(headers->>'$."auto-submitted"[0]'), 'auto-replied')
        or regexp_matches(coalesce(headers->>'$."return-path"[0]', ''), '^\s*<\s*>\s*$')
        or regexp_matches(coalesce(author, ''), '^mailer-daemon(@|$)') then 'ignored'
      when at_us is null or len(recipients) = 0 then 'rejected'
      else 'event'
    end as outcome
  from addressed
), fanned as (
  select *, unnest(case when outcome = 'event' then list_sort(recipients) else [null] end) as recipient,
    generate_subscripts(case when outcome = 'event' then recipients else [null] end, 1) as part
  from judged
)
select record_number, part, outcome,
  case when outcome = 'rejected' then case
    when starts_with(text, chr(2)) then split_part(text, chr(2), 2)
    when at_us is null then 'no time that can be read'
    else 'no recipient' end end as reason,
  case when is_delivered then 'delivered' else 'accepted' end as type,
  at_us,
  false as is_local,
  false as is_yearless,
  null::bigint as sent_at_us,
  case when message_id is null
    then '- ' || md5(concat_ws(chr(31), first_hop, author, subject, array_to_string(main, ',')))
    else message_id || ' ' || md5(first_hop) end as message_key,
  recipient,
  coalesce(author, return_path) as sender,
  message_id,
  nullif(trim(subject), '') as subject,
  coalesce(
    nullif(headers->>'$."x-mailgun-tag"[0]', ''),
    nullif(headers->>'$."x-pm-tag"[0]', ''),
    nullif(regexp_extract(headers->>'$."x-ses-message-tags"[0]', '(?:^|[,; ])template=([^,; ]+)', 1), ''),
    nullif(regexp_extract(headers->>'$."x-ses-message-tags"[0]', '(?:^|[,; ])campaign=([^,; ]+)', 1), ''),
    nullif(regexp_extract(headers->>'$."feedback-id"[0]', '^([A-Za-z][A-Za-z_.-]*):[^:]*:[^:]*:[^:]*$', 1), ''),
    nullif(regexp_extract(headers->>'$."list-id"[0]', '<([^<>]+)>\s*$', 1), '')) as template,
  null::varchar as organization,
  try_cast(mail->>'$.size' as bigint) as size,
  null::varchar as next_key
from fanned
"""


def claims(head: Head) -> int:
    """All messages: no other format reads mail."""
    return len(head.records)


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per message and recipient; the times of mail carry their zone, so `zone` is not needed."""
    mails = [mail for record in head.records if (mail := _mail(record))]
    archives = _archives(mails)
    said = [f"everything was delivered to {address}, which hardly any mail names: an archive" for address in archives]
    return Select(_SQL, {"archives": archives}, tuple(said))


def _archives(mails: list[dict[str, Any]]) -> list[str]:
    """The one address to which all mails of the head were delivered, if hardly any of them names it; else none."""
    delivered, named = Counter[str](), 0
    for mail in mails:
        addresses = mail["addresses"]
        address = next((addresses[name][0] for name in _DELIVERED if addresses.get(name)), "")
        delivered[address] += 1
        named += address in {other for name in ("to", "cc", "bcc") for other in addresses.get(name, [])}
    if len(delivered) != 1 or "" in delivered or len(mails) < _FEWEST_OF_AN_ARCHIVE:
        return []
    return list(delivered) if named < _NAMED_IN_AN_ARCHIVE * len(mails) else []


def _mail(record: str) -> dict[str, Any] | None:
    """What framing found in a message; None for a record that it rejected."""
    return None if record.startswith("\x02") else json.loads(record)
