"""Exchange Server message tracking (MSGTRK*.LOG), the same rows without their header, and their Export-Csv.

A send is (network-message-id, recipient): the id survives hops between servers and the splitting of a message. DELIVER
(into a mailbox) and SEND or SENDEXTERNAL (out of the organization) prove it, FAIL and DROP end it, RECEIVE shows that
it was taken. A SEND to another server of the organization is a hop, and shadow copies (HA...), copies that Exchange
itself suppressed (DUPLICATEDELIVER) and its inner steps are no facts about a send. A group, or an address that was
resolved to another, stands in RECEIVE; EXPAND, RESOLVE and REDIRECT of the same file tell, and the address that
replaced it counts. A return path of <> marks a notice. The same report of Microsoft 365, "extended", has these events.

It cannot know our mail from strangers' mail: an application that submits without logging in is "Incoming" as they are,
so inbound mail counts. It has no templates. Before Exchange 2013 there is no network-message-id, and the Message-ID is
the key. If a group's RECEIVE ends one hourly file and its EXPAND begins the next, the group is one more recipient.

Source: Microsoft, "Message tracking", fields and event types.
"""

from detector.config import Source
from detector.errors import InputError
from detector.formats import Select
from detector.formats._events import simple, table_parameters
from detector.framings import Head
from detector.stamps import read_stamps, zone_assumed

FRAMINGS = ("csv", "lines")
IDENTITY = "event_id"
LINES = (
    r'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z,(?:(?:"(?:[^"]|"")*"|[^,"]*),){6}'
    r"(?:ADMIN|AGENT|APPROVAL|BOOTLOADER|DNS|DSN|GATEWAY|MAILBOXRULE|MEETINGMESSAGEPROCESSOR|ORAR|PICKUP|POISONMESSAGE"
    r"|PUBLICFOLDER|QUEUE|REDUNDANCY|RESOLVER|ROUTING|SAFETYNET|SMTP|STOREDRIVER),[A-Z]+,"
)

COLUMNS_WITHOUT_HEADER = (
    "date-time client-ip client-hostname server-ip server-hostname source-context connector-id source event-id "
    "internal-message-id message-id network-message-id recipient-address recipient-status total-bytes recipient-count "
    "related-recipient-address reference message-subject sender-address return-path message-info directionality "
    "tenant-id original-client-ip original-server-ip custom-data"
)
"""The list since Exchange 2013; later versions add columns at its end."""

NAMES = {
    "stamp": "datetime timestamp datetimeutc",
    "connector": "connectorid",
    "event": "eventid",
    "message_id": "messageid",
    "network_id": "networkmessageid",
    "recipients": "recipientaddress recipients",
    "status": "recipientstatus",
    "size": "totalbytes",
    "related": "relatedrecipientaddress",
    "subject": "messagesubject",
    "sender": "senderaddress sender",
    "return_path": "returnpath",
    "info": "messageinfo",
}
"""Our word -> names of the column, without hyphens: of the log, and of the objects that PowerShell makes of it."""

EVENTS = (["RECEIVE"], ["DELIVER"], ["SEND"], ["SENDEXTERNAL"], ["EXPAND"], ["TRANSFER"], ["HARECEIVE"], ["AGENTINFO"])
"""Values of the event column that only message tracking has."""

_NO_ID = (
    "this export of message tracking holds no MessageId, so its rows cannot be told to be about one mail or many. "
    "Export it again with MessageId and NetworkMessageId."
)

