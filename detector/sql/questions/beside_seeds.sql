-- The repeats of the templates of bursts, and of those that are akin to them, that came again while the burst went on, or
-- a quarter of an hour before or after; with the columns that `binned_repeats` is made of.
-- grain: send_id, content_key
-- reads: burst_seeds, kins, repeats
with spans as (
  select template_key, min(repeated_at_us) - 900000000 as from_us, max(repeated_at_us) + 900000000 as until_us
  from burst_seeds
  group by template_key, burst_number
), wanted as (
  select template_key, from_us, until_us from spans
  union all
  select k.template_key, s.from_us, s.until_us from spans as s join kins as k on k.kin_key = s.template_key
), hours as (  -- nearly all repeats are of other hours, and a join by equality leaves them out at once
  select distinct template_key, unnest(range(from_us // 3600000000, until_us // 3600000000 + 1)) as hour from wanted
), near as (
  select r.send_id, r.recipient, r.organization, r.content_key, r.template_key, r.copies_before, r.sent_at_us,
    r.next_lag_us, r.next_known_us
  from repeats as r
  semi join hours as h on h.template_key = r.template_key and h.hour = (r.sent_at_us + r.next_lag_us) // 3600000000
)
select n.* from near as n
where exists (
  select 1 from wanted as w
  where w.template_key = n.template_key and n.sent_at_us + n.next_lag_us between w.from_us and w.until_us
)
