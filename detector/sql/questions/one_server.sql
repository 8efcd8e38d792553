-- What came again to the people of one organization after one and the same pause, whatever it was: so does a mail server
-- whose answers come too late for the sender, which tries again after its timeout. With no rest of four hours, and most
-- pauses alike: five people or more, twelve copies of several templates, fewer to all others together, and of a quarter
-- to nine tenths of all mail to them meanwhile, ten mails or more, which went out in the six hours before, few copies each.
-- Not what is repeated so on ten days or more. `alike_at_us`: when the log told of the twelfth copy; `server_us`: the first.
-- In steps, each of which knows how few rows the one before left.
-- grain: recipient, content_key, started_us
-- reads: recipient_episodes, repeats
create or replace temp table paused_copies as
with habitual as (
  select template_key from repeats
  where grain = 'mail' and next_lag_us between 60000000 and 3600000000
  group by template_key
  having count(distinct sent_at_us - sent_at_us % 86400000000) >= 10
)
select organization, recipient, content_key, template_key, sent_at_us, known_at_us, lag_us
from repeats
where copies_before > 0 and grain = 'mail' and lag_us between 60000000 and 3600000000
  and template_key not in (select template_key from habitual);
create or replace temp table alike_pauses as
select r.*, s.step, cast(floor(ln(r.lag_us) / 0.5 + s.step) as bigint) as pause
from paused_copies as r
join recipient_episodes as e on e.recipient = r.recipient and e.content_key = r.content_key
  and r.sent_at_us > e.started_us and r.sent_at_us <= e.ended_us and r.sent_at_us - e.started_us <= 21600000000
cross join (select 0.0 as step union all select 0.5) as s;
create or replace temp table suspected_servers as
with spaced as (
  select *, case when sent_at_us - lag(sent_at_us) over of_one <= 14400000000 then 0 else 1 end as begins
  from alike_pauses
  where organization is not null
  window of_one as (partition by organization, step, pause order by sent_at_us, recipient, content_key)
), numbered as (
  select *, sum(begins) over (
      partition by organization, step, pause order by sent_at_us, recipient, content_key
      rows between unbounded preceding and current row
    ) as number
  from spaced
), sessions as (
  select organization, step, pause, number, min(sent_at_us) as began_us, max(sent_at_us) as stopped_us,
    count(*) as copies, exp(avg(ln(lag_us))) as pause_us
  from numbered
  group by organization, step, pause, number
  having count(distinct recipient) > 4 and count(*) > 11 and count(distinct template_key) > 1
), widest as (
  select s.organization, s.began_us, s.stopped_us, s.copies, s.pause_us
  from sessions as s
  left join sessions as o on o.organization = s.organization and o.began_us <= s.stopped_us and o.stopped_us >= s.began_us
    and (o.copies > s.copies or o.copies = s.copies and (o.pause < s.pause or o.pause = s.pause and o.step < s.step))
  where o.organization is null
)
select w.organization, w.began_us, w.stopped_us, w.pause_us
from widest as w
join alike_pauses as e on e.step = 0.0 and e.lag_us between w.pause_us / 1.2 and 1.2 * w.pause_us
  and e.sent_at_us between w.began_us and w.stopped_us
group by w.organization, w.began_us, w.stopped_us, w.pause_us, w.copies
having 2 * w.copies >= count(*);
with mails as (
  select s.organization, s.began_us, count(*) as mails
  from suspected_servers as s
  join repeats as r on r.organization = s.organization and r.copies_before = 0 and r.grain = 'mail'
    and r.sent_at_us between s.began_us - 3600000000 and s.stopped_us
  group by s.organization, s.began_us
), hit as (
  select s.organization, s.began_us, e.recipient, e.content_key, e.sent_at_us, e.known_at_us,
    row_number() over (partition by s.organization, s.began_us order by e.sent_at_us, e.recipient, e.content_key) as place,
    count(*) over (partition by s.organization, s.began_us, e.template_key) as of_template
  from suspected_servers as s
  join alike_pauses as e on e.organization = s.organization and e.step = 0.0 and e.lag_us between s.pause_us / 1.5 and 1.5 * s.pause_us
    and e.sent_at_us between s.began_us - 3600000000 and s.stopped_us + 3600000000
), told as (
  select organization, began_us, max(case when place = 12 then known_at_us end) as known_at_us,
    count(distinct recipient || ' ' || content_key) as mails, count(distinct recipient) as people, count(*) as copies,
    max(of_template) as of_one_template
  from hit
  group by organization, began_us
)
select e.recipient, e.content_key, e.template_key, e.started_us, e.ended_us, e.copies, e.is_even, e.own_days,
  1 as most_elsewhere, 2 as enough_copies, max(t.people) as alike, max(t.known_at_us) as alike_at_us,
  min(h.began_us) as server_us
from hit as h
join told as t on t.organization = h.organization and t.began_us = h.began_us
join mails as m on m.organization = h.organization and m.began_us = h.began_us
join recipient_episodes as e on e.recipient = h.recipient and e.content_key = h.content_key
  and h.sent_at_us > e.started_us and h.sent_at_us <= e.ended_us
where t.mails > 9 and t.copies <= 5 * t.mails and t.of_one_template <= 0.85 * t.copies
  and t.mails between 0.25 * m.mails and 0.9 * m.mails
group by e.recipient, e.content_key, e.template_key, e.started_us, e.ended_us, e.copies, e.is_even, e.own_days
order by e.recipient, e.content_key, e.started_us
