-- How often each template is sent again after each lag on ordinary days: what belongs to incidents is left out.
-- grain: template_key, lag_bin
-- reads: incident_repeats, lag_bins, repeats
with known as (
  select distinct send_id from incident_repeats
), sent as (
  select r.template_key, r.lag_us
  from repeats as r
  left join known as k on k.send_id = r.send_id
  where r.grain = 'mail' and k.send_id is null
), templates as (
  select template_key, count(*) as sends from sent group by template_key
)
select t.template_key, b.lag_bin, b.from_us / 1000000.0 as from_seconds, b.until_us / 1000000.0 as until_seconds,
  t.sends, count(s.lag_us) as repeats, 1000.0 * count(s.lag_us) / t.sends as per_1000
from templates as t
cross join lag_bins as b
left join sent as s on s.template_key = t.template_key and s.lag_us >= b.from_us and s.lag_us < b.until_us
group by t.template_key, b.lag_bin, b.from_us, b.until_us, t.sends
