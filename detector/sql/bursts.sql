-- Each burst as a whole. Slow ones, with lags of many hours, have odd numbers (see burst_seeds).
-- `first_domain` and `last_domain`, by name, are of all who were ever sent the template.
-- grain: template_key, burst_number
-- reads: burst_repeats, kins, repeats
with spans as (
  select template_key, burst_number, burst_number % 2 = 1 as is_slow, min(rung) as rung, min(sender) as sender,
    percentile_cont(0.5) within group (order by lag_us) / 1000000 as median_gap_seconds, min(sent_at_us) as started_at_us,
    max(sent_at_us) as ended_at_us, count(distinct recipient) as recipients, count(*) as excess
  from burst_repeats
  group by template_key, burst_number
), audiences as (
  select template_key, min(split_part(recipient, '@', 2)) as first_domain, max(split_part(recipient, '@', 2)) as last_domain
  from repeats
  where template_key in (select template_key from spans)
  group by template_key
)
select s.template_key, s.burst_number, s.is_slow, s.rung, s.sender, s.median_gap_seconds, s.started_at_us, s.ended_at_us,
  k.kin_key, a.first_domain, a.last_domain, s.recipients, s.excess
from spans as s
left join audiences as a on a.template_key = s.template_key
left join kins as k on k.template_key = s.template_key
