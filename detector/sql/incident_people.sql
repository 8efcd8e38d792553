-- Who got how many copies in each incident. Of each mail, those from the one before the first extra copy to the last: what
-- of them is no extra copy was right, mostly that first one. Of a mail that is due once for each enrolment, as many were
-- right as the roster has for this person, from a week before the first copy on.
-- grain: incident_id, recipient
-- reads: burst_repeats, due_contents, incident_bursts, roster
with mails as (
  select i.incident_id, r.recipient, r.content_key, count(*) as excess,
    max(r.copies_before) - min(r.copies_before) + 2 as sends, min(r.sent_at_us - r.lag_us) as first_sent_us,
    max(r.sent_at_us) as last_sent_us, min(r.organization) as organization
  from incident_bursts as i
  join burst_repeats as r on r.template_key = i.template_key and r.burst_number = i.burst_number
  group by i.incident_id, r.recipient, r.content_key
), people as (
  select incident_id, recipient, min(organization) as organization, sum(sends) as sends, sum(sends - excess) as expected,
    min(first_sent_us) as first_sent_us, max(last_sent_us) as last_sent_us
  from mails
  group by incident_id, recipient
), due as (
  select distinct m.incident_id, m.recipient, d.course
  from mails as m
  join due_contents as d on d.content_key = m.content_key
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
