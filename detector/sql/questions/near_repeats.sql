-- The repeats that went out, or were repeated, in the quarters of an hour of an alarm, of its template or of those akin;
-- and all that people got whose own mail is alarmed. It is what bursts begin with, and what alarms are replayed from.
-- grain: send_id, content_key
-- reads: alarmed_people, alarmed_quarters, kins, repeats
with wanted as (
  select template_key, us from alarmed_quarters
  union
  select k.template_key, q.us from alarmed_quarters as q join kins as k on k.kin_key = q.template_key
)
select send_id, recipient, organization, content_key, template_key, copies_before, sent_at_us, known_at_us, next_lag_us, next_known_us
from repeats
where (template_key, sent_at_us - sent_at_us % 900000000) in (select template_key, us from wanted)
  or (template_key, sent_at_us + next_lag_us - (sent_at_us + next_lag_us) % 900000000)
    in (select template_key, us from wanted)
  or recipient in (select recipient from alarmed_people)
