-- After which lags the templates of each incident were sent again: in the incident, and in what of them is in none. Of all
-- incidents at once: many are of one template, whose mail is then counted once.
-- grain: incident_id, lag_bin
-- reads: incident_mail, incident_repeats, lag_bins, repeats
with mine as (
  select distinct incident_id, template_key from incident_repeats
), known as (
  select distinct incident_id, send_id from incident_repeats
), templates as (  -- in steps of two seconds, at which all bins begin: a join by ranges sorts what it is given
  select r.template_key, r.lag_us - r.lag_us % 2000000 as lag_us, count(*) as sends
  from repeats as r
  where r.template_key in (select template_key from mine)
  group by r.template_key, r.lag_us - r.lag_us % 2000000
  union all
  select r.template_key, r.lag_us - r.lag_us % 2000000, -1
  from incident_mail as r
  where r.send_id in (select send_id from known)
), counted as (
  select k.incident_id, r.lag_us - r.lag_us % 2000000 as lag_us, 1 as is_mine, count(*) as sends
  from known as k
  join incident_mail as r on r.send_id = k.send_id
  join mine as m on m.incident_id = k.incident_id and m.template_key = r.template_key
  group by k.incident_id, r.lag_us - r.lag_us % 2000000
  union all
  select m.incident_id, t.lag_us, 0, sum(t.sends)
  from mine as m
  join templates as t on t.template_key = m.template_key
  group by m.incident_id, t.lag_us
), others as (
  select incident_id, sum(case when is_mine = 0 then sends else 0 end) as sends from counted group by incident_id
)
select o.incident_id, b.lag_bin,
  cast(coalesce(sum(case when c.is_mine = 1 then c.sends end), 0) as bigint) as repeats,
  cast(coalesce(sum(case when c.is_mine = 0 then c.sends end), 0) as bigint) as usual_repeats,
  cast(min(o.sends) as bigint) as usual_sends
from others as o
cross join lag_bins as b
left join counted as c on c.incident_id = o.incident_id and c.lag_us >= b.from_us and c.lag_us < b.until_us
group by o.incident_id, b.lag_bin
