-- What an incident looks like, which a verdict (`incidents dismiss`) is about: a later incident with the same templates
-- is muted as long as it stays under three times these figures (see detector/verdicts.py).
-- grain: incident_id
-- reads: incident_people, incident_shapes
with people as (
  select incident_id, count(*) as recipients, max(excess) as extra_max,
    percentile_cont(0.5) within group (order by excess) as extra_median
  from incident_people
  group by incident_id
)
select p.incident_id, cast(p.recipients as bigint) as recipients, p.extra_median,
  cast(p.extra_max as bigint) as extra_max, s.median_gap_seconds as gap_seconds,
  case when s.people_written_to > 0 then least(1.0, p.recipients * 1.0 / s.people_written_to) end as share
from people as p
join incident_shapes as s on s.incident_id = p.incident_id
