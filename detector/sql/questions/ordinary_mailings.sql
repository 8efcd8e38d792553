-- Of the batches beyond the usual, those that are ordinary mailings after all, because nine in ten of their repeats are.
-- Either the mail was edited: in a mailing of it within twenty hours three people or more got it longer or shorter than the
-- time before, all by the same number of bytes, as no copy is (an invitation that is moved twice may be as long again); by
-- more than three, for a date may be longer, but where only sizes are known, on one day, five by any. Or it is the smaller
-- part of a mailing, in another language perhaps: in the same quarter of an hour the same sender repeated what it had sent
-- in the same quarter to four times as many people, and nothing in that is beyond the usual.
-- grain: place
-- reads: kins, lag_bins, repeats, sends, suspected
with templates as (
  select template_key as alarmed_key, template_key from suspected
  union
  select k.kin_key, k.template_key from kins as k join suspected as a on a.template_key = k.kin_key
), copies as (
  select r.template_key, r.content_key, r.recipient, r.organization, r.sender, r.sent_at_us, r.lag_us, r.copies_before,
    s.size - lag(s.size) over (partition by r.recipient, r.content_key order by r.sent_at_us, r.send_id) as longer,
    case when substr(r.content_key, 1, 2) = 'z:' then r.template_key else r.content_key end as mail  -- those are of one person
  from repeats as r
  join sends as s on s.send_id = r.send_id
  where r.template_key in (select template_key from templates)
), again as (
  select *, sent_at_us - sent_at_us % 900000000 as later_us,
    sent_at_us - lag_us - (sent_at_us - lag_us) % 900000000 as earlier_us
  from copies
  where copies_before > 0 and lag_us < 72000000000
), edited as (
  select mail, later_us
  from again
  group by mail, earlier_us, later_us
  having count(*) = count(longer) and (
    count(*) > 2 and max(longer) - min(longer) <= 2 and min(abs(longer)) > 3 or count(*) > 4 and substr(mail, 1, 2) = 'z:'
      and max(longer) = min(longer) and min(longer) <> 0 and later_us - later_us % 86400000000 <= earlier_us)
), mailings as (
  select template_key, sender, earlier_us, later_us, count(*) as people from again group by template_key, sender, earlier_us, later_us
), ordinary as (
  select m.sender, m.earlier_us, m.later_us, count(*) as people
  from (select distinct sender, earlier_us, later_us from mailings) as m
  join repeats as r on r.sender = m.sender and r.sent_at_us - r.sent_at_us % 900000000 = m.later_us
    and r.sent_at_us - r.lag_us - (r.sent_at_us - r.lag_us) % 900000000 = m.earlier_us
  where r.grain = 'mail' and (r.template_key not in (select template_key from templates) or exists (
    select 1 from edited as e where e.mail in (r.content_key, r.template_key) and abs(e.later_us - m.later_us) < 72000000000
  ))
  group by m.sender, m.earlier_us, m.later_us
), parts as (
  select m.template_key, m.earlier_us, m.later_us
  from mailings as m
  join ordinary as o on o.sender = m.sender and o.earlier_us = m.earlier_us and o.later_us = m.later_us
  where o.people >= 4 * m.people
), repeated as (
  select a.place, g.template_key, g.mail, g.content_key, g.recipient, g.earlier_us, g.later_us
  from suspected as a
  join templates as t on t.alarmed_key = a.template_key
  join again as g on g.template_key = t.template_key
    and (a.scope = 'all' or g.organization is not distinct from a.organization)
    and a.window_start_us = case when a.cut_by = 'later' then g.sent_at_us - g.sent_at_us % a.window_us
      else g.sent_at_us - g.lag_us - (g.sent_at_us - g.lag_us) % a.window_us end
  join lag_bins as b on b.lag_bin between a.from_bin and a.until_bin and g.lag_us >= b.from_us and g.lag_us < b.until_us
  where a.cut_by = 'later' or a.is_again = (g.copies_before > 1)
), judged as (
  select r.place, r.recipient, r.content_key, r.later_us, max(case when e.mail is not null then 1 else 0 end) as is_edited,
    max(case when p.template_key is not null then 1 else 0 end) as is_part
  from repeated as r
  left join edited as e on e.mail = r.mail and abs(e.later_us - r.later_us) < 72000000000
  left join parts as p on p.template_key = r.template_key and p.earlier_us = r.earlier_us and p.later_us = r.later_us
  group by r.place, r.recipient, r.content_key, r.later_us
)
select place
from judged
group by place
having 10 * sum(is_edited) >= 9 * count(*) or 10 * sum(is_part) >= 9 * count(*)
order by place
