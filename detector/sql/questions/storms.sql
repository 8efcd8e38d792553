-- Who got the same mail seven times or more within the hour, among five who at the same time got one six times or more;
-- or, where a template writes to groups whenever there is occasion, for a day and a half at one pace, among eight: machines
-- report to a few as long as something is broken. No template does so to whole groups by nature, however often it happened:
-- what is broken may break every week. But where it happened on five runs of days or more, it is what people do; and where
-- most of the template's mail comes at one pace, it is a report.
-- `alike_at_us`: when the log told of the sixth copy to the fifth of them.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, template_numbers, repeats
with quick as (
  select e.*, t.kind = 3 as is_by_pace,
    e.started_us - e.started_us % 86400000000 as day_us,
    count(*) over (
      partition by e.template_key order by e.started_us range between 900000000 preceding and 900000000 following
    ) as people
  from recipient_episodes as e
  join template_numbers as t on t.template_key = e.template_key
  where e.copies > 5 and (t.kind = 0 and e.ended_us - e.started_us <= 3600000000
    or t.kind = 3 and e.is_even and e.ended_us - e.started_us <= 129600000000)
), mails as (
  select template_key, count(*) as mails
  from repeats
  where grain = 'mail' and template_key in (select template_key from quick where is_by_pace)
  group by template_key
), reports as (
  select q.template_key
  from quick as q
  join mails as m on m.template_key = q.template_key
  where q.is_by_pace
  group by q.template_key
  having 2 * sum(q.copies) > min(m.mails)
), storms as (
  select * from quick
  where people > case when is_by_pace then 7 else 4 end
    and (not is_by_pace or template_key not in (select template_key from reports))
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
), sixths as (
  select s.recipient, s.content_key, s.started_us, c.known_at_us,
    row_number() over (partition by s.recipient, s.content_key, s.started_us order by c.known_at_us) as place
  from storms as s
  join copies as c on c.template_key = s.template_key and c.place = 6
    and c.started_us >= s.started_us - 900000000 and c.started_us <= s.started_us + 900000000
)
select s.recipient, s.content_key, s.template_key, s.started_us, s.ended_us, s.copies, s.is_even, s.own_days,
  1 as most_elsewhere, 7 as enough_copies, s.people as alike, x.known_at_us as alike_at_us
from storms as s
join sixths as x on x.recipient = s.recipient and x.content_key = s.content_key and x.started_us = s.started_us
where s.copies > 6 and x.place = 5
order by s.recipient, s.content_key, s.started_us
