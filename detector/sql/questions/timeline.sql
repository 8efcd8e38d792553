-- The first copies of the templates of one incident, and its own extra copies, per bucket of time.
-- grain: bucket
-- reads: incident_mail, incident_repeats, template_minutes
with mine as (
  select distinct send_id, template_key from incident_repeats where incident_id = $incident_id
), counted as (
  select minute_us as at_us, firsts, 0 as extras
  from template_minutes
  where template_key in (select template_key from mine)
  union all
  select sent_at_us, 0, 1
  from incident_mail
  where send_id in (select send_id from mine) and template_key in (select template_key from mine)
)
select (at_us - $from_us) // $bucket_us as bucket, cast(sum(firsts) as bigint) as firsts, cast(sum(extras) as bigint) as extras
from counted
where at_us >= $from_us and at_us < $until_us
group by (at_us - $from_us) // $bucket_us
