-- What happened to the clients of one incident before, as far as the log still supports it.
-- grain: incident_id, organization
-- reads: affected, incidents
select i.incident_id, a.organization, i.started_at, count(*) as recipients, cast(sum(a.excess) as bigint) as excess
from incidents as i
join affected as a on a.incident_id = i.incident_id
where i.state <> 'withdrawn' and i.incident_id <> $incident_id and i.started_at < $started_at
  and a.organization in (select organization from affected where incident_id = $incident_id)
group by i.incident_id, a.organization, i.started_at
order by i.started_at desc, i.incident_id, a.organization
