-- The repeats that went out, or were repeated, in the quarters of an hour of an alarm, to the client whose alarm it is, of
-- its template or of those akin; and all that people got whose own mail is alarmed. It is what bursts begin with, and what
-- alarms are replayed from.
-- grain: send_id, content_key
-- reads: alarmed_people, alarmed_quarters, kins, repeats
with quarters as (
  select template_key, us, scope, cast(organization as varchar) as organization from alarmed_quarters
), wanted as (
  select * from quarters
  union
  select k.template_key, q.us, q.scope, q.organization from quarters as q join kins as k on k.kin_key = q.template_key
), narrow as (
  select send_id, recipient, organization, content_key, template_key, copies_before, sent_at_us, known_at_us, next_lag_us,
    next_known_us, sent_at_us - sent_at_us % 900000000 as us,
    sent_at_us + next_lag_us - (sent_at_us + next_lag_us) % 900000000 as next_us
  from repeats
), near as (  -- one scan each, for a join by one of several keys is a dear one
  select n.* from narrow as n
  semi join (select * from wanted where scope <> 'all') as w
    on w.template_key = n.template_key and w.us = n.us and w.organization is not distinct from n.organization
  union
  select n.* from narrow as n
  semi join (select * from wanted where scope <> 'all') as w
    on w.template_key = n.template_key and w.us = n.next_us and w.organization is not distinct from n.organization
  union
  select n.* from narrow as n
  semi join (select * from wanted where scope = 'all') as w on w.template_key = n.template_key and w.us = n.us
  union
  select n.* from narrow as n
  semi join (select * from wanted where scope = 'all') as w on w.template_key = n.template_key and w.us = n.next_us
  union
  select n.* from narrow as n semi join alarmed_people as p on p.recipient = n.recipient
)
select * exclude (us, next_us) from near
