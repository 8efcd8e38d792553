-- Send-rate features of every repeat: how many copies of this content this person got in trailing windows, and how long
-- since the last one. Sends that are no repeats have 1 in every window and are left out.
-- grain: send_id
-- reads: repeats
with repeated as (
  select send_id, sent_at_us, recipient, content_key, template_key, organization, copies_before, lag_us
  from repeats
  where grain = 'mail' and (copies_before > 0 or next_lag_us is not null)
)
select send_id, make_timestamp(sent_at_us) as sent_at, recipient, content_key, template_key, organization,
  copies_before, cast(lag_us as double) / 1000000 as lag_seconds,
  count(*) over (partition by recipient, content_key order by sent_at_us
    range between 60000000 preceding and current row) as copies_1m,
  count(*) over (partition by recipient, content_key order by sent_at_us
    range between 600000000 preceding and current row) as copies_10m,
  count(*) over (partition by recipient, content_key order by sent_at_us
    range between 3600000000 preceding and current row) as copies_1h,
  count(*) over (partition by recipient, content_key order by sent_at_us
    range between 86400000000 preceding and current row) as copies_1d,
  count(*) over (partition by recipient, content_key order by sent_at_us
    range between 604800000000 preceding and current row) as copies_7d
from repeated
