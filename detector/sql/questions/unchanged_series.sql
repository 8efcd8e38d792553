-- Who gets the same mail day after day though nothing in it changes: five people or more, each copy of the same size to
-- the byte, in 150 mails or more, they began and ended together, and the template's other mail went to as many people,
-- once each. So comes no news and no reminder, also if it has been so since the log began. `enough_copies`: the first
-- after those 150; `alike_at_us`: when the log told of the last of them.
-- In steps, each of which knows how few rows the one before left.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, repeats, sends
create or replace temp table unchanged_series as
with long as (
  select *, min(started_us) over (partition by content_key) as began_us,
    max(ended_us) over (partition by content_key) as stopped_us
  from recipient_episodes
  where substr(template_key, 1, 2) in ('t:', 's:') and copies > 4 and ended_us - started_us >= (copies - 1) * 57600000000
), series as (
  select * from long
  where started_us - began_us < 129600000000 and stopped_us - ended_us < 129600000000
)
select * from series
where content_key in (
  select content_key from series group by template_key, content_key having count(*) > 4 and sum(copies) > 150
);
create or replace temp table unchanged_copies as
select s.template_key, s.content_key, s.recipient, s.started_us, r.send_id, r.sent_at_us, r.known_at_us,
  row_number() over (partition by s.content_key order by r.sent_at_us, r.send_id) as place,
  row_number() over (partition by s.content_key, s.recipient order by r.sent_at_us, r.send_id) as copy
from unchanged_series as s
join repeats as r on r.content_key = s.content_key and r.recipient = s.recipient
  and r.sent_at_us >= s.started_us and r.sent_at_us <= s.ended_us;
with groups as (
  select template_key, content_key, count(*) as people from unchanged_series group by template_key, content_key
), sizes as (
  select content_key, recipient, count(*) = count(size) and max(size) - min(size) <= 8 as is_same
  from (
    select c.content_key, c.recipient, s.size from unchanged_copies as c join sends as s on s.send_id = c.send_id
  ) as sized
  group by content_key, recipient
), told as (
  select content_key, max(known_at_us) as known_at_us, max(sent_at_us) as sent_at_us
  from unchanged_copies
  where place <= 150
  group by content_key
), audiences as (
  select g.content_key, count(distinct r.recipient) as people
  from groups as g
  join told as t on t.content_key = g.content_key
  join repeats as r on r.content_key = g.content_key and r.sent_at_us <= t.sent_at_us
  group by g.content_key
), others as (
  select r.template_key, count(distinct r.recipient) as people
  from repeats as r
  where r.template_key in (select template_key from groups) and r.content_key not in (select content_key from groups)
  group by r.template_key
), found as (
  select g.content_key, g.people, t.known_at_us, t.sent_at_us
  from groups as g
  join told as t on t.content_key = g.content_key
  join audiences as a on a.content_key = g.content_key
  join others as o on o.template_key = g.template_key
  join sizes as z on z.content_key = g.content_key
  where o.people >= g.people and g.people >= 0.97 * a.people
  group by g.content_key, g.people, t.known_at_us, t.sent_at_us
  having min(case when z.is_same then 1 else 0 end) = 1
)
select s.recipient, s.content_key, s.template_key, s.started_us, s.ended_us, s.copies, s.is_even, s.own_days,
  1 as most_elsewhere, max(case when c.sent_at_us <= f.sent_at_us then c.copy else 0 end) + 1 as enough_copies,
  f.people as alike, f.known_at_us as alike_at_us
from unchanged_series as s
join found as f on f.content_key = s.content_key
join unchanged_copies as c on c.content_key = s.content_key and c.recipient = s.recipient and c.started_us = s.started_us
group by s.recipient, s.content_key, s.template_key, s.started_us, s.ended_us, s.copies, s.is_even, s.own_days, f.people,
  f.known_at_us
having s.copies > max(case when c.sent_at_us <= f.sent_at_us then c.copy else 0 end)
order by s.recipient, s.content_key
