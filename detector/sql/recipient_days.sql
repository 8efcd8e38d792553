-- One person's day with one content: how many copies, and how many of them were followed by another in each lag bin;
-- beside it the same person's other days with the template (a shared inbox gets fifty alike every day).
-- Only days with three copies or more.
-- grain: recipient, content_key, day_us, lag_bin
-- reads: binned_repeats, repeats
with days as (
  select recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000 as day_us, count(*) as exposed
  from repeats
  where copies_before > 0 or next_lag_us is not null
  group by recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000
), busy as (
  select recipient, content_key, template_key, day_us, exposed from days where exposed >= 3
), followed as (
  select recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000 as day_us, lag_bin, count(*) as repeated
  from binned_repeats
  group by recipient, content_key, template_key, sent_at_us - sent_at_us % 86400000000, lag_bin
), own as (
  select d.recipient, d.template_key, d.day_us, sum(d.exposed) as exposed
  from days as d
  join (select distinct recipient, template_key from busy) as b
    on b.recipient = d.recipient and b.template_key = d.template_key
  group by d.recipient, d.template_key, d.day_us
), own_followed as (
  select f.recipient, f.template_key, f.lag_bin, f.day_us, sum(f.repeated) as repeated
  from followed as f
  join (select distinct recipient, template_key from busy) as b
    on b.recipient = f.recipient and b.template_key = f.template_key
  group by f.recipient, f.template_key, f.lag_bin, f.day_us
)
select b.recipient, b.content_key, b.template_key, b.day_us, f.lag_bin, b.exposed, f.repeated,
  coalesce((select sum(o.exposed) from own as o
    where o.recipient = b.recipient and o.template_key = b.template_key and o.day_us <> b.day_us), 0) as own_exposed,
  coalesce((select sum(o.repeated) from own_followed as o
    where o.recipient = b.recipient and o.template_key = b.template_key and o.lag_bin = f.lag_bin
      and o.day_us <> b.day_us), 0) as own_repeated
from busy as b
join followed as f on f.recipient = b.recipient and f.content_key = b.content_key and f.day_us = b.day_us
