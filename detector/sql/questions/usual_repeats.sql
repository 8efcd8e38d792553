-- The sends of each incident's templates on ordinary days, when nothing of the template belongs to an incident, and how
-- many of them were repeats. Of all incidents at once: many are of one template, whose mail is then counted once.
-- grain: incident_id
-- reads: incident_repeats, repeats
with hit as (
  select distinct template_key, sent_at_us // 86400000000 as day from incident_repeats
), mine as (
  select distinct incident_id, template_key from incident_repeats
), usual as (
  select r.template_key, count(*) as sends, sum(case when r.copies_before > 0 then 1 else 0 end) as repeats
  from repeats as r
  left join hit as h on h.template_key = r.template_key and h.day = r.sent_at_us // 86400000000
  where h.day is null and r.template_key in (select template_key from mine)
  group by r.template_key
)
select m.incident_id, cast(sum(u.sends) as bigint) as sends, cast(sum(u.repeats) as bigint) as repeats
from mine as m
join usual as u on u.template_key = m.template_key
group by m.incident_id
