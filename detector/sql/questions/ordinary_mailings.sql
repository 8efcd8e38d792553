-- Of the batches beyond the usual, those that are ordinary mailings after all, because nine in ten of their repeats are.
-- Either the mail was edited: in a mailing of it within twenty hours three people or more got it longer or shorter than ten
-- minutes or hours before, by more than three bytes (a date may be longer) and nearly the same number for all of them (what is
-- moved again may be as long as the time before). Or it is the smaller part of a mailing, in another language perhaps: in the
-- same quarter of an hour the same sender repeated what it had sent in the same quarter under another name to four times
-- as many people, and nothing in that is beyond the usual.
-- grain: place
-- reads: kins, lag_bins, repeats, sends, suspected
with templates as (
  select template_key as alarmed_key, template_key from suspected
  union
  select k.kin_key, k.template_key from kins as k join suspected as a on a.template_key = k.kin_key
), asked as (  -- the bins of each are one span of lags
  select a.*, (select min(from_us) from lag_bins where lag_bin >= a.from_bin) as from_us,
    (select max(until_us) from lag_bins where lag_bin <= a.until_bin) as until_us from suspected as a
), repeated as (
  select a.place, r.template_key, r.content_key, r.recipient, r.sender, r.sent_at_us - r.sent_at_us % 900000000 as later_us,
    r.sent_at_us - r.lag_us - (r.sent_at_us - r.lag_us) % 900000000 as earlier_us
  from repeats as r
  join templates as t on t.template_key = r.template_key
  cross join (select distinct cut_by, window_us from suspected) as w
  join asked as a on a.template_key = t.alarmed_key and a.cut_by = w.cut_by and a.window_us = w.window_us
    and a.window_start_us = case when w.cut_by = 'later' then r.sent_at_us - r.sent_at_us % w.window_us
      else r.sent_at_us - r.lag_us - (r.sent_at_us - r.lag_us) % w.window_us end
    and (a.scope = 'all' or r.organization is not distinct from a.organization)
    and r.lag_us >= a.from_us and r.lag_us < a.until_us
  where r.copies_before > 0 and (a.cut_by = 'later' or a.is_again = (r.copies_before > 1))
), beside as (  -- what was repeated in the same quarters of an hour
  select r.template_key, r.content_key, r.recipient, r.sender, r.grain, r.lag_us, m.earlier_us, m.later_us
  from repeats as r
  join (select distinct sender, earlier_us, later_us from repeated) as m
    on m.sender = r.sender and m.later_us = r.sent_at_us - r.sent_at_us % 900000000
      and m.earlier_us = r.sent_at_us - r.lag_us - (r.sent_at_us - r.lag_us) % 900000000
), places as (
  select distinct content_key, later_us - later_us % 86400000000 as day_us from repeated
  union
  select content_key, later_us - later_us % 86400000000 from beside
  where template_key in (select template_key from templates)
), days as (  -- those in which anything lies that was edited within twenty hours, and the copy before
  select distinct content_key, day_us + n * 86400000000 as day_us
  from places
  cross join (values (-2), (-1), (0), (1)) as near (n)
), sizes as (
  select r.content_key, r.recipient, r.sent_at_us, r.lag_us, r.send_id, s.size
  from repeats as r
  join days as d on d.content_key = r.content_key and d.day_us = r.sent_at_us - r.sent_at_us % 86400000000
  join sends as s on s.send_id = r.send_id
  where r.lag_us between 600000000 and 72000000000 or r.next_lag_us between 600000000 and 72000000000
), copies as (
  select content_key, recipient, sent_at_us, lag_us,
    case when lag(sent_at_us) over one_mail = sent_at_us - lag_us then size - lag(size) over one_mail end as longer
  from sizes
  window one_mail as (partition by recipient, content_key order by sent_at_us, send_id)
), edited as (
  select content_key, sent_at_us - sent_at_us % 900000000 as later_us
  from copies
  where lag_us between 600000000 and 72000000000
  group by content_key, sent_at_us - lag_us - (sent_at_us - lag_us) % 900000000, sent_at_us - sent_at_us % 900000000
  having count(distinct recipient) > 2 and count(*) = count(longer) and max(longer) - min(longer) <= 2
    and min(abs(longer)) > 3
), mailings as (
  select template_key, sender, earlier_us, later_us, count(distinct recipient) as people
  from beside
  where lag_us < 72000000000 and template_key in (select template_key from templates)
  group by template_key, sender, earlier_us, later_us
), ordinary as (
  select b.sender, b.earlier_us, b.later_us, b.template_key, count(distinct b.recipient) as people
  from beside as b
  where b.grain = 'mail' and (b.template_key not in (select template_key from templates) or exists (
    select 1 from edited as e where e.content_key = b.content_key and abs(e.later_us - b.later_us) < 72000000000
  ))
  group by b.sender, b.earlier_us, b.later_us, b.template_key
), parts as (
  select distinct m.template_key, m.earlier_us, m.later_us
  from mailings as m
  join ordinary as o on o.sender = m.sender and o.earlier_us = m.earlier_us and o.later_us = m.later_us
  where o.people >= 4 * m.people
), judged as (
  select r.place, r.recipient, r.content_key, r.later_us, max(case when e.content_key is not null then 1 else 0 end) as is_edited,
    max(case when p.template_key is not null then 1 else 0 end) as is_part
  from repeated as r
  left join edited as e on e.content_key = r.content_key and abs(e.later_us - r.later_us) < 72000000000
  left join parts as p on p.template_key = r.template_key and p.earlier_us = r.earlier_us and p.later_us = r.later_us
  group by r.place, r.recipient, r.content_key, r.later_us
)
select place
from judged
group by place
having 10 * sum(is_edited) >= 9 * count(*) or 10 * sum(is_part) >= 9 * count(*)
order by place
