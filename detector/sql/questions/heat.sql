-- Who was sent copies of one incident when: each person's place by the first extra copy, and copies per bucket of time.
-- grain: place, bucket
-- reads: incident_copies
with mine as (
  select recipient, sent_at_us, is_extra from incident_copies where incident_id = $incident_id
), people as (
  select recipient, row_number() over (order by min(case when is_extra = 1 then sent_at_us end), recipient) - 1 as place
  from mine
  group by recipient
)
select p.place, min(p.recipient) as recipient, (m.sent_at_us - $from_us) // $bucket_us as bucket, count(*) as copies
from mine as m
join people as p on p.recipient = m.recipient
where m.sent_at_us >= $from_us
group by p.place, (m.sent_at_us - $from_us) // $bucket_us
order by p.place, bucket
