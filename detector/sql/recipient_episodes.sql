-- One mail to one person again and again, no more than three days apart, and two hours, for a weekend in which the clock
-- is put back: how many copies, from when to when, and how many on the busiest day. Beside it on how many other days the
-- person got the template (a shared inbox does all the time; left out are the days next to it, and those with less than a
-- quarter of that busiest day). `is_even` if the pauses are ten seconds or more, and all alike to a tenth and an hour, which
-- a clock may be changed by; or whole half days to a minute or so, as with a schedule that rests at weekends; from five
-- copies on the first pause may be another. `clock_us`: the first mail, or the second, from which on they are (what comes by days, to that minute). Only from two on.
-- grain: recipient, content_key, started_us
-- reads: repeats
with spaced as (
  select recipient, content_key, template_key, sent_at_us, lag_us, copies_before,
    sum(case when lag_us <= 266400000000 then 0 else 1 end) over (
      partition by recipient, content_key order by copies_before rows between unbounded preceding and current row
    ) as episode
  from repeats
  where lag_us <= 266400000000 or next_lag_us <= 266400000000  -- what comes alone is no episode
), placed as (
  select *, row_number() over (partition by recipient, content_key, episode order by copies_before) as place,
    count(*) over (partition by recipient, content_key, episode, sent_at_us - sent_at_us % 86400000000) as on_that_day
  from spaced
), paused as (
  select *, case when place > 1 then lag_us end as pause_us, case when place > 2 then lag_us end as later_pause_us,
    abs((lag_us + 21600000000) % 43200000000 - 21600000000) as off_us
  from placed
), measured as (
  select recipient, content_key, template_key, min(sent_at_us) as started_us, max(sent_at_us) as ended_us,
    count(*) as copies, max(on_that_day) as busiest_day, min(case when place = 2 then sent_at_us end) as second_us,
    coalesce(min(pause_us) >= 10000000
      and max(pause_us) <= least(1.1 * min(pause_us), min(pause_us) + 3700000000), false) as is_even,
    coalesce(min(later_pause_us) >= 10000000
      and max(later_pause_us) <= least(1.1 * min(later_pause_us), min(later_pause_us) + 3700000000), false) as is_even_later,
    coalesce(min(pause_us) > 43000000000 and max(case when place > 1 then off_us end) <= 100000000, false) as is_daily,
    coalesce(min(later_pause_us) > 43000000000 and max(case when place > 2 then off_us end) <= 100000000, false) as is_daily_later
  from paused
  group by recipient, content_key, template_key, episode
), episodes as (
  select recipient, content_key, template_key, started_us, ended_us, copies, busiest_day,
    is_even or is_daily or copies > 4 and (is_even_later or is_daily_later) as is_even,
    case when is_daily or is_even and not is_daily_later then started_us
      when is_even or copies > 4 and (is_even_later or is_daily_later) then second_us end as clock_us
  from measured
), own as (
  select e.recipient, e.content_key, e.started_us, e.busiest_day, count(*) as mails
  from episodes as e
  join repeats as r on r.recipient = e.recipient and r.template_key = e.template_key
    and (r.sent_at_us < e.started_us - 86400000000 or r.sent_at_us > e.ended_us + 86400000000)
  where e.copies > 4
  group by e.recipient, e.content_key, e.started_us, e.busiest_day, r.sent_at_us - r.sent_at_us % 86400000000
), days as (
  select recipient, content_key, started_us, count(*) as days
  from own
  where 4 * mails >= busiest_day
  group by recipient, content_key, started_us
)
select e.recipient, e.content_key, e.template_key, e.started_us, e.ended_us, e.copies, e.busiest_day, e.is_even,
  e.clock_us,
  coalesce(o.days, 0) as own_days
from episodes as e
left join days as o on o.recipient = e.recipient and o.content_key = e.content_key and o.started_us = e.started_us
