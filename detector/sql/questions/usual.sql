-- What each time of day had at most, of the templates of one incident, on the days before: first copies, and repeats
-- that belong to no incident. `slots` is how many buckets a day has; `days` counts those on which anything was sent.
-- grain: slot
-- reads: incident_repeats, repeats
with mine as (
  select distinct template_key from incident_repeats where incident_id = $incident_id
), known as (
  select distinct send_id from incident_repeats
), counted as (
  select r.sent_at_us // $bucket_us as bucket, min(r.sent_at_us // 86400000000) as day,
    sum(case when r.copies_before = 0 then 1 else 0 end) as firsts,
    sum(case when r.copies_before > 0 and k.send_id is null then 1 else 0 end) as extras
  from repeats as r
  join mine as m on m.template_key = r.template_key
  left join known as k on k.send_id = r.send_id
  where r.sent_at_us >= $from_us and r.sent_at_us < $until_us
  group by r.sent_at_us // $bucket_us
)
select bucket % $slots as slot, cast(max(firsts) as bigint) as firsts, cast(max(extras) as bigint) as extras,
  (select count(distinct day) from counted) as days
from counted
group by bucket % $slots
