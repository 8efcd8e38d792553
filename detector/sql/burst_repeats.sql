-- All extra copies of each burst: every repeat of its template to its people from an hour before its first alarmed
-- repeat to an hour after its last, whatever its lag, so that the figures are whole.
-- grain: template_key, burst_number, send_id
-- reads: burst_seeds, repeats
with spans as (
  select template_key, burst_number, min(repeated_at_us) as first_us, max(repeated_at_us) as last_us
  from burst_seeds
  group by template_key, burst_number
), people as (
  select distinct template_key, burst_number, recipient from burst_seeds
), candidates as (
  select s.template_key, s.burst_number, r.send_id, r.sent_at_us, r.recipient, r.organization, r.content_key, r.sender,
    r.rung, r.copies_before, r.lag_us,
    row_number() over (partition by r.send_id order by s.first_us, s.burst_number) as place
  from spans as s
  join people as p on p.template_key = s.template_key and p.burst_number = s.burst_number
  join repeats as r on r.template_key = p.template_key and r.recipient = p.recipient
  where r.copies_before > 0 and r.sent_at_us between s.first_us - 3600000000 and s.last_us + 3600000000
)
select template_key, burst_number, send_id, sent_at_us, recipient, organization, content_key, sender, rung,
  copies_before, lag_us
from candidates
where place = 1
