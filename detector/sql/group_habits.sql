-- Templates that write to whole groups again and again by nature. `odd_runs`: the same content to the same five people or
-- more, together, or another mail of the same name, after ten minutes to weeks that are no whole days (nor an hour more
-- or less: the clock was changed), as a forum's posts or an invitation that is moved; counted are the runs of days on
-- which that happened, for an affair has days next to each other. `issue_runs`: another mail of the same name to the same
-- group on another day, as the issues of a newsletter, which only their size tells apart. `follow_up_runs`: a second copy
-- after the same number of whole days, to groups that had got their first on other days, as the reminders of a deadline;
-- counted are the runs of those first days, at the commonest number of days. `mail_days` are the days on which five
-- people or more were sent the template. `several_weeks` of `weeks`: a fiftieth of the people got the same twice within
-- ten seconds, as who is enrolled in several courses whose mails look alike; `several_again_weeks`: of all copies, as who is
-- reminded of several tasks day after day. A kin has habits of its own.
-- grain: template_key
-- reads: group_mailings, kins, odd_times, repeats
with odd_days as (
  select template_key, window_us - window_us % 86400000000 as day_us from odd_times
  union
  select k.kin_key, o.window_us - o.window_us % 86400000000
  from odd_times as o
  join kins as k on k.template_key = o.template_key
  union
  select template_key, day_us from group_mailings
  where is_other and is_same_group and (apart_us + 2700000000) % 86400000000 > 5400000000
), odd_spaced as (
  select template_key,
    case when day_us - lag(day_us) over (partition by template_key order by day_us) <= 86400000000 then 0 else 1 end as begins
  from odd_days
), odd as (
  select template_key, sum(begins) as odd_runs from odd_spaced group by template_key
), dated as (
  select template_key, content_key, lag_us, sent_at_us - sent_at_us % 86400000000 as day_us,
    lag_us + 43200000000 - (lag_us + 43200000000) % 86400000000 as whole_days_us
  from repeats
  where copies_before = 1 and grain = 'mail' and lag_us >= 72000000000
), second_copies as (
  select template_key, day_us - whole_days_us as first_day_us, whole_days_us
  from dated
  where abs(lag_us - whole_days_us) <= 1200000000
  group by template_key, content_key, day_us, whole_days_us
  having count(*) >= 5
), followed as (
  select template_key, first_day_us, whole_days_us from second_copies
  union
  select k.kin_key, s.first_day_us, s.whole_days_us
  from second_copies as s
  join kins as k on k.template_key = s.template_key
), followed_spaced as (
  select template_key, whole_days_us, case when first_day_us - lag(first_day_us) over (
      partition by template_key, whole_days_us order by first_day_us
    ) <= 86400000000 then 0 else 1 end as begins
  from followed
), by_lag as (
  select template_key, whole_days_us, sum(begins) as runs from followed_spaced group by template_key, whole_days_us
), follow_ups as (
  select template_key, max(runs) as follow_up_runs from by_lag group by template_key
), copies as (
  select template_key, sent_at_us - sent_at_us % 86400000000 as day_us, count(*) as mails,
    sum(case when next_lag_us < 10000000 then 1 else 0 end) as again,
    sum(case when copies_before = 0 then 1 else 0 end) as first_mails,
    sum(case when copies_before = 0 and next_lag_us < 10000000 then 1 else 0 end) as first_again
  from repeats
  where grain = 'mail'
  group by template_key, sent_at_us - sent_at_us % 86400000000
), all_copies as (
  select template_key, day_us, mails, again, first_mails, first_again from copies
  union all
  select k.kin_key, c.day_us, c.mails, c.again, c.first_mails, c.first_again
  from copies as c
  join kins as k on k.template_key = c.template_key
), weeks as (
  select template_key,
    case when sum(first_again) >= 2 and sum(first_again) >= 0.02 * sum(first_mails) then 1 else 0 end as is_several,
    case when sum(again) >= 2 and sum(again) >= 0.02 * sum(mails) then 1 else 0 end as is_several_again
  from all_copies
  group by template_key, day_us - day_us % 604800000000
), several as (
  select template_key, count(*) as weeks, sum(is_several) as several_weeks, sum(is_several_again) as several_again_weeks
  from weeks
  group by template_key
), issues as (
  select template_key, count(distinct day_us) as mail_days,
    count(distinct case when is_other and is_same_group and apart_us >= 72000000000 then day_us end) as issue_runs
  from group_mailings
  group by template_key
)
select d.template_key, cast(coalesce(o.odd_runs, 0) as bigint) as odd_runs, coalesce(i.issue_runs, 0) as issue_runs,
  cast(coalesce(f.follow_up_runs, 0) as bigint) as follow_up_runs, coalesce(i.mail_days, 0) as mail_days,
  d.weeks, cast(d.several_weeks as bigint) as several_weeks, cast(d.several_again_weeks as bigint) as several_again_weeks
from several as d
left join issues as i on i.template_key = d.template_key
left join odd as o on o.template_key = d.template_key
left join follow_ups as f on f.template_key = d.template_key
