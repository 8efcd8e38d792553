-- The repeats that went out, or were repeated, in the quarters of an hour of an alarm, of its template or of those akin;
-- and all that people got whose own mail is alarmed. It is what alarms are replayed from.
-- grain: send_id, content_key
-- reads: alarmed_people, alarmed_quarters, kins, repeats
with wanted as (
  select template_key, us from alarmed_quarters
  union
  select k.template_key, q.us from alarmed_quarters as q join kins as k on k.kin_key = q.template_key
)
select r.* from repeats as r
join wanted as w on w.template_key = r.template_key and w.us = r.sent_at_us - r.sent_at_us % 900000000
union
select r.* from repeats as r
join wanted as w on w.template_key = r.template_key
  and w.us = r.sent_at_us + r.next_lag_us - (r.sent_at_us + r.next_lag_us) % 900000000
union
select r.* from repeats as r
join alarmed_people as p on p.recipient = r.recipient
