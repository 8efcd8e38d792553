-- What happened to each message for each of its recipients, one row per logged fact.
-- grain: file_id, record_number, part
-- reads: events, message_lives, settings
select e.file_id, e.record_number, e.part, e.source, e.message_key, coalesce(l.life, 0) as life, e.type, e.at_us,
  e.recipient, e.next_key
from events as e
left join message_lives as l
  on l.file_id = e.file_id and l.record_number = e.record_number and l.part = e.part
where e.recipient is not null and e.type in ('accepted', 'delivered', 'deferred', 'bounced', 'dropped')
  and e.at_us <= (select as_of_us from settings)
