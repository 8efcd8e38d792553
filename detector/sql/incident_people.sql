-- Who got how many copies in each incident, and how many were right: of a mail that is due once for each enrolment, as
-- many as the roster has for this person, from a week before the first copy on; else what the burst says.
-- grain: incident_id, recipient
-- reads: burst_people, due_contents, incident_bursts, incident_repeats, roster
with people as (
  select i.incident_id, p.recipient, min(p.organization) as organization,
    sum(p.excess + p.expected) as sends, sum(p.expected) as expected, min(p.first_sent_us) as first_sent_us,
    max(p.last_sent_us) as last_sent_us
  from incident_bursts as i
  join burst_people as p on p.template_key = i.template_key and p.burst_number = i.burst_number
  group by i.incident_id, p.recipient
), due as (
  select distinct r.incident_id, r.recipient, d.course
  from incident_repeats as r
  join due_contents as d on d.content_key = r.content_key
), enrolled as (
  select p.incident_id, p.recipient, count(distinct e.enrolment) as enrolments
  from people as p
  join due as d on d.incident_id = p.incident_id and d.recipient = p.recipient
  left join roster as e on e.recipient = p.recipient and (d.course is null or d.course = lower(trim(e.course)))
    and e.enrolled_at_us between p.first_sent_us - 604800000000 and p.last_sent_us
  group by p.incident_id, p.recipient
), settled as (
  select p.*, least(p.sends, coalesce(e.enrolments, p.expected)) as due_sends
  from people as p
  left join enrolled as e on e.incident_id = p.incident_id and e.recipient = p.recipient
)
select incident_id, recipient, organization, cast(sends as bigint) as sends, cast(due_sends as bigint) as expected,
  cast(sends - due_sends as bigint) as excess, make_timestamp(first_sent_us) as first_sent_at,
  make_timestamp(last_sent_us) as last_sent_at
from settled
where sends > due_sends
