-- All batches as the detector looks at them, those that are alike in everything that it sees once: `scale` says whose
-- batch of which window it is (see `SCALES` in batch_rows.py), `alike` how many batches stand behind the row.
-- grain: template_key, scale, is_again, lag_bin, day, exposed, repeated
-- reads: batches, slow_batches
with scaled as (
  select template_key,
    case when scope = 'organization' then 0 else 2 end + case when window_us = 900000000 then 0 else 1 end
    as scale, is_again, lag_bin, (window_start_us - window_start_us % 86400000000) / 86400000000 as day, exposed, repeated
  from batches
  union all
  select template_key, case when cut_by = 'earlier' then 5 when window_us = 900000000 then 8 else 7 end
    + case when scope = 'organization' then 0 else 1 end, false, lag_bin,
    (window_start_us - window_start_us % 86400000000) / 86400000000, exposed, repeated
  from slow_batches
)
select template_key, scale, is_again, lag_bin, cast(day as bigint) as day, cast(exposed as bigint) as exposed,
  cast(repeated as bigint) as repeated, count(*) as alike
from scaled
group by template_key, scale, is_again, lag_bin, day, exposed, repeated
