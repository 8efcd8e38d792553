-- Batches for what is slow. Cut into weeks by the time of the earlier copy: `repeated` are people who got the same again
-- at that lag at least twice in the week, as a slow drip does to the same people. Cut by the time of the later copy, into
-- days, and (in scope 'all' only) into quarters of an hour: of the people who were sent something then, those who had had
-- it for more than a day. The row with lag_bin 0 stands for the batch itself; lag_bin 13 for all lags of more than a day,
-- 14 for the separate times at which it had gone out (see scattered_batches).
-- grain: template_key, cut_by, scope, organization, window_us, window_start_us, lag_bin
-- reads: scattered_batches, slow_batch_repeats, slow_batch_sizes
with by_organization as (
  select template_key, cut_by, organization, window_us, window_start_us, 0 as lag_bin, exposed, 0 as repeated from slow_batch_sizes
  union all
  select r.template_key, r.cut_by, r.organization, s.window_us, r.window_start_us, r.lag_bin, s.exposed, r.repeated
  from slow_batch_repeats as r
  join slow_batch_sizes as s on s.template_key = r.template_key and s.organization is not distinct from r.organization
    and s.cut_by = r.cut_by and s.window_us = r.window_us and s.window_start_us = r.window_start_us
), everybody as (
  select template_key, cut_by, window_us, window_start_us, cast(sum(exposed) as bigint) as exposed
  from slow_batch_sizes
  group by template_key, cut_by, window_us, window_start_us
), everybody_repeated as (
  select template_key, cut_by, window_us, window_start_us, lag_bin, cast(sum(repeated) as bigint) as repeated
  from slow_batch_repeats
  group by template_key, cut_by, window_us, window_start_us, lag_bin
)
select template_key, cut_by, 'organization' as scope, organization, window_us, window_start_us, lag_bin, exposed, repeated
from by_organization
where substr(template_key, 1, 2) <> 'k:' and window_us > 900000000
union all
select template_key, cut_by, 'all', null, window_us, window_start_us, 0, exposed, 0 from everybody
union all
select r.template_key, r.cut_by, 'all', null, e.window_us, r.window_start_us, r.lag_bin, e.exposed, r.repeated
from everybody_repeated as r
join everybody as e on e.template_key = r.template_key and e.cut_by = r.cut_by and e.window_us = r.window_us
  and e.window_start_us = r.window_start_us
union all
select s.template_key, e.cut_by, 'all', null, e.window_us, s.window_start_us, 14, e.exposed, s.repeated
from scattered_batches as s
join everybody as e on e.template_key = s.template_key and e.window_start_us = s.window_start_us
  and e.cut_by = 'later' and e.window_us = 900000000
