-- Who was sent something together, and how many of them got the same again. A batch is what one organization (or, in
-- scope 'all', everybody) was sent of one template in one window, cut by the time of the earlier copy: 15 minutes for
-- what goes out together, a day for what trickles. `exposed` counts people (first copies: person and content) who
-- could get it again; the row with lag_bin 0 stands for the batch itself, the others for its repeats in one lag bin, 12
-- for all within the hour and 15 for all within a minute. A kin of templates has batches of its own.
-- grain: template_key, scope, organization, window_us, window_start_us, is_again, lag_bin
-- reads: batch_repeats, batch_sizes
with by_organization as (
  select template_key, organization, window_us, window_start_us, is_again, 0 as lag_bin, exposed, 0 as repeated from batch_sizes
  union all
  select r.template_key, r.organization, r.window_us, r.window_start_us, r.is_again, r.lag_bin, s.exposed, r.repeated
  from batch_repeats as r
  join batch_sizes as s on s.template_key = r.template_key and s.organization is not distinct from r.organization
    and s.window_us = r.window_us and s.window_start_us = r.window_start_us and s.is_again = r.is_again
), everybody as (
  select template_key, window_us, window_start_us, is_again, cast(sum(exposed) as bigint) as exposed
  from batch_sizes
  group by template_key, window_us, window_start_us, is_again
), everybody_repeated as (
  select template_key, window_us, window_start_us, is_again, lag_bin, cast(sum(repeated) as bigint) as repeated
  from batch_repeats
  group by template_key, window_us, window_start_us, is_again, lag_bin
)
select template_key, 'organization' as scope, organization, window_us, window_start_us, is_again, lag_bin, exposed, repeated
from by_organization
where substr(template_key, 1, 2) <> 'k:'
union all
select template_key, 'all', null, window_us, window_start_us, is_again, 0, exposed, 0 from everybody
union all
select r.template_key, 'all', null, r.window_us, r.window_start_us, r.is_again, r.lag_bin, e.exposed, r.repeated
from everybody_repeated as r
join everybody as e on e.template_key = r.template_key and e.window_us = r.window_us
  and e.window_start_us = r.window_start_us and e.is_again = r.is_again
