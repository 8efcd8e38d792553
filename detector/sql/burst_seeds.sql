-- The repeats that the estimator found to be beyond the usual, numbered into bursts: a repeat belongs to the one before
-- it in the same template if it came within six hours, or within three times its own lag (a daily drip has daily gaps).
-- `copies_before` is that of the extra copy.
-- grain: recipient, content_key, copies_before
-- reads: batch_alarms, binned_repeats, recipient_alarms
with alarmed as (
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1 as copies_before, b.lag_bin, b.sent_at_us,
    b.repeated_at_us
  from binned_repeats as b
  join batch_alarms as a on a.template_key = b.template_key and a.is_again = b.is_again
    and b.lag_bin between a.lag_bin - 1 and a.lag_bin + 1
    and a.window_start_us = b.sent_at_us - b.sent_at_us % a.window_us
    and (a.scope = 'all' or a.organization is not distinct from b.organization)
  union
  select b.recipient, b.content_key, b.template_key, b.copies_before + 1, b.lag_bin, b.sent_at_us, b.repeated_at_us
  from binned_repeats as b
  join recipient_alarms as a on a.recipient = b.recipient and a.content_key = b.content_key
    and a.day_us = b.sent_at_us - b.sent_at_us % 86400000000
), spaced as (
  select *, repeated_at_us - lag(repeated_at_us) over (
      partition by template_key order by repeated_at_us, recipient, content_key, copies_before
    ) as since_last_us
  from alarmed
)
select recipient, content_key, template_key, copies_before, lag_bin, repeated_at_us,
  sum(case when since_last_us <= greatest(21600000000, 3 * (repeated_at_us - sent_at_us)) then 0 else 1 end) over (
    partition by template_key order by repeated_at_us, recipient, content_key, copies_before
    rows between unbounded preceding and current row
  ) as burst_number
from spaced
