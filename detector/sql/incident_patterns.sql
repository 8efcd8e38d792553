-- What an incident looks like, which a verdict (`incidents dismiss`) is about: a later incident with the same templates
-- is muted as long as it stays under three times these figures (see detector/verdicts.py). `share` is of those who were
-- sent the mail while it went on.
-- grain: incident_id
-- reads: incident_audiences, incident_people, incident_shapes
with people as (
  select incident_id, count(*) as recipients, max(excess) as extra_max,
    percentile_cont(0.5) within group (order by excess) as extra_median
  from incident_people
  group by incident_id
), audiences as (
  select incident_id, count(distinct recipient) as people_written_to,
    count(distinct case when is_hit = 1 then recipient end) as people_hit
  from incident_audiences
  group by incident_id
)
select p.incident_id, cast(p.recipients as bigint) as recipients, p.extra_median,
  cast(p.extra_max as bigint) as extra_max, s.median_gap_seconds as gap_seconds,
  round(cast(a.people_hit as double) / a.people_written_to, 4) as share
from people as p
join incident_shapes as s on s.incident_id = p.incident_id
left join audiences as a on a.incident_id = p.incident_id