_SQL = r"""
with fields as (
  select record_number, text,
    case when $is_csv then str_split(text, chr(31)) else list_transform(
      regexp_extract_all(text, '(?:^|,)("(?:[^"]|"")*"|[^,]*)', 1),
      lambda f: case when starts_with(f, '"') then replace(f[2:-2], '""', '"') else f end) end as f
  from records
), named as (  -- a place of 0 gives NULL: the log has no such column
  select record_number, text, f[$stamp] as stamp, f[$connector] as connector, upper(trim(f[$event])) as event,
    nullif(trim(f[$message_id], '<> '), '') as message_id,
    nullif(nullif(lower(replace(trim(f[$network_id]), '-', '')), ''), repeat('0', 32)) as network_id,
    trim(f[$recipients]) as recipients, trim(f[$status]) as status, f[$size] as size, f[$related] as related,
    f[$subject] as subject, f[$sender] as sender, trim(f[$return_path]) as return_path, f[$info] as info,
    len(f) >= $width and ($is_csv or regexp_full_match(f[12], '[0-9A-Fa-f-]{{36}}|')) as is_whole
  from fields
), {order}, typed as (
  select *, coalesce(network_id, message_id) as key,
    epoch_us({at}) as at_us,
    {unclear} as is_unclear,
    case event
      when 'DELIVER' then 'delivered'
      when 'SENDEXTERNAL' then 'delivered'
      when 'SEND' then case when regexp_matches(connector, '(?i)^(Intra-Organization SMTP|Inbound Proxy)')
        then 'accepted' else 'delivered' end
      when 'RECEIVE' then 'accepted'
      when 'DEFER' then 'deferred'
      when 'FAIL' then 'bounced'
      when 'DROP' then case  -- 250: a group that was expanded
        when not regexp_matches(coalesce(status, ''), '(^|LED=)250 ') then 'dropped' end
      when 'POISONMESSAGE' then 'dropped'
      when 'BADMAIL' then 'dropped'
      when 'MODERATORREJECT' then 'dropped'
      when 'MODERATIONEXPIRE' then 'dropped' end as type,
    list_transform(
      case when starts_with(recipients, '{{') then str_split(trim(recipients, '{{}}'), ',')
        else str_split(recipients, ';') end,
      lambda r: lower(regexp_replace(trim(r, '<> '), '(?i)^smtp:', ''))) as listed
  from named
), moved as (
  select key, flatten(list(list_filter(str_split(lower(related), ';'), lambda r: not list_contains(listed, r))))
    as addresses
  from typed
  where event in ('EXPAND', 'DUPLICATEEXPAND', 'RESOLVE', 'REDIRECT') and related <> ''
  group by key
), addressed as (
  select t.*,
    coalesce(list_filter(t.listed, lambda r: r <> '' and not starts_with(r, 'undisclosed')), []) as named_recipients,
    list_sort(list_distinct(list_filter(t.listed, lambda r: r <> '' and not starts_with(r, 'undisclosed')
      and not regexp_matches(r, '^healthmailbox[0-9a-f]*@')
      and not (event in ('RECEIVE', 'DEFER') and list_contains(coalesce(m.addresses, []), r))))) as addresses
  from typed as t
  left join moved as m on m.key = t.key
), judged as (
  select *,
    case
      when trim(text) = '' then 'blank'
      when starts_with(text, '#') or ($is_csv and (record_number <= $header_number or text = $header)) then 'ignored'
      when starts_with(text, chr(2)) or not is_whole or coalesce(event, '') = '' then 'rejected'
      when type is null or regexp_matches(sender, '(?i)^healthmailbox[0-9a-f]*@')
        or (len(named_recipients) > 0 and len(addresses) = 0 and type not in ('accepted', 'deferred')) then 'ignored'
      when at_us is null or key is null or recipients like 'System.%[]'
        or (len(named_recipients) = 0 and event <> 'RECEIVE') then 'rejected'
      else 'event'
    end as outcome
  from addressed
), fanned as (
  select *, unnest(case when outcome = 'event' and len(addresses) > 0 then addresses else [null] end) as recipient,
    generate_subscripts(case when outcome = 'event' and len(addresses) > 0 then addresses else [null] end, 1) as part
  from judged
)
select record_number, part, outcome,
  case when outcome = 'rejected' then case
    when starts_with(text, chr(2)) then split_part(text, chr(2), 2)
    when not is_whole then $broken
    when coalesce(event, '') = '' then 'no event'
    when at_us is null and is_unclear then $unclear_order
    when at_us is null then 'no time that can be read'
    when key is null then 'no message id'
    when recipients like 'System.%[]'
      then 'the export lost its recipients; join them first: @{{n="Recipients";e={{$_.Recipients -join ";"}}}}'
    else 'no recipient' end end as reason,
  case when recipient is null then 'noted' else type end as type,
  at_us,
  false as is_local,
  false as is_yearless,
  epoch_us(try_cast(regexp_extract(info, '^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]+Z)', 1) as timestamptz))
    as sent_at_us,
  key as message_key,
  recipient,
  case when return_path = '<>' then ''
    else nullif(lower(regexp_replace(trim(coalesce(nullif(trim(sender), ''), return_path), '<> '), '(?i)^smtp:', '')),
      '') end as sender,
  message_id,
  nullif(trim(subject), '') as subject,
  null::varchar as template,
  null::varchar as organization,
  try_cast(size as bigint) as size,
  null::varchar as next_key
from fanned
"""


def claims(head: Head) -> int:
    """All rows of a table with the columns of message tracking, or the lines that are such rows without a header."""
    if head.framing == "lines":
        return head.matching(LINES)
    names = _header(head)
    places = _places(names)
    if not all(places[name] for name in ("stamp", "event", "recipients")):
        return 0
    fields = [record.split("\x1f") for record in head.records[1:]]
    has_events = any(row[places["event"] - 1 : places["event"]] in EVENTS for row in fields)
    return len(head.records) + 1 if has_events or "internalmessageid" in names else 0


def select(head: Head, zone: str, source: Source | None) -> Select:
    """One row per event and recipient. The log itself is in UTC; `zone` is for what PowerShell exported."""
    names = _header(head) if head.framing == "csv" else [simple(name) for name in COLUMNS_WITHOUT_HEADER.split()]
    stamps = read_stamps("stamp", "named", head.records, zone, source.time_format if source else None)
    sql = _SQL.format(order=stamps.order, at=stamps.moment, unclear=stamps.is_unclear)
    if not {"messageid", "networkmessageid"} & set(names):
        raise InputError(_NO_ID)
    parameters = {
        **_places(names),
        **stamps.parameters,
        **table_parameters(head, names, "a row of another list of columns; keep the #Fields line"),
        "width": len(names),
    }
    is_native = "datetime" in names
    return Select(sql, parameters, () if is_native else (zone_assumed(zone),))


def _header(head: Head) -> list[str]:
    """The names of the columns in their simplest form."""
    return [simple(name.removeprefix("#Fields:")) for name in head.columns]


def _places(names: list[str]) -> dict[str, int]:
    """Our word -> place of its column, 0 if there is none."""
    found = {
        ours: next((names.index(name) for name in theirs.split() if name in names), -1)
        for ours, theirs in NAMES.items()
    }
    return {ours: place + 1 for ours, place in found.items()}
