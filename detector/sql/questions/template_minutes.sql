-- How much of the templates of incidents went out in each minute: first copies, and repeats that belong to no incident.
-- Many incidents are of one template, whose mail is then counted once.
-- grain: template_key, minute_us
-- reads: incident_mail, incident_repeats, repeats
with counted as (
  select template_key, sent_at_us - sent_at_us % 60000000 as minute_us,
    sum(case when copies_before = 0 then 1 else 0 end) as firsts, sum(case when copies_before > 0 then 1 else 0 end) as extras
  from repeats
  where template_key in (select template_key from incident_repeats)
  group by template_key, sent_at_us - sent_at_us % 60000000
  union all
  select template_key, sent_at_us - sent_at_us % 60000000, 0, -1
  from incident_mail
  where copies_before > 0 and send_id in (select send_id from incident_repeats)
)
select template_key, minute_us, cast(sum(firsts) as bigint) as firsts, cast(sum(extras) as bigint) as extras
from counted
where template_key in (select template_key from incident_repeats)
group by template_key, minute_us
