-- All extra copies of each burst, so that the figures are whole: whatever its lag, a repeat of the template to one of
-- the burst's people belongs to it if it lies within an hour of the alarmed span, or hangs on to it by gaps of at most
-- an hour between one repeat and the next.
-- grain: template_key, burst_number, send_id
-- reads: burst_seeds, repeats
with spans as (
  select template_key, burst_number, min(repeated_at_us) as first_us, max(repeated_at_us) as last_us
  from burst_seeds
  group by template_key, burst_number
), people as (
  select distinct template_key, burst_number, recipient from burst_seeds
), candidates as (
  select p.template_key, p.burst_number, r.send_id, r.sent_at_us, r.recipient, r.organization, r.content_key, r.sender,
    r.rung, r.copies_before, r.lag_us,
    r.sent_at_us - lag(r.sent_at_us) over (
      partition by p.template_key, p.burst_number order by r.sent_at_us, r.send_id
    ) as since_last_us
  from people as p
  join repeats as r on r.template_key = p.template_key and r.recipient = p.recipient
  where r.copies_before > 0
), chained as (
  select *, sum(case when since_last_us <= 3600000000 then 0 else 1 end) over (
      partition by template_key, burst_number order by sent_at_us, send_id
      rows between unbounded preceding and current row
    ) as chain
  from candidates
), touching as (
  select distinct c.template_key, c.burst_number, c.chain
  from chained as c
  join spans as s on s.template_key = c.template_key and s.burst_number = c.burst_number
  where c.sent_at_us between s.first_us - 3600000000 and s.last_us + 3600000000
), claimed as (
  select c.*, row_number() over (partition by c.send_id order by c.burst_number) as place
  from chained as c
  join touching as t on t.template_key = c.template_key and t.burst_number = c.burst_number and t.chain = c.chain
)
select template_key, burst_number, send_id, sent_at_us, recipient, organization, content_key, sender, rung,
  copies_before, lag_us
from claimed
where place = 1
