-- Who got the same mail seven times or more within the hour, among five who at the same time got one six times or more. No
-- template does so to whole groups by nature, however often it happened: what is broken may break every week. But where it
-- happened on five runs of days or more, it is what people do.
-- Where several come at once by nature, to who is in several courses, twice as many as anybody got on another day are
-- needed instead of six; who got fewer then was hit as well. `alike_at_us`: when the log told of the last copy needed to the
-- fifth of them.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, template_numbers, repeats
with suspects as (  -- of most templates only those with copies enough, for others are in millions
  select e.*, t.kind, e.started_us - e.started_us % 86400000000 as day_us
  from recipient_episodes as e
  join template_numbers as t on t.template_key = e.template_key
  where e.ended_us - e.started_us <= 3600000000 and (t.kind = 5 or t.kind = 0 and e.copies > 5)
), heights as (
  select template_key, day_us, max(copies) as copies from suspects where kind = 5 group by template_key, day_us
), needed as (
  select d.template_key, d.day_us, greatest(6, 2 * max(o.copies)) as copies
  from heights as d
  join heights as o on o.template_key = d.template_key and abs(o.day_us - d.day_us) > 86400000000
  group by d.template_key, d.day_us
), quick as (
  select t.*, coalesce(n.copies, 6) as needed,
    count(*) over (
      partition by t.template_key order by t.started_us range between 900000000 preceding and 900000000 following
    ) as people
  from suspects as t
  left join needed as n on n.template_key = t.template_key and n.day_us = t.day_us
  where t.copies >= coalesce(n.copies, 6)
), storms as (
  select * from quick where people > 4
), begun as (
  select template_key, case when day_us - lag(day_us) over (partition by template_key order by day_us) <= 86400000000
    then 0 else 1 end as begins
  from (select distinct template_key, day_us from storms) as days
), rare as (
  select template_key from begun group by template_key having sum(begins) < 5
), copies as (
  select q.template_key, q.started_us, r.known_at_us,
    row_number() over (partition by q.recipient, q.content_key, q.started_us order by r.copies_before) as place
  from quick as q
  join rare as e on e.template_key = q.template_key
  join repeats as r on r.recipient = q.recipient and r.content_key = q.content_key
    and r.sent_at_us >= q.started_us and r.sent_at_us <= q.ended_us
), enough as (
  select s.recipient, s.content_key, s.started_us, c.known_at_us,
    row_number() over (partition by s.recipient, s.content_key, s.started_us order by c.known_at_us) as place
  from storms as s
  join copies as c on c.template_key = s.template_key and c.place = s.needed
    and c.started_us >= s.started_us - 900000000 and c.started_us <= s.started_us + 900000000
), told as (
  select s.*, x.known_at_us
  from storms as s
  join enough as x on x.recipient = s.recipient and x.content_key = s.content_key and x.started_us = s.started_us and x.place = 5
  where s.copies > s.needed
)
select recipient, content_key, template_key, started_us, ended_us, copies, is_even, own_days, 1 as most_elsewhere,
  needed + 1 as enough_copies, people as alike, known_at_us as alike_at_us
from told
union all
select a.recipient, a.content_key, a.template_key, a.started_us, a.ended_us, a.copies, a.is_even, a.own_days, 1, 2,
  max(t.people), min(t.known_at_us)
from suspects as a
join told as t on t.template_key = a.template_key and t.kind = 5
  and a.started_us between t.started_us - 900000000 and t.ended_us
where a.copies between 2 and t.needed
group by a.recipient, a.content_key, a.template_key, a.started_us, a.ended_us, a.copies, a.is_even, a.own_days
order by recipient, content_key, started_us
