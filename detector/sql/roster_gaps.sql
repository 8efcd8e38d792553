-- Where roster and mail disagree: enrolments of which no due mail went out within a day ('missing'), unless the log began
-- later or ends earlier; and people who got a due mail without an enrolment in the month before ('not enrolled').
-- grain: kind, recipient, course, at_us
-- reads: due_contents, repeats, roster
with due as (
  select r.recipient, r.sent_at_us, d.course
  from repeats as r
  join due_contents as d on d.content_key = r.content_key
), span as (
  select min(sent_at_us) as first_us, max(sent_at_us) as last_us from repeats
), missing as (
  select e.recipient, e.course, min(e.organization) as organization, e.enrolled_at_us
  from roster as e
  cross join span as s
  left join due as d on d.recipient = e.recipient and (d.course is null or d.course = lower(trim(e.course)))
    and d.sent_at_us between e.enrolled_at_us - 3600000000 and e.enrolled_at_us + 604800000000
  where d.recipient is null and e.enrolled_at_us >= s.first_us and e.enrolled_at_us + 86400000000 <= s.last_us
  group by e.recipient, e.course, e.enrolled_at_us
), uninvited as (
  select d.recipient, d.course, min(d.sent_at_us) as sent_at_us
  from due as d
  left join roster as e on e.recipient = d.recipient and (d.course is null or d.course = lower(trim(e.course)))
    and e.enrolled_at_us between d.sent_at_us - 2592000000000 and d.sent_at_us + 3600000000
  where e.recipient is null
    and d.sent_at_us >= (select min(enrolled_at_us) from roster)
  group by d.recipient, d.course
)
select 'missing' as kind, recipient, coalesce(course, '') as course, organization, enrolled_at_us as at_us from missing
union all
select 'not enrolled', recipient, coalesce(course, ''), null, sent_at_us from uninvited
