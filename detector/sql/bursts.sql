-- Each burst as a whole. Slow ones, with lags of many hours, have odd numbers (see burst_seeds).
-- grain: template_key, burst_number
-- reads: burst_repeats
select template_key, burst_number, burst_number % 2 = 1 as is_slow, min(rung) as rung, min(sender) as sender,
  percentile_cont(0.5) within group (order by lag_us) / 1000000 as median_gap_seconds, min(sent_at_us) as started_at_us,
  max(sent_at_us) as ended_at_us, count(distinct recipient) as recipients, count(*) as excess
from burst_repeats
group by template_key, burst_number
