-- How many people of one client were sent something of one template, or of one kin, in a week, a day, a quarter of an
-- hour; see slow_batches.
-- grain: template_key, organization, cut_by, window_us, window_start_us
-- reads: kins, repeats
with windows as (
  select 'earlier' as cut_by, 604800000000 as window_us union all select 'later', 900000000
  union all select 'later', 86400000000
), copies as (
  select template_key, organization, recipient, sent_at_us from repeats
  union all
  select k.kin_key, r.organization, r.recipient, r.sent_at_us
  from repeats as r
  join kins as k on k.template_key = r.template_key
), people as (
  select distinct c.template_key, c.organization, w.cut_by, w.window_us,
    c.sent_at_us - c.sent_at_us % w.window_us as window_start_us, c.recipient
  from copies as c cross join windows as w
)
select template_key, organization, cut_by, window_us, window_start_us, count(*) as exposed
from people
group by template_key, organization, cut_by, window_us, window_start_us
