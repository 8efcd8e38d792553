-- All batches as the detector looks at them, those that are alike in everything that it sees once: `scale` says whose
-- batch of which window it is, `alike` how many batches stand behind the row.
-- grain: template_key, scale, is_again, lag_bin, day, exposed, repeated
-- reads: batch_scales, batches, slow_batches
with cut as (
  select template_key, 'earlier' as cut_by, scope, window_us, window_start_us, is_again, lag_bin, exposed, repeated
  from batches
  union all
  select template_key, cut_by, scope, window_us, window_start_us, false, lag_bin, exposed, repeated from slow_batches
), scaled as (
  select c.template_key, s.scale, c.is_again, c.lag_bin,
    (c.window_start_us - c.window_start_us % 86400000000) / 86400000000 as day, c.exposed, c.repeated
  from cut as c
  join batch_scales as s on s.cut_by = c.cut_by and s.scope = c.scope and s.window_us = c.window_us
)
select template_key, scale, is_again, lag_bin, cast(day as bigint) as day, exposed, repeated,
  count(*) as alike
from scaled
group by template_key, scale, is_again, lag_bin, day, exposed, repeated
