-- Of the batches beyond the usual, those that are ordinary mailings after all, because nine in ten of their repeats are.
-- Either the mail was edited: in a mailing of it within twenty hours three people or more got it longer or shorter than ten
-- minutes or hours before, by more than three bytes (a date may be longer) and nearly the same number for all of them (what is
-- moved again may be as long as the time before). Or it is the smaller part of a mailing, in another language perhaps: in the
-- same quarter of an hour the same sender repeated what it had sent in the same quarter under another name to four times as
-- many people, and nothing in that is beyond the usual.
-- grain: place
-- reads: kins, lag_bins, repeats, sends, suspected
with templates as (
  select template_key as alarmed_key, template_key from suspected
  union
  select k.kin_key, k.template_key from kins as k join suspected as a on a.template_key = k.kin_key
), spans as (  -- with two days before and after, for what is edited is so within twenty hours
  select t.template_key, min(a.window_start_us) - 172800000000 as from_us,
    max(a.window_start_us + a.window_us) + 172800000000 as until_us
  from suspected as a
  join templates as t on t.alarmed_key = a.template_key
  group by t.template_key
), copies as (
  select r.template_key, r.content_key, r.recipient, r.organization, r.sender, r.sent_at_us, r.lag_us, r.copies_before,
    s.size - lag(s.size) over (partition by r.recipient, r.content_key order by r.sent_at_us, r.send_id) as longer
  from repeats as r
  join spans as p on p.template_key = r.template_key and (r.sent_at_us between p.from_us and p.until_us
    or r.sent_at_us - r.lag_us between p.from_us and p.until_us)
  join sends as s on s.send_id = r.send_id
), again as (
  select *, sent_at_us - sent_at_us % 900000000 as later_us,
    sent_at_us - lag_us - (sent_at_us - lag_us) % 900000000 as earlier_us
  from copies
  where copies_before > 0
), edited as (
  select content_key, later_us
  from again
  where lag_us between 600000000 and 72000000000
  group by content_key, earlier_us, later_us
  having count(distinct recipient) > 2 and count(*) = count(longer) and max(longer) - min(longer) <= 2
    and min(abs(longer)) > 3
), mailings as (
  select template_key, sender, earlier_us, later_us, count(distinct recipient) as people
  from again
  where lag_us < 72000000000
  group by template_key, sender, earlier_us, later_us
), ordinary as (
  select m.sender, m.earlier_us, m.later_us, r.template_key, count(distinct r.recipient) as people
  from (select distinct sender, earlier_us, later_us from mailings) as m
  join repeats as r on r.sender = m.sender and r.sent_at_us - r.sent_at_us % 900000000 = m.later_us
    and r.sent_at_us - r.lag_us - (r.sent_at_us - r.lag_us) % 900000000 = m.earlier_us
  where r.grain = 'mail' and (r.template_key not in (select template_key from templates) or exists (
    select 1 from edited as e where e.content_key = r.content_key and abs(e.later_us - m.later_us) < 72000000000
  ))
  group by m.sender, m.earlier_us, m.later_us, r.template_key
), parts as (
  select distinct m.template_key, m.earlier_us, m.later_us
  from mailings as m
  join ordinary as o on o.sender = m.sender and o.earlier_us = m.earlier_us and o.later_us = m.later_us
  where o.people >= 4 * m.people
), repeated as (
  select a.place, g.template_key, g.content_key, g.recipient, g.earlier_us, g.later_us
  from suspected as a
  join templates as t on t.alarmed_key = a.template_key
  join again as g on g.template_key = t.template_key
    and (a.scope = 'all' or g.organization is not distinct from a.organization)
    and a.window_start_us = case when a.cut_by = 'later' then g.sent_at_us - g.sent_at_us % a.window_us
      else g.sent_at_us - g.lag_us - (g.sent_at_us - g.lag_us) % a.window_us end
  join lag_bins as b on b.lag_bin between a.from_bin and a.until_bin and g.lag_us >= b.from_us and g.lag_us < b.until_us
  where a.cut_by = 'later' or a.is_again = (g.copies_before > 1)
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
