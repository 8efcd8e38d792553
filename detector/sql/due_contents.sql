-- The mails that are due once for each enrolment, by the roster's patterns for template, subject or sender; with the
-- course that the subject names, if it names one of the roster's.
-- grain: content_key
-- reads: repeats, roster, roster_mails, sends
with asked as (  -- without patterns nothing is read
  select send_id, content_key from repeats where grain = 'mail' and exists (select 1 from roster_mails)
), mails as (
  select c.content_key, lower(min(s.subject)) as subject
  from asked as c
  join sends as s on s.send_id = c.send_id
  join roster_mails as m on lower(coalesce(s.template, '')) like m.pattern escape '!'
    or lower(coalesce(s.subject, '')) like m.pattern escape '!' or lower(s.sender) like m.pattern escape '!'
  group by c.content_key
), courses as (
  select distinct lower(trim(course)) as course from roster where trim(course) <> ''
)
select m.content_key, max(c.course) as course
from mails as m
left join courses as c on contains(m.subject, c.course)
group by m.content_key
