-- Quarters of an hour in which five people or more were sent what they had got together before, ten minutes to weeks
-- earlier, but not whole days (nor an hour more or less: the clock was changed).
-- grain: template_key, window_us
-- reads: repeats
with dated as (
  select template_key, content_key, sent_at_us - sent_at_us % 900000000 as window_us,
    sent_at_us - lag_us - (sent_at_us - lag_us) % 900000000 as earlier_us,
    (lag_us + 43200000000) % 86400000000 - 43200000000 as off_us
  from repeats
  where grain = 'mail' and lag_us >= 600000000
), repeated_together as (
  select template_key, window_us, abs(avg(off_us)) as off_us
  from dated
  group by template_key, content_key, window_us, earlier_us
  having count(*) >= 5
)
select distinct template_key, window_us
from repeated_together
where off_us > 1200000000 and abs(off_us - 3600000000) > 600000000
