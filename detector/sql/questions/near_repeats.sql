-- The repeats that went out, or were repeated, in the quarters of an hour of an alarm, to the client whose alarm it is, of
-- its template or of those akin; and all that people got whose own mail is alarmed. It is what bursts begin with, and what
-- alarms are replayed from. A scan each, by a column alone: so it skips what it need not unpack.
-- grain: send_id, content_key
-- reads: alarmed_people, alarmed_quarters, kins, repeats
with quarters as (
  select template_key, us, cast(organization as varchar) as organization from alarmed_quarters
), wanted as (
  select * from quarters
  union
  select k.template_key, q.us, q.organization from quarters as q join kins as k on k.kin_key = q.template_key
), of_clients as (
  select send_id, recipient, organization, content_key, template_key, copies_before, sent_at_us, known_at_us, next_lag_us, next_known_us
  from repeats
  where organization in (select organization from wanted)
), of_all as (
  select send_id, recipient, organization, content_key, template_key, copies_before, sent_at_us, known_at_us, next_lag_us, next_known_us
  from repeats
  where template_key in (select template_key from wanted where organization is null)
), of_people as (
  select send_id, recipient, organization, content_key, template_key, copies_before, sent_at_us, known_at_us, next_lag_us, next_known_us
  from repeats
  where recipient in (select recipient from alarmed_people)
)
select r.* from of_clients as r
semi join wanted as w on w.organization = r.organization and w.template_key = r.template_key
  and w.us = r.sent_at_us - r.sent_at_us % 900000000
union
select r.* from of_clients as r
semi join wanted as w on w.organization = r.organization and w.template_key = r.template_key
  and w.us = r.sent_at_us + r.next_lag_us - (r.sent_at_us + r.next_lag_us) % 900000000
union
select r.* from of_all as r
semi join wanted as w on w.organization is null and w.template_key = r.template_key
  and w.us = r.sent_at_us - r.sent_at_us % 900000000
union
select r.* from of_all as r
semi join wanted as w on w.organization is null and w.template_key = r.template_key
  and w.us = r.sent_at_us + r.next_lag_us - (r.sent_at_us + r.next_lag_us) % 900000000
union
select * from of_people
