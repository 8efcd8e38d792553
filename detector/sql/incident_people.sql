-- Who got how many copies in each incident. Of each mail, those from the one before the first extra copy to the last: what
-- of them is no extra copy was right, mostly that first one, unless it was an extra copy of an incident before. Of a mail that is due once for each enrolment, as many were
-- right as the roster has for this person, from a week before the first copy on.
-- grain: incident_id, recipient
-- reads: burst_repeats, due_contents, incident_bursts, roster
with extras as (
  select i.incident_id, r.recipient, r.content_key, r.copies_before, r.sent_at_us, r.lag_us, r.organization
  from incident_bursts as i
  join burst_repeats as r on r.template_key = i.template_key and r.burst_number = i.burst_number
), spans as (
  select incident_id, recipient, content_key, count(*) as excess, min(copies_before) as first_place,
    max(copies_before) as last_place, min(sent_at_us - lag_us) as before_us, min(sent_at_us) as first_extra_us,
    max(sent_at_us) as last_sent_us, min(organization) as organization
  from extras
  group by incident_id, recipient, content_key
), mails as (
  select s.incident_id, s.recipient, s.content_key, s.organization, s.excess, s.last_sent_us,
    s.last_place - s.first_place + case when x.incident_id is null then 2 else 1 end as sends,
    case when x.incident_id is null then s.before_us else s.first_extra_us end as first_sent_us
  from spans as s
  left join extras as x
    on x.recipient = s.recipient and x.content_key = s.content_key and x.copies_before = s.first_place - 1
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
