-- Every copy of one incident, the rightful ones included, with the ids that other people's logs know. A table's rows
-- without an id have a key made by us, which nobody else can look up.
-- grain: send_id
-- reads: incident_copies
select recipient, organization, sent_at, coalesce(message_id, '') as message_id,
  case when starts_with(message_key, 'row ') or source in ('plain', 'mailchimp') then '' else message_key end as log_key,
  coalesce(subject, '') as subject, coalesce(template, '') as template, source, file, record_number, outcome, attempts,
  is_extra = 1 as is_extra
from incident_copies
where incident_id = $incident_id
order by sent_at_us, recipient, send_id
limit $most
