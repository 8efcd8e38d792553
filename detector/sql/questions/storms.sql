-- Who got the same mail seven times or more within the hour, among five who at the same time got one six times or more.
-- No template does so to whole groups by nature, however often it happened: what is broken may break every week.
-- But where it happened on five runs of days or more, it is what people do; and so it may be in templates of a kind.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, template_numbers
with quick as (
  select e.*, e.started_us - e.started_us % 86400000000 as day_us,
    count(*) over (
      partition by e.template_key order by e.started_us range between 900000000 preceding and 900000000 following
    ) as people
  from recipient_episodes as e
  join template_numbers as t on t.template_key = e.template_key and t.kind = 0
  where e.copies > 5 and e.ended_us - e.started_us <= 3600000000
), storms as (
  select * from quick where people > 4
), begun as (
  select template_key, case when day_us - lag(day_us) over (partition by template_key order by day_us) <= 86400000000
    then 0 else 1 end as begins
  from (select distinct template_key, day_us from storms) as days
), rare as (
  select template_key from begun group by template_key having sum(begins) < 5
)
select s.recipient, s.content_key, s.template_key, s.started_us, s.ended_us, s.copies, s.is_even, s.own_days,
  1 as most_elsewhere, 7 as enough_copies, s.people as alike
from storms as s
join rare as r on r.template_key = s.template_key
where s.copies > 6
order by s.recipient, s.content_key, s.started_us
