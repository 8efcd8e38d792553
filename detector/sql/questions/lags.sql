-- After which lags the templates of one incident were sent again: in the incident, and in what of them is in none.
-- grain: lag_bin
-- reads: incident_repeats, lag_bins, repeats
with mine as (
  select distinct template_key from incident_repeats where incident_id = $incident_id
), known as (
  select send_id, max(case when incident_id = $incident_id then 1 else 0 end) as is_mine
  from incident_repeats
  group by send_id
), sent as (
  select r.lag_us, k.is_mine
  from repeats as r
  join mine as m on m.template_key = r.template_key
  left join known as k on k.send_id = r.send_id
), counted as (  -- in steps of two seconds, at which all bins begin: a join by ranges sorts what it is given
  select lag_us - lag_us % 2000000 as lag_us, is_mine, count(*) as sends
  from sent
  group by lag_us - lag_us % 2000000, is_mine
), others as (
  select cast(coalesce(sum(sends), 0) as bigint) as sends from counted where is_mine is null
)
select b.lag_bin, cast(coalesce(sum(case when c.is_mine = 1 then c.sends end), 0) as bigint) as repeats,
  cast(coalesce(sum(case when c.is_mine is null then c.sends end), 0) as bigint) as usual_repeats,
  min(o.sends) as usual_sends
from lag_bins as b
cross join others as o
left join counted as c on c.lag_us >= b.from_us and c.lag_us < b.until_us
group by b.lag_bin
