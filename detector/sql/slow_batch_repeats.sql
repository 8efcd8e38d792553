-- How many of the people whom `slow_batch_sizes` counts got the same again: at least twice in the week of the earlier copy,
-- or in the day or quarter of an hour of the later one, if they had had it for more than a day.
-- grain: template_key, organization, cut_by, window_us, window_start_us, lag_bin
-- reads: binned_repeats
with later_windows as (
  select 900000000 as window_us union all select 86400000000
), binned as (
  select template_key, organization, recipient, repeated_at_us, lag_bin from binned_repeats where lag_bin >= 9
  union all
  select template_key, organization, recipient, repeated_at_us, 13 from binned_repeats where lag_bin >= 9
), twice as (
  select template_key, organization, recipient, sent_at_us - sent_at_us % 604800000000 as window_start_us, lag_bin
  from binned_repeats
  where lag_bin between 6 and 9
  group by template_key, organization, recipient, sent_at_us - sent_at_us % 604800000000, lag_bin
  having count(*) > 1
), people as (
  select distinct b.template_key, b.organization, w.window_us,
    b.repeated_at_us - b.repeated_at_us % w.window_us as window_start_us, b.lag_bin, b.recipient
  from binned as b cross join later_windows as w
)
select template_key, organization, 'earlier' as cut_by, 604800000000 as window_us, window_start_us, lag_bin,
  count(*) as repeated
from twice
group by template_key, organization, window_start_us, lag_bin
union all
select template_key, organization, 'later', window_us, window_start_us, lag_bin, count(*)
from people
group by template_key, organization, window_us, window_start_us, lag_bin
