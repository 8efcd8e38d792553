-- One person's day with one content: how many copies, and how many of them were followed by another in each lag bin.
-- Beside it what is usual: the same person's other days with the template (a shared inbox gets fifty alike every day;
-- the days next to this one are left out, a flood does not stop at midnight), and how many they are. Only days with
-- three copies or more.
-- grain: recipient, content_key, day_us, lag_bin
-- reads: binned_repeats, repeats
with busy as (  -- each copy of such a day has another one near
  select recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000 as day_us, count(*) as exposed
  from repeats
  where lag_us < 86400000000 or next_lag_us < 86400000000
  group by recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000
  having count(*) >= 3
), mine as (
  select distinct recipient, template_key from busy
), days as (
  select r.recipient, r.content_key, r.template_key, r.sent_at_us - r.sent_at_us % 86400000000 as day_us, count(*) as exposed
  from repeats as r
  join mine as m on m.recipient = r.recipient and m.template_key = r.template_key
  where r.copies_before > 0 or r.next_lag_us is not null
  group by r.recipient, r.content_key, r.template_key, r.sent_at_us - r.sent_at_us % 86400000000
), followed as (
  select b.recipient, b.content_key, b.template_key, b.sent_at_us - b.sent_at_us % 86400000000 as day_us, b.lag_bin,
    count(*) as repeated
  from binned_repeats as b
  join mine as m on m.recipient = b.recipient and m.template_key = b.template_key
  group by b.recipient, b.content_key, b.template_key, b.sent_at_us - b.sent_at_us % 86400000000, b.lag_bin
), own as (
  select b.recipient, b.content_key, b.day_us, sum(d.exposed) as exposed, count(distinct d.day_us) as days
  from busy as b
  join days as d on d.recipient = b.recipient and d.template_key = b.template_key
    and (d.day_us < b.day_us - 86400000000 or d.day_us > b.day_us + 86400000000)
  group by b.recipient, b.content_key, b.day_us
), own_followed as (
  select b.recipient, b.content_key, b.day_us, f.lag_bin, sum(f.repeated) as repeated
  from busy as b
  join followed as f on f.recipient = b.recipient and f.template_key = b.template_key
    and (f.day_us < b.day_us - 86400000000 or f.day_us > b.day_us + 86400000000)
  group by b.recipient, b.content_key, b.day_us, f.lag_bin
)
select b.recipient, b.content_key, b.template_key, b.day_us, f.lag_bin, b.exposed, f.repeated,
  cast(coalesce(o.exposed, 0) as bigint) as own_exposed, cast(coalesce(w.repeated, 0) as bigint) as own_repeated,
  coalesce(o.days, 0) as own_days
from busy as b
join followed as f on f.recipient = b.recipient and f.content_key = b.content_key and f.day_us = b.day_us
left join own as o on o.recipient = b.recipient and o.content_key = b.content_key and o.day_us = b.day_us
left join own_followed as w on w.recipient = b.recipient and w.content_key = b.content_key and w.day_us = b.day_us
  and w.lag_bin = f.lag_bin
