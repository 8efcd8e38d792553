-- What happened to each message for each of its recipients, one row per logged fact. A row without an id that says what
-- became of a mail adds nothing if another row says that this mail was sent.
-- grain: file_id, record_number, part
-- reads: events, message_lives, settings
with sent_rows as (
  select distinct recipient, coalesce(subject, '') as subject, coalesce(template, '') as template
  from events
  where source = 'plain' and type = 'accepted' and starts_with(message_key, 'row ')
    and at_us <= (select as_of_us from settings)
)
select e.file_id, e.record_number, e.part, e.source, e.message_key, coalesce(l.life, 0) as life, e.type, e.at_us,
  e.recipient, e.next_key
from events as e
left join message_lives as l
  on l.file_id = e.file_id and l.record_number = e.record_number and l.part = e.part
left join sent_rows as s
  on e.source = 'plain' and starts_with(e.message_key, 'row ') and e.type in ('delivered', 'deferred', 'bounced')
  and s.recipient = e.recipient and s.subject = coalesce(e.subject, '') and s.template = coalesce(e.template, '')
where s.recipient is null and e.recipient is not null
  and e.type in ('accepted', 'delivered', 'deferred', 'bounced', 'dropped')
  and e.at_us <= (select as_of_us from settings)
