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
), others as (
  select count(*) as sends from sent where is_mine is null
)
select b.lag_bin, count(case when s.is_mine = 1 then 1 end) as repeats,
  count(case when s.lag_us is not null and s.is_mine is null then 1 end) as usual_repeats, min(o.sends) as usual_sends
from lag_bins as b
cross join others as o
left join sent as s on s.lag_us >= b.from_us and s.lag_us < b.until_us
group by b.lag_bin
