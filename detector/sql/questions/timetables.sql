-- Which drips are a timetable's: nine of ten of the copies, or all but one, went out within a minute of a first copy of
-- the template to somebody else. A daily run that reminds whoever is due comes to some people for a week.
-- grain: recipient, content_key, started_us
-- reads: drips, repeats
with copies as (
  select d.recipient, d.content_key, d.started_us, d.copies, r.template_key, r.sent_at_us
  from drips as d
  join repeats as r on r.recipient = d.recipient and r.content_key = d.content_key
    and r.sent_at_us >= d.started_us and r.sent_at_us <= d.ended_us
), beside as (
  select distinct c.recipient, c.content_key, c.started_us, c.copies, c.sent_at_us
  from copies as c
  join repeats as r on r.template_key = c.template_key and r.recipient <> c.recipient and r.copies_before = 0
    and r.sent_at_us >= c.sent_at_us - 60000000 and r.sent_at_us <= c.sent_at_us + 60000000
)
select recipient, content_key, started_us
from beside
group by recipient, content_key, started_us, copies
having count(*) >= least(0.9 * copies, copies - 1)
