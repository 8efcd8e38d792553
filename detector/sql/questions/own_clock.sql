-- Whose mail comes by a timer that somebody's mail started, and not by a timetable: the same people, five or more, got
-- the same mail on four days or more, and each round began at the same second of the day, which is none that a
-- timetable begins at. Not what has been so since the log began, nor what the template does elsewhere as well.
-- grain: recipient, content_key
-- reads: recipient_episodes, repeats
with drips as (
  select recipient, content_key, template_key, started_us, ended_us, is_even, own_days, copies,
    min(started_us) over (partition by content_key) as began_us
  from recipient_episodes
  where is_even and copies > 2 and ended_us - started_us > 129600000000
), members as (
  select * from drips where started_us - began_us < 900000000
), groups as (
  select m.template_key, m.content_key, m.began_us, count(*) as people
  from members as m
  join (select template_key, count(*) as drips from drips group by template_key) as t on t.template_key = m.template_key
  where m.began_us % 60000000 >= 10000000
    and m.began_us - 432000000000 >= (select min(sent_at_us) from repeats)
  group by m.template_key, m.content_key, m.began_us, t.drips
  having count(*) > 4 and count(*) = t.drips
), rounds as (
  select g.content_key, r.sent_at_us - g.began_us - (r.sent_at_us - g.began_us + 43200000000) % 86400000000 as day_us,
    min(r.sent_at_us - g.began_us) as since_us
  from groups as g
  join members as m on m.content_key = g.content_key
  join repeats as r on r.content_key = m.content_key and r.recipient = m.recipient
    and r.sent_at_us >= m.started_us and r.sent_at_us <= m.ended_us
  group by g.content_key, r.sent_at_us - g.began_us - (r.sent_at_us - g.began_us + 43200000000) % 86400000000
), timers as (
  select content_key, count(*) as times
  from rounds
  group by content_key
  having count(*) > 3 and max(abs((since_us + 43200000000) % 86400000000 - 43200000000)) <= 1000000
)
select m.recipient, m.content_key, m.template_key, m.started_us, m.ended_us, m.copies, m.is_even, m.own_days,
  1 as most_elsewhere, 4 as enough_copies, g.people as alike
from members as m
join groups as g on g.content_key = m.content_key
join timers as t on t.content_key = m.content_key
order by m.recipient, m.content_key
