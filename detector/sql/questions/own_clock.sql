-- Whose mail comes by a timer that somebody's mail started, and not by a timetable: the same people, five or more, got
-- the same mail on four days or more, each day's began at the same second of the day, or half a day from it, at which no
-- timetable begins. Or it is no news and no reminder: of the same size each time, and nobody dropped out, in 150 mails or
-- more, or 75 if it began at no fifth minute of an hour; or by a timer to three or four people on six days. The first copy
-- may have come at another hour. Not what was so when the log began, nor what the template does elsewhere as well.
-- grain: recipient, content_key
-- reads: recipient_episodes, repeats, sends
with drips as (
  select recipient, content_key, template_key, started_us, clock_us, ended_us, is_even, own_days, copies,
    clock_us = started_us as is_from_first,
    min(clock_us) over (partition by template_key, clock_us = started_us) as began_us,
    sum(case when clock_us = started_us then 1 else 0 end) over (partition by template_key) as drips_from_first,
    count(*) over (partition by template_key) as drips
  from recipient_episodes
  where copies > 2 and ended_us - clock_us > 129600000000
), of_one_clock as (
  select * from drips where clock_us - began_us < 172800000000 and (clock_us - began_us + 900000000) % 86400000000 < 1800000000
), groups as (
  select template_key, began_us, count(*) as people, began_us % 60000000 >= 10000000 as is_odd_second,
    case when began_us % 300000000 >= 60000000 then 75 else 150 end as mails_to_tell
  from of_one_clock
  group by template_key, began_us, is_from_first, drips_from_first, drips
  having count(*) > 2 and count(*) = case when is_from_first then drips_from_first else drips end
    and began_us - case when is_from_first then 5 else 1 end * 86400000000 >= (select min(sent_at_us) from repeats)
), audience as (
  select distinct g.template_key, g.began_us, r.recipient, r.content_key
  from groups as g
  join repeats as r on r.template_key = g.template_key
    and r.sent_at_us - g.began_us between 0 and 87300000000
    and (r.sent_at_us - g.began_us + 900000000) % 86400000000 < 1800000000
), audiences as (
  select template_key, count(distinct recipient) as people from audience group by template_key
), members as (
  select e.recipient, e.content_key, e.template_key, e.started_us, e.ended_us, e.is_even, e.own_days, e.copies,
    coalesce(e.clock_us, a.began_us) as clock_us, case when e.started_us < a.began_us then 1 else 0 end as copies_before
  from audience as a
  join recipient_episodes as e on e.recipient = a.recipient and e.content_key = a.content_key
    and e.copies > 2 and e.started_us - a.began_us < 172800000000 and e.ended_us - a.began_us > 129600000000
  where e.clock_us is null or (e.clock_us - a.began_us + 900000000) % 86400000000 < 1800000000
), copies as (
  select g.template_key, r.recipient, r.content_key, r.send_id, r.known_at_us, r.sent_at_us - g.began_us as since_us,
    (r.sent_at_us - g.began_us + 43200000000) // 86400000000 as day_number
  from groups as g
  join members as m on m.template_key = g.template_key
  join repeats as r on r.content_key = m.content_key and r.recipient = m.recipient
    and r.sent_at_us >= m.clock_us and r.sent_at_us <= m.ended_us
), days as (
  select template_key, day_number, min(since_us) as since_us, min(known_at_us) as known_at_us, count(distinct recipient) as people,
    row_number() over (partition by template_key order by day_number) as place,
    sum(count(*)) over (partition by template_key order by day_number) - count(*) as mails_before,
    max(day_number) over (partition by template_key) as last_number
  from copies
  group by template_key, day_number
), series as (
  select d.template_key, max(abs((d.since_us + 21600000000) % 43200000000 - 21600000000)) as off_us,
    min(case when d.place > 3 then d.day_number end) as fourth_day,
    min(case when d.place > 5 then d.day_number end) as sixth_day,
    min(case when d.place > 3 and d.mails_before >= g.mails_to_tell then d.day_number end) as telling_day,
    max(case when d.day_number > d.last_number - 4 and d.place > 1 then d.people end) as last_people
  from days as d
  join groups as g on g.template_key = d.template_key
  group by d.template_key
  having count(*) > 3
), sized as (
  select c.template_key, s.size, min(s.size) over (partition by c.content_key, c.recipient) as least
  from copies as c
  join sends as s on s.send_id = c.send_id
), sizes as (
  select template_key, count(*) = count(size) and max(size - least) <= 8 as is_same from sized group by template_key
), found as (
  select g.template_key, g.people, case when s.off_us <= 1000000 and g.is_odd_second then g.began_us else 0 end as clock_us,
    case when g.is_odd_second and s.off_us <= 1000000 and g.people > 4 then s.fourth_day
      when g.is_odd_second and s.off_us <= 5000000 and z.is_same and s.last_people = g.people then s.sixth_day
      when z.is_same and g.people > 4 and s.last_people >= 0.97 * a.people then s.telling_day end as enough_day
  from groups as g
  join series as s on s.template_key = g.template_key
  join sizes as z on z.template_key = g.template_key
  join audiences as a on a.template_key = g.template_key
)
select m.recipient, m.content_key, m.template_key, m.started_us, m.ended_us, m.copies, m.is_even, m.own_days,
  1 as most_elsewhere, least(m.copies, count(c.send_id) + m.copies_before + 1) as enough_copies, f.people as alike,
  d.known_at_us as alike_at_us, f.clock_us
from members as m
join found as f on f.template_key = m.template_key
join days as d on d.template_key = f.template_key and d.day_number = f.enough_day
join copies as c on c.content_key = m.content_key and c.recipient = m.recipient and c.day_number < f.enough_day
group by m.recipient, m.content_key, m.template_key, m.started_us, m.ended_us, m.copies, m.is_even, m.own_days,
  m.copies_before, f.people, d.known_at_us, f.clock_us
order by m.recipient, m.content_key
