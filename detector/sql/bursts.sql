-- Each burst as a whole.
-- grain: template_key, burst_number
-- reads: burst_repeats
select template_key, burst_number, min(rung) as rung, min(sender) as sender, min(sent_at_us) as started_at_us,
  max(sent_at_us) as ended_at_us, count(distinct recipient) as recipients, count(*) as excess
from burst_repeats
group by template_key, burst_number
