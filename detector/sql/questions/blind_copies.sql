-- Who of the suspects got a blind copy of other people's mail: at least nine of ten of the copies went out within two
-- seconds of somebody's first copy of the same mail, and no two others got it three times meanwhile, as from a list
-- that grows.
-- grain: recipient, content_key
-- reads: repeats, suspects
with copies as (
  select distinct s.recipient, s.content_key, s.from_us, s.until_us, r.sent_at_us,
    (r.sent_at_us - r.sent_at_us % 2000000) / 2000000 as moment
  from suspects as s
  join repeats as r on r.recipient = s.recipient and r.content_key = s.content_key
    and r.sent_at_us >= s.from_us and r.sent_at_us <= s.until_us
), firsts as (
  select r.content_key, r.recipient, (r.sent_at_us - r.sent_at_us % 2000000) / 2000000 + s.step as moment
  from repeats as r
  cross join (select -1 as step union all select 0 union all select 1) as s
  where r.copies_before = 0 and r.content_key in (select content_key from suspects)
), ridden as (
  select c.recipient, c.content_key, c.from_us, count(distinct c.sent_at_us) as copies,
    count(distinct case when f.recipient is not null then c.sent_at_us end) as copies_beside,
    count(distinct f.recipient) as others
  from copies as c
  left join firsts as f on f.content_key = c.content_key and f.moment = c.moment and f.recipient <> c.recipient
  group by c.recipient, c.content_key, c.from_us
), also_again as (
  select s.recipient, s.content_key, s.from_us, r.recipient as other
  from suspects as s
  join repeats as r on r.content_key = s.content_key and r.recipient <> s.recipient
    and r.sent_at_us >= s.from_us and r.sent_at_us <= s.until_us
  group by s.recipient, s.content_key, s.from_us, r.recipient
  having count(*) > 2
), crowds as (
  select recipient, content_key, from_us from also_again group by recipient, content_key, from_us having count(*) > 1
)
select distinct r.recipient, r.content_key
from ridden as r
left join crowds as c on c.recipient = r.recipient and c.content_key = r.content_key and c.from_us = r.from_us
where c.recipient is null and least(r.copies_beside, r.others) >= 0.9 * r.copies
