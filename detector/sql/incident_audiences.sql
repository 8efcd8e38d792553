-- Everybody who was sent the templates of an incident while it went on, ten minutes more on either side, hit or spared.
-- `is_early` if that was while the rightful copies went out. Extra copies of the incident itself do not count.
-- grain: incident_id, recipient, content_key
-- reads: incident_copies, repeats
with spans as (
  select incident_id, template_key, min(sent_at_us) - 600000000 as from_us, max(sent_at_us) + 600000000 as until_us,
    max(case when is_extra = 0 then sent_at_us end) + 600000000 as early_until_us
  from incident_copies
  group by incident_id, template_key
), clients as (
  select distinct incident_id, organization
  from incident_copies
), hit as (
  select distinct incident_id, recipient, content_key
  from incident_copies
)
select s.incident_id, r.recipient, r.content_key, min(r.sent_at_us) as first_us,
  max(case when r.sent_at_us <= s.early_until_us then 1 else 0 end) as is_early,
  max(case when h.incident_id is null then 0 else 1 end) as is_hit,
  max(case when c.incident_id is null then 0 else 1 end) as is_of_client
from spans as s
join repeats as r on r.template_key = s.template_key and r.sent_at_us >= s.from_us and r.sent_at_us <= s.until_us
left join incident_copies as i on i.incident_id = s.incident_id and i.send_id = r.send_id and i.is_extra = 1
left join hit as h on h.incident_id = s.incident_id and h.recipient = r.recipient and h.content_key = r.content_key
left join clients as c on c.incident_id = s.incident_id and c.organization is not distinct from r.organization
where i.send_id is null
group by s.incident_id, r.recipient, r.content_key
