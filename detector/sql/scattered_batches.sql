-- How many separate times there were at which, of the mail of a template that came again in one quarter of an hour after
-- more than a day, the earlier copies had gone out: a digest's copies went out together, those of a replay did not.
-- grain: template_key, window_start_us
-- reads: binned_repeats
select template_key, repeated_at_us - repeated_at_us % 900000000 as window_start_us,
  count(distinct sent_at_us - sent_at_us % 900000000) as repeated
from binned_repeats
where lag_bin >= 9
group by template_key, repeated_at_us - repeated_at_us % 900000000
