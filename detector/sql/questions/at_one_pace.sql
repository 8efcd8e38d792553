-- Who got the same mail at one pace for a day and a half at most, whatever is usual for the template: seven copies or more,
-- as did eight who began in the same quarter of an hour or so; ten for longer than an hour, as did eight who began within a
-- day, each at a moment of their own; or, where a template writes to groups whenever there is occasion, six, as did fifty.
-- No forum keeps time. Machines report so to a few as long as something is broken; and where most of a template's mail comes
-- at one pace, on three days or more and to the same people, it is a report. Where it happened on five runs of days or more,
-- it is what the template does. `alike_at_us`: when the log told of the last copy needed to the last of those needed.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, repeats, template_numbers
with even as (
  select e.*, t.kind, e.started_us - e.started_us % 86400000000 as day_us,
    case when e.copies > 9 and e.ended_us - e.started_us > 3600000000 then 1 else 0 end as is_long
  from recipient_episodes as e
  join template_numbers as t on t.template_key = e.template_key and t.kind in (0, 3, 4, 5)
  where e.copies > 5 and e.is_even and e.ended_us - e.started_us <= 129600000000
), counted as (
  select *, count(*) over beside as six, sum(case when copies > 6 then 1 else 0 end) over beside as seven,
    sum(is_long) over (
      partition by template_key order by started_us range between 86400000000 preceding and 86400000000 following
    ) as ten
  from even
  window beside as (
    partition by template_key order by started_us range between 900000000 preceding and 900000000 following
  )
), mails as (
  select template_key, count(*) as mails
  from repeats
  where grain = 'mail' and template_key in (select template_key from even)
  group by template_key
), reports as (
  select e.template_key
  from even as e
  join mails as m on m.template_key = e.template_key
  group by e.template_key
  having 2 * sum(e.copies) > min(m.mails) and count(distinct e.day_us) > 2 and count(*) >= 2 * count(distinct e.recipient)
), judged as (
  select *, case when kind = 3 and six > 49 then 6 when copies > 6 and seven > 7 then 7
      when is_long = 1 and ten > 7 then 10 end as enough
  from counted
  where template_key not in (select template_key from reports)
), loops as (
  select *, case when enough = 6 then 50 else 8 end as least, case when enough = 10 then 86400000000 else 900000000 end as near_us
  from judged
  where enough is not null
), begun as (
  select template_key, case when day_us - lag(day_us) over (partition by template_key order by day_us) <= 86400000000
    then 0 else 1 end as begins
  from (select distinct template_key, day_us from loops) as days
), rare as (
  select template_key from begun group by template_key having sum(begins) < 5
), copies as (
  select l.template_key, l.recipient, l.content_key, l.started_us, r.known_at_us,
    row_number() over (partition by l.recipient, l.content_key, l.started_us order by r.copies_before) as place
  from loops as l
  join rare as e on e.template_key = l.template_key
  join repeats as r on r.recipient = l.recipient and r.content_key = l.content_key
    and r.sent_at_us >= l.started_us and r.sent_at_us <= l.ended_us
), reached as (
  select l.recipient, l.content_key, l.started_us, l.least, c.known_at_us, row_number() over (
      partition by l.recipient, l.content_key, l.started_us order by c.known_at_us, c.recipient, c.content_key
    ) as place
  from loops as l
  join copies as c on c.template_key = l.template_key and c.place = l.enough
    and c.started_us >= l.started_us - l.near_us and c.started_us <= l.started_us + l.near_us
)
select l.recipient, l.content_key, l.template_key, l.started_us, l.ended_us, l.copies, l.is_even, l.own_days,
  1 as most_elsewhere, l.enough as enough_copies, case l.enough when 6 then l.six when 7 then l.seven else l.ten end as alike,
  x.known_at_us as alike_at_us
from loops as l
join reached as x on x.recipient = l.recipient and x.content_key = l.content_key and x.started_us = l.started_us
  and x.place = l.least
order by l.recipient, l.content_key, l.started_us
