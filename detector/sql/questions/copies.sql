-- Every copy of one incident, the rightful ones included, with the ids that other people's logs know. A table's rows
-- without an id have a key made by us, which nobody else can look up.
-- grain: send_id
-- reads: incident_copies, sends
select c.recipient, c.organization, s.sent_at, coalesce(s.message_id, '') as message_id,
  case when starts_with(s.message_key, 'row ') or s.source in ('plain', 'mailchimp') then '' else s.message_key end as log_key,
  coalesce(s.subject, '') as subject, coalesce(s.template, '') as template, s.source, s.file, s.record_number, s.outcome,
  s.attempts, c.is_extra = 1 as is_extra
from incident_copies as c
join sends as s on s.send_id = c.send_id
where c.incident_id = $incident_id
order by s.sent_at_us, c.recipient, s.send_id
limit $most
