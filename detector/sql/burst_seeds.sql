-- The repeats that the estimator found to be beyond the usual, numbered into bursts: a repeat belongs to the one before
-- it in the same template if it came within six hours, within 26 at about the same lag, or, of the same content, within
-- three times its own lag (a daily drip has daily gaps, and longer ones at weekends). What comes within a minute, within
-- hours and later (odd numbers; every fourth, what comes by a clock of its own) are bursts of their own, which people in
-- common or one pace may join again. One or two people whose repeats stand alone are none, unless they are beyond the usual
-- by themselves: of a whole batch some will ask again sooner or later. `copies_before` is that of the extra copy; `is_alone`
-- if only the person's own evidence speaks for it.
-- grain: recipient, content_key, copies_before
-- reads: batch_alarms, binned_repeats, episode_alarms, recipient_alarms
with weekly as (
  select *, count(*) over (
      partition by template_key, recipient, sent_at_us - sent_at_us % 604800000000, lag_bin
    ) as times_a_week
  from binned_repeats
), alarmed as (
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1 as copies_before, b.lag_bin, b.sent_at_us,
    b.repeated_at_us, 0 as is_alone, 0 as is_timed
  from binned_repeats as b
  join batch_alarms as a on a.template_key = b.template_key and a.is_again = b.is_again
    and b.lag_bin between a.from_bin and a.until_bin
    and a.window_start_us = b.sent_at_us - b.sent_at_us % a.window_us
    and (a.scope = 'all' or a.organization is not distinct from b.organization)
  where a.cut_by = 'earlier' and a.window_us < 604800000000
  union
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1, b.lag_bin, b.sent_at_us, b.repeated_at_us, 0, 0
  from weekly as b
  join batch_alarms as a on a.template_key = b.template_key and b.lag_bin between a.from_bin and a.until_bin
    and a.window_start_us = b.sent_at_us - b.sent_at_us % 604800000000
    and (a.scope = 'all' or a.organization is not distinct from b.organization)
  where a.cut_by = 'earlier' and a.window_us = 604800000000 and b.times_a_week > 1
  union
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1, b.lag_bin, b.sent_at_us, b.repeated_at_us, 0, 0
  from binned_repeats as b
  join batch_alarms as a on a.template_key = b.template_key
    and b.lag_bin between a.from_bin and a.until_bin and b.lag_bin >= 9
    and a.window_start_us = b.repeated_at_us - b.repeated_at_us % a.window_us
    and (a.scope = 'all' or a.organization is not distinct from b.organization)
  where a.cut_by = 'later'
  union
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1, b.lag_bin, b.sent_at_us, b.repeated_at_us, 1, 0
  from binned_repeats as b
  join recipient_alarms as a on a.recipient = b.recipient and a.content_key = b.content_key
    and a.day_us = b.sent_at_us - b.sent_at_us % 86400000000
  where b.lag_bin <= 8 and substr(b.template_key, 1, 2) <> 'k:'
  union
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1, b.lag_bin, b.sent_at_us, b.repeated_at_us, 1,
    case when a.clock_us > 0 and b.lag_bin > 6 then 1 else 0 end
  from binned_repeats as b
  join episode_alarms as a on a.recipient = b.recipient and a.content_key = b.content_key
    and b.sent_at_us >= a.started_us and b.sent_at_us < a.ended_us
  where substr(b.template_key, 1, 2) <> 'k:'
), once as (
  select recipient, content_key, template_key, copies_before, lag_bin, sent_at_us, repeated_at_us,
    min(is_alone) as is_alone, max(is_alone) as is_enough,
    case when max(is_timed) = 1 then 3 when lag_bin > 6 then 1 when lag_bin > 3 then 2 else 0 end as pace
  from alarmed
  group by recipient, content_key, template_key, copies_before, lag_bin, sent_at_us, repeated_at_us
), spaced as (
  select *, repeated_at_us - lag(repeated_at_us) over (
      partition by template_key, pace order by repeated_at_us, recipient, content_key, copies_before
    ) as since_last_us, repeated_at_us - lag(repeated_at_us) over (
      partition by template_key, pace, content_key order by repeated_at_us, recipient, copies_before
    ) as since_same_us, abs(lag_bin - lag(lag_bin) over (
      partition by template_key, pace order by repeated_at_us, recipient, content_key, copies_before
    )) as lag_step
  from once
), numbered as (
  select *, pace + 4 * cast(sum(
      case when since_last_us <= 21600000000 then 0
        when pace in (0, 2) and is_alone = 0 and lag_step <= 1 and since_last_us <= 93600000000 then 0
        when lag_bin < 11 and since_same_us <= least(3 * (repeated_at_us - sent_at_us), 345600000000) then 0 else 1 end
    ) over (
      partition by template_key, pace order by repeated_at_us, recipient, content_key, copies_before
      rows between unbounded preceding and current row
    ) as bigint) as burst_number
  from spaced
), enough as (
  select template_key, burst_number
  from numbered
  group by template_key, burst_number
  having count(distinct recipient) > 2 or max(is_enough) = 1
)
select n.recipient, n.content_key, n.template_key, n.copies_before, n.lag_bin, n.repeated_at_us, n.burst_number, n.is_alone
from numbered as n
join enough as e on e.template_key = n.template_key and e.burst_number = n.burst_number
