-- Who of the suspects got mail that is about other people's: at least nine of ten of the copies went out within two
-- seconds of somebody's first copy of the same mail, as a blind copy does, or within ten of a first copy of any mail to
-- somebody else of the same organization or of the same mail to anybody, as the notices to its HR office or the mails to
-- an address that several share do when a group is enrolled. And no two others got it three times meanwhile, as from a
-- list that grows.
-- grain: recipient, content_key
-- reads: repeats, suspects
with copies as (
  select distinct s.recipient, s.content_key, s.from_us, s.until_us, r.sent_at_us, r.organization,
    (r.sent_at_us - r.sent_at_us % 10000000) / 10000000 as moment
  from suspects as s
  join repeats as r on r.recipient = s.recipient and r.content_key = s.content_key
    and r.sent_at_us >= s.from_us and r.sent_at_us <= s.until_us
), spans as (
  select min(from_us) - 20000000 as from_us, max(until_us) + 20000000 as until_us from suspects
), firsts as (
  select r.content_key, r.organization, r.recipient, (r.sent_at_us - r.sent_at_us % 10000000) / 10000000 + s.step as moment
  from repeats as r
  cross join (select -1 as step union all select 0 union all select 1) as s
  where r.copies_before = 0 and r.grain = 'mail' and r.sent_at_us between (select from_us from spans) and (select until_us from spans)
    and (r.content_key in (select content_key from suspects) or r.organization in (select organization from copies))
), beside as (
  select c.recipient, c.content_key, c.from_us, c.sent_at_us, f.recipient as other, f.content_key as other_content
  from copies as c
  join firsts as f on f.moment = c.moment and f.content_key = c.content_key
  where f.recipient <> c.recipient
  union
  select c.recipient, c.content_key, c.from_us, c.sent_at_us, f.recipient, f.content_key
  from copies as c
  join firsts as f on f.moment = c.moment and f.organization = c.organization
  where f.recipient <> c.recipient
), ridden as (
  select c.recipient, c.content_key, c.from_us, count(distinct c.sent_at_us) as copies,
    count(distinct b.sent_at_us) as copies_beside, count(distinct b.other || ' ' || b.other_content) as others
  from copies as c
  left join beside as b on b.recipient = c.recipient and b.content_key = c.content_key and b.from_us = c.from_us
    and b.sent_at_us = c.sent_at_us
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
