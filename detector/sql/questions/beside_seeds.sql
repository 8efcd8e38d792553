-- The repeats of the templates of bursts, and of those that are akin to them, that came again while the burst went on, or
-- a quarter of an hour before or after.
-- grain: send_id, content_key
-- reads: burst_seeds, kins, repeats
with spans as (
  select template_key, min(repeated_at_us) - 900000000 as from_us, max(repeated_at_us) + 900000000 as until_us
  from burst_seeds
  group by template_key, burst_number
), wanted as (
  select template_key, from_us, until_us from spans
  union all
  select k.template_key, s.from_us, s.until_us from spans as s join kins as k on k.kin_key = s.template_key
)
select distinct r.*
from repeats as r
join wanted as w on w.template_key = r.template_key and r.sent_at_us + r.next_lag_us between w.from_us and w.until_us
