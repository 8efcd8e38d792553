-- Whose mail came again within a minute as did that of those before and after them in a great mailing: of 24 who got it one
-- after the other half did, or more if many of all did, so that it is no chance (one in a million). So it is where a second
-- run follows the first for a while; who stands twice in a list stands anywhere. Not where templates do so by nature, or on
-- five runs of days or more, or ten days, nor all of a mailing where posts may come two at a time. `alike_at_us`: when the
-- log had told of so many.
-- grain: recipient, content_key, started_us
-- reads: batches, repeats, template_numbers
with mailings as (
  select distinct b.template_key, b.window_start_us, b.is_again, t.kind
  from batches as b
  join template_numbers as t on t.template_key = b.template_key and t.kind in (0, 3, 4)
  where b.scope = 'all' and b.window_us = 900000000 and b.lag_bin = 15 and b.repeated > 11
    and substr(b.template_key, 1, 2) in ('t:', 's:', 'z:')
), copies as (
  select r.recipient, r.content_key, r.template_key, r.send_id, r.sent_at_us, r.sent_at_us + r.next_lag_us as again_us,
    r.next_known_us, m.window_start_us, m.is_again, m.kind,
    case when substr(r.template_key, 1, 2) <> 'z:' then r.content_key end as post,
    case when r.next_lag_us < 60000000 then 1 else 0 end as is_hit
  from mailings as m
  join repeats as r on r.template_key = m.template_key and r.sent_at_us - r.sent_at_us % 900000000 = m.window_start_us
    and m.is_again = (r.copies_before > 0)
), in_turn as (  -- runs through people, of one post: who gets two posts in one is in it once
  select *, case when sent_at_us - lag(sent_at_us) over (
      partition by template_key, window_start_us, post order by sent_at_us, send_id
    ) <= 10000000 then 0 else 1 end as begins
  from copies
), posted as (
  select *, sum(begins) over (
      partition by template_key, window_start_us, post order by sent_at_us, send_id
      rows between unbounded preceding and current row
    ) as run
  from in_turn
), placed as (
  select *, row_number() over (
      partition by template_key, window_start_us, post, run, recipient order by sent_at_us, send_id
    ) as place_in_run
  from posted
), counted as (
  select *, sum(is_hit) over (
      partition by template_key, window_start_us, is_again order by sent_at_us, send_id rows between 23 preceding and current row
    ) as hits, avg(is_hit) over (partition by template_key, window_start_us, is_again) as part,
    avg(case when place_in_run = 1 then is_hit end) over (partition by template_key, window_start_us, post, run) as part_of_run
  from placed
), stretched as (
  select *, cast(ceil(greatest(12, 9 + 30 * part)) as bigint) as enough, max(hits) over (
      partition by template_key, window_start_us, is_again order by sent_at_us, send_id rows between current row and 23 following
    ) as most
  from counted
), hit as (
  select *, count(*) over one_mailing as people, row_number() over (
      partition by template_key, window_start_us, is_again order by next_known_us, send_id
    ) as place
  from stretched
  where is_hit = 1 and most >= enough and (kind <> 3 or part_of_run <= 0.8)
  window one_mailing as (partition by template_key, window_start_us, is_again)
), days as (
  select distinct template_key, window_start_us - window_start_us % 86400000000 as day_us from hit
), spaced as (
  select *, case when day_us - lag(day_us) over (partition by template_key order by day_us) <= 86400000000 then 0 else 1 end
    as begins
  from days
), rare as (
  select template_key from spaced group by template_key having sum(begins) < 5 and count(*) < 10
), told as (
  select template_key, window_start_us, is_again, next_known_us as known_at_us from hit where place = enough
)
select h.recipient, h.content_key, h.template_key, min(h.sent_at_us) as started_us, max(h.again_us) as ended_us,
  count(*) + 1 as copies, false as is_even, 0 as own_days, 1 as most_elsewhere, 2 as enough_copies, max(h.people) as alike,
  min(t.known_at_us) as alike_at_us
from hit as h
join rare as r on r.template_key = h.template_key
join told as t on t.template_key = h.template_key and t.window_start_us = h.window_start_us and t.is_again = h.is_again
group by h.recipient, h.content_key, h.template_key, h.window_start_us, h.is_again
order by h.recipient, h.content_key, started_us, ended_us
