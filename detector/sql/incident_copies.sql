-- The copies that causes are judged from: every extra copy of each incident, and the sends that these repeat, unless
-- they belong to an incident before. With all that the log says of them, so that nobody looks for them in it again.
-- grain: incident_id, send_id
-- reads: incident_mail, incident_repeats, sends
with extras as (
  select distinct incident_id, send_id, recipient, content_key, template_key, sent_at_us, lag_us
  from incident_repeats
), befores as (
  select e.incident_id, r.send_id, min(e.content_key) as content_key, e.template_key
  from extras as e
  join incident_mail as r on r.recipient = e.recipient and r.template_key = e.template_key
    and r.sent_at_us = e.sent_at_us - e.lag_us
  left join extras as x on x.send_id = r.send_id
  where x.send_id is null
  group by e.incident_id, r.send_id, e.template_key
), copies as (
  select incident_id, send_id, content_key, template_key, 1 as is_extra from extras
  union all
  select incident_id, send_id, content_key, template_key, 0 from befores
)
select c.incident_id, c.content_key, c.template_key, c.is_extra, s.*
from copies as c
join sends as s on s.send_id = c.send_id
