"""Why a send is one send: every event of its message for its recipient, with file and line."""

from detector.errors import InputError
from detector.examined import LoggedEvent, Send
from detector.store import Connection

_SEND = """
select send_id, make_timestamp(sent_at_us), recipient, sender, subject, outcome, attempts, source
from sends where send_id = $send_id
"""

_EVENTS = """
with recursive chain as (
  select source, message_key, life, 0 as hops from sends where send_id = $send_id
  union
  select v.source, v.message_key, v.life, 0
  from sends as s
  join sightings as v on v.seen_source = s.source and v.seen_key = s.message_key and v.seen_life = s.life
    and v.recipient = s.recipient
  where s.send_id = $send_id
  union
  select h.next_source, h.next_message_key, h.next_life, c.hops + 1
  from chain as c
  join hand_offs as h on h.source = c.source and h.message_key = c.message_key and h.life = c.life
  where c.hops < 8
), messages_of_it as (
  select source, message_key, life, min(hops) as hops from chain group by source, message_key, life
)
select make_timestamp(e.at_us), e.type, e.source, e.message_key, c.hops = 0, exists (
    from hand_offs as h
    where h.source = c.source and h.message_key = c.message_key and h.life = c.life and h.next_key = e.next_key
  ), f.name, e.record_number
from messages_of_it as c
join events as e on e.source = c.source and e.message_key = c.message_key
join files as f on f.file_id = e.file_id
left join message_lives as l on l.file_id = e.file_id and l.record_number = e.record_number and l.part = e.part
where coalesce(l.life, 0) = c.life and e.at_us <= (select as_of_us from settings)
  and (e.recipient is null or e.recipient = (select recipient from sends where send_id = $send_id))
order by e.at_us, c.hops, e.file_id, e.record_number, e.part
"""


def show_send(db: Connection, send_id: str) -> Send:
    """The send with this id, from a snapshot. Raises InputError if there is none."""
    found = db.execute(_SEND, {"send_id": send_id}).fetchall()
    if not found:
        raise InputError(f"no send has the id {send_id!r}; ids stand in the table `sends`, column send_id.")
    rows = db.execute(_EVENTS, {"send_id": send_id}).fetchall()
    events = tuple(
        LoggedEvent(at, type, source, key, is_first, is_hand_off, file, number)
        for at, type, source, key, is_first, is_hand_off, file, number in rows
    )
    send_id, sent_at, recipient, sender, subject, outcome, attempts, source = found[0]
    return Send(send_id, sent_at, recipient, sender, subject, outcome, attempts, source, events)
