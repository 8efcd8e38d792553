-- How many people (first copies: person and content) of one client were sent something together of one template, or of
-- one kin; see batches.
-- grain: template_key, organization, window_us, window_start_us, is_again
-- reads: kins, repeats
with windows as (
  select 900000000 as window_us union all select 86400000000
), copies as (
  select template_key, organization, recipient, sent_at_us, copies_before from repeats
  union all
  select k.kin_key, r.organization, r.recipient, r.sent_at_us, r.copies_before
  from repeats as r
  join kins as k on k.template_key = r.template_key
), people as (
  select distinct c.template_key, c.organization, w.window_us, c.sent_at_us - c.sent_at_us % w.window_us as window_start_us,
    c.recipient
  from copies as c cross join windows as w
  where c.copies_before > 0
)
select c.template_key, c.organization, w.window_us, c.sent_at_us - c.sent_at_us % w.window_us as window_start_us,
  false as is_again, count(*) as exposed
from copies as c cross join windows as w
where c.copies_before = 0
group by c.template_key, c.organization, w.window_us, c.sent_at_us - c.sent_at_us % w.window_us
union all
select template_key, organization, window_us, window_start_us, true, count(*)
from people
group by template_key, organization, window_us, window_start_us
