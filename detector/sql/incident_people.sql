-- Who got how many copies in each incident.
-- grain: incident_id, recipient
-- reads: burst_people, incident_bursts
select i.incident_id, p.recipient, min(p.organization) as organization, cast(sum(p.excess + p.expected) as bigint) as sends,
  cast(sum(p.expected) as bigint) as expected, cast(sum(p.excess) as bigint) as excess,
  make_timestamp(min(p.first_sent_us)) as first_sent_at, make_timestamp(max(p.last_sent_us)) as last_sent_at
from incident_bursts as i
join burst_people as p on p.template_key = i.template_key and p.burst_number = i.burst_number
group by i.incident_id, p.recipient
