-- Whose mail comes to everybody again and again: what three people or more were sent at times of their own came again to
-- all of them (and nine of ten of those who were sent it meanwhile) in every round of a timetable (half a day, a day, a
-- week), four or more, and was mostly of the same size, if that is known. A reminder spares who has done it, news has
-- another size, and who takes a digest gets the first one with the others, too. `enough_copies`: two rounds' more than the
-- own mail; `alike_at_us`: when the log had told of four rounds, of fifty copies in them, and of the next to three people.
-- In steps, each of which knows how few rows the one before left.
-- grain: recipient, content_key, started_us
-- reads: repeats, sends
create or replace temp table again_by_rounds as
with joined as (  -- a mail, a second one at another time of the round, and the third a round later
  select template_key, recipient, sent_at_us, lag_us,
    case when abs(next_lag_us - 43200000000) <= 3700000000 then 43200000000
      when abs(next_lag_us - 86400000000) <= 3700000000 then 86400000000
      when abs(next_lag_us - 604800000000) <= 3700000000 then 604800000000 end as period_us
  from repeats
  where copies_before = 1 and grain = 'mail' and substr(template_key, 1, 2) in ('t:', 's:')
), slots as (
  select template_key, period_us, sent_at_us % period_us // 1800000000 as slot, count(distinct recipient) as people,
    count(distinct (sent_at_us - lag_us) // 900000000) as times, min(sent_at_us) as began_us,
    count(*) as mails, sum(count(*)) over (partition by template_key, period_us) as of_all
  from joined
  where period_us is not null and lag_us between 1800000000 and period_us - 1800000000
  group by template_key, period_us, sent_at_us % period_us // 1800000000
)
select template_key, period_us, slot * 1800000000 + 900000000 as phase_us, began_us
from slots
where people > 2 and times > 2 and 2 * mails > of_all;
create or replace temp table again_in_rounds as
with phased as (
  select r.template_key, r.recipient, r.content_key, r.send_id, r.copies_before, r.sent_at_us, r.known_at_us, g.period_us,
    g.began_us, (r.sent_at_us - g.phase_us + 6000000000) // g.period_us as round,
    (r.sent_at_us - g.phase_us + 6000000000) % g.period_us as off_us
  from again_by_rounds as g
  join repeats as r on r.template_key = g.template_key and r.grain = 'mail' and r.sent_at_us >= g.began_us - g.period_us
)
select *, off_us <= 12000000000 and copies_before > 0 and sent_at_us >= began_us as is_in_round from phased;
with all_rounds as (
  select template_key, period_us, round, min(sent_at_us) as from_us,
    row_number() over (partition by template_key, period_us order by round desc) as from_last
  from again_in_rounds
  where is_in_round
  group by template_key, period_us, round having count(distinct recipient) > 2
), rounds as (
  select * from all_rounds where from_last > 1  -- the last one may still be under way
), mails as (
  select a.template_key, a.period_us, a.recipient, a.content_key, min(a.sent_at_us) as started_us, max(a.sent_at_us) as ended_us,
    count(*) as copies, count(distinct n.round) as rounds_got, coalesce(max(s.size) - min(s.size) <= 16, true) as is_same
  from again_in_rounds as a
  join sends as s on s.send_id = a.send_id
  left join rounds as n on n.template_key = a.template_key and n.period_us = a.period_us and n.round = a.round and a.is_in_round
  group by a.template_key, a.period_us, a.recipient, a.content_key having min(a.copies_before) = 0
), due as (
  select m.template_key, m.period_us, m.recipient, m.content_key, m.started_us, m.ended_us, m.copies, m.rounds_got, m.is_same,
    count(*) as rounds_due
  from mails as m
  join rounds as n on n.template_key = m.template_key and n.period_us = m.period_us and n.from_us > m.started_us + 600000000
  group by m.template_key, m.period_us, m.recipient, m.content_key, m.started_us, m.ended_us, m.copies, m.rounds_got, m.is_same
), judged as (
  select *, case when rounds_got >= rounds_due then 1 else 0 end as is_hit, sum(rounds_got) over one as all_got,
    min(case when rounds_got >= rounds_due and rounds_due > 2 then started_us end) over one as from_us,
    max(case when rounds_got >= rounds_due and rounds_due > 2 then started_us end) over one as until_us
  from due
  window one as (partition by template_key, period_us)
), found as (
  select template_key, period_us, count(distinct case when is_hit = 1 then recipient end) as people
  from judged
  where started_us between from_us and until_us
  group by template_key, period_us
  having avg(is_hit) >= 0.9 and avg(case when is_same then is_hit else 0 end) >= 0.7 and max(all_got) > 49 and max(rounds_due) > 3
), thirds as (  -- when the log told of a round's third person, and how many copies the rounds before had
  select a.template_key, a.period_us, n.from_last, a.known_at_us, row_number() over (
      partition by a.template_key, a.period_us, a.round order by a.known_at_us, a.send_id
    ) as place, count(*) over (partition by a.template_key, a.period_us order by a.round) - count(*) over (
      partition by a.template_key, a.period_us, a.round
    ) as copies_before, max(n.from_last) over (partition by a.template_key, a.period_us) - n.from_last as rounds_before
  from again_in_rounds as a
  join all_rounds as n on n.template_key = a.template_key and n.period_us = a.period_us and n.round = a.round and a.is_in_round
), told as (
  select template_key, period_us, min(known_at_us) as known_at_us
  from thirds
  where place > 2 and copies_before > 49 and rounds_before > 3
  group by template_key, period_us
)
select h.recipient, h.content_key, h.template_key, h.started_us, h.ended_us, h.copies, true as is_even, 0 as own_days,
  1 as most_elsewhere, 3 as enough_copies, f.people as alike, t.known_at_us as alike_at_us
from judged as h
join found as f on f.template_key = h.template_key and f.period_us = h.period_us and f.people > 2
join told as t on t.template_key = h.template_key and t.period_us = h.period_us
where h.rounds_got > 1 and h.started_us between h.from_us and h.until_us
order by h.recipient, h.content_key
