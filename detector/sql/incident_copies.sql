-- The copies that causes are judged from: every extra copy of each incident, and the sends that these repeat, unless
-- they belong to an incident before.
-- grain: incident_id, send_id
-- reads: incident_repeats, repeats, sends
with extras as (
  select distinct incident_id, send_id, recipient, content_key, template_key, sent_at_us, lag_us
  from incident_repeats
), befores as (
  select e.incident_id, r.send_id, e.recipient, min(e.content_key) as content_key, e.template_key, r.sent_at_us
  from extras as e
  join repeats as r on r.recipient = e.recipient and r.template_key = e.template_key
    and r.sent_at_us = e.sent_at_us - e.lag_us
  left join extras as x on x.send_id = r.send_id
  where x.send_id is null
  group by e.incident_id, r.send_id, e.recipient, e.template_key, r.sent_at_us
), copies as (
  select incident_id, send_id, recipient, content_key, template_key, sent_at_us, 1 as is_extra from extras
  union all
  select incident_id, send_id, recipient, content_key, template_key, sent_at_us, 0 from befores
)
select c.incident_id, c.send_id, c.recipient, c.content_key, c.template_key, c.sent_at_us, c.is_extra, s.organization,
  s.template, s.subject, s.message_id, s.source, s.outcome, s.attempts
from copies as c
join sends as s on s.send_id = c.send_id
