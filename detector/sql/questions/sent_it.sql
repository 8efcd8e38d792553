-- How many people were sent the mail of each batch by which an incident is told, in its window or the day before. Of all at
-- once: the days are joined first, and the log is read once.
-- grain: incident_id
-- reads: repeats, told_batches
with days as (
  select *, unnest(range(from_us // 86400000000, until_us // 86400000000 + 1)) as day from told_batches
)
select d.incident_id, count(distinct r.recipient) as people
from days as d
join repeats as r on r.template_key = d.template_key and r.sent_at_us // 86400000000 = d.day
  and r.sent_at_us >= d.from_us and r.sent_at_us < d.until_us
where d.organization is null or r.organization = d.organization
group by d.incident_id
