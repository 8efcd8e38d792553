-- Whose mail came again after pauses that grow by one factor, as a queue tries a job that fails, five copies or more within
-- two days: seven copies to one person, or as many as five at one factor to three within a day. Nobody asks so, and no
-- forum posts so. `alike_at_us`: when the log told of the fifth copy to the third of them, or of the one person's seventh.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, repeats, template_numbers
with episodes as (
  select e.*
  from recipient_episodes as e
  join template_numbers as t on t.template_key = e.template_key and t.kind not in (1, 2)
  where e.copies between 5 and 25 and e.ended_us - e.started_us between 20000000 and 172800000000 and not e.is_even
), copies as (
  select e.recipient, e.content_key, e.started_us, r.known_at_us, r.lag_us,
    row_number() over (partition by e.recipient, e.content_key, e.started_us order by r.copies_before) as place,
    lag(r.lag_us) over (partition by e.recipient, e.content_key, e.started_us order by r.copies_before) as pause_before_us
  from episodes as e
  join repeats as r on r.recipient = e.recipient and r.content_key = e.content_key and r.sent_at_us >= e.started_us
    and r.sent_at_us <= e.ended_us
), measured as (
  select recipient, content_key, started_us, max(case when place = 5 then known_at_us end) as fifth_us,
    max(case when place = 7 then known_at_us end) as seventh_us, min(case when place > 1 then lag_us end) as least_us,
    min(case when place > 2 then cast(lag_us as double) / greatest(pause_before_us, 1) end) as least_factor,
    max(case when place > 2 then cast(lag_us as double) / greatest(pause_before_us, 1) end) as most_factor
  from copies
  group by recipient, content_key, started_us
), growing as (
  select e.*, m.fifth_us, m.seventh_us, (m.least_factor + m.most_factor) / 2 as factor
  from measured as m
  join episodes as e on e.recipient = m.recipient and e.content_key = m.content_key and e.started_us = m.started_us
  where m.least_us >= 2000000 and m.least_factor >= 1.3 and m.most_factor <= 5.0 and m.most_factor <= 1.25 * m.least_factor
), pairs as (
  select a.recipient, a.content_key, a.started_us, b.recipient as other, min(b.fifth_us) as known_at_us
  from growing as a
  join growing as b on b.template_key = a.template_key and abs(b.started_us - a.started_us) <= 86400000000
    and abs(b.factor - a.factor) <= 0.1 * a.factor
  group by a.recipient, a.content_key, a.started_us, b.recipient
), placed as (
  select *, row_number() over (partition by recipient, content_key, started_us order by known_at_us, other) as place,
    count(*) over (partition by recipient, content_key, started_us) as people
  from pairs
), told as (
  select recipient, content_key, started_us, max(people) as people, min(case when place = 3 then known_at_us end) as third_us
  from placed
  group by recipient, content_key, started_us
)
select g.recipient, g.content_key, g.template_key, g.started_us, g.ended_us, g.copies, g.is_even, g.own_days,
  1 as most_elsewhere, 5 as enough_copies, t.people as alike, coalesce(t.third_us, g.seventh_us) as alike_at_us
from growing as g
join told as t on t.recipient = g.recipient and t.content_key = g.content_key and t.started_us = g.started_us
where coalesce(t.third_us, g.seventh_us) is not null
order by g.recipient, g.content_key, g.started_us
