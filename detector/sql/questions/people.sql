-- The people of one incident, each with the first copy beyond those that were due.
-- grain: recipient
-- reads: affected, incident_repeats
with repeated as (
  select recipient, sent_at_us, row_number() over (partition by recipient order by sent_at_us, send_id) as place,
    count(*) over (partition by recipient) as repeats
  from incident_repeats
  where incident_id = $incident_id
), first_extras as (
  select r.recipient, min(r.sent_at_us) as first_extra_us
  from repeated as r
  join affected as a on a.incident_id = $incident_id and a.recipient = r.recipient
  where r.place > r.repeats - a.excess
  group by r.recipient
)
select a.incident_id, a.recipient, a.organization, a.sends, a.expected, a.excess, a.first_sent_at, a.last_sent_at,
  make_timestamp(e.first_extra_us) as first_extra_at
from affected as a
left join first_extras as e on e.recipient = a.recipient
where a.incident_id = $incident_id
order by a.organization nulls last, a.sends desc, a.recipient
