-- What else went to the clients of one incident after its last copy to them, as far as the log still supports it.
-- grain: incident_id, organization
-- reads: affected, incidents
with ends as (
  select organization, max(last_sent_at) as ended_at
  from affected
  where incident_id = $incident_id and organization is not null
  group by organization
)
select i.incident_id, a.organization, i.started_at, count(*) as recipients, cast(sum(a.excess) as bigint) as excess
from ends as e
join affected as a on a.organization = e.organization
join incidents as i on i.incident_id = a.incident_id
where i.state <> 'withdrawn' and i.incident_id <> $incident_id and a.excess > 0
group by i.incident_id, a.organization, i.started_at, e.ended_at
having max(a.last_sent_at) > e.ended_at
order by i.started_at desc, i.incident_id, a.organization
