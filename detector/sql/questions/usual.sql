-- What each time of day had at most, of the templates of one incident, on the days before: first copies, and repeats
-- that belong to no incident. `slots` is how many buckets a day has; `days` counts those on which anything was sent.
-- grain: slot
-- reads: incident_repeats, template_minutes
with counted as (
  select minute_us // $bucket_us as bucket, min(minute_us // 86400000000) as day, sum(firsts) as firsts, sum(extras) as extras
  from template_minutes
  where template_key in (select template_key from incident_repeats where incident_id = $incident_id)
    and minute_us >= $from_us and minute_us < $until_us
  group by minute_us // $bucket_us
)
select bucket % $slots as slot, cast(max(firsts) as bigint) as firsts, cast(max(extras) as bigint) as extras,
  (select count(distinct day) from counted) as days
from counted
group by bucket % $slots
