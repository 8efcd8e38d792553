-- How many of the people whom `batch_sizes` counts got the same again in each lag bin; 12 is all within the hour, 15
-- all within a minute.
-- grain: template_key, organization, window_us, window_start_us, is_again, lag_bin
-- reads: binned_repeats
with windows as (
  select 900000000 as window_us union all select 86400000000
), binned as (
  select template_key, organization, recipient, sent_at_us, is_again, lag_bin from binned_repeats
  union all
  select template_key, organization, recipient, sent_at_us, is_again, 12 from binned_repeats where lag_bin <= 5
  union all
  select template_key, organization, recipient, sent_at_us, is_again, 15 from binned_repeats where lag_bin <= 3
), people as (
  select distinct b.template_key, b.organization, w.window_us, b.sent_at_us - b.sent_at_us % w.window_us as window_start_us,
    b.is_again, b.lag_bin, b.recipient
  from binned as b cross join windows as w
)
select template_key, organization, window_us, window_start_us, is_again, lag_bin, count(*) as repeated
from people
group by template_key, organization, window_us, window_start_us, is_again, lag_bin
