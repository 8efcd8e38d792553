-- Every extra copy of each incident.
-- grain: incident_id, send_id
-- reads: burst_repeats, incident_bursts
select i.incident_id, r.send_id, r.sent_at_us, r.recipient, r.organization, r.content_key, r.own_template_key as template_key, r.lag_us
from incident_bursts as i
join burst_repeats as r on r.template_key = i.template_key and r.burst_number = i.burst_number
