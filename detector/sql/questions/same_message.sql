-- The very same message, by its Message-ID, to the same person again after a minute to six hours: no program gives an id
-- twice, but a server does whose answers the sender waits for in vain. With no rest of a day: three people or more of one
-- organization, five messages or more, and more than went out again here and there; not if it happens all the time.
-- `alike_at_us`: when the log had told of so many; `server_us`: the first copy.
-- grain: recipient, content_key, started_us
-- reads: repeats, same_ids, sends
with sent as (
  select s.send_id, s.organization, s.recipient, s.message_id, s.sent_at_us, s.known_at_us, s.sent_at_us - lag(s.sent_at_us)
    over (partition by s.recipient, s.sender, s.message_id order by s.sent_at_us, s.send_id) as lag_us
  from sends as s
  join same_ids as i on i.recipient = s.recipient and i.sender = s.sender and i.message_id = s.message_id
  where s.outcome <> 'dropped'
), again as (
  select *, case when sent_at_us - lag(sent_at_us) over (partition by organization order by sent_at_us, send_id) <= 86400000000
    then 0 else 1 end as begins
  from sent
  where lag_us between 60000000 and 21600000000
), numbered as (
  select *, sum(begins) over (
      partition by organization order by sent_at_us, send_id rows between unbounded preceding and current row
    ) as number
  from again
  where organization is not null
), told as (
  select organization, number, recipient, message_id, min(known_at_us) as known_at_us, row_number() over (
      partition by organization, number order by min(known_at_us), recipient, message_id
    ) as place, case when row_number() over (
      partition by organization, number, recipient order by min(known_at_us), message_id
    ) = 1 then 1 else 0 end as is_first
  from numbered
  group by organization, number, recipient, message_id
), counted as (
  select *, sum(is_first) over (
      partition by organization, number order by place rows between unbounded preceding and current row
    ) as people
  from told
), sessions as (
  select organization, number, max(people) as people, count(*) as messages,
    min(case when place > 4 and people > 2 then known_at_us end) as known_at_us
  from counted
  group by organization, number
  having max(people) > 2 and count(*) > 4
), found as (
  select s.organization, s.number, s.people, s.known_at_us
  from sessions as s
  where (select count(*) from sessions) < 5
    and s.messages > (select count(*) from told) - (select sum(messages) from sessions)
), copies as (
  select f.organization, f.number, f.people, f.known_at_us, n.send_id, n.recipient, n.message_id, n.sent_at_us, n.lag_us,
    min(n.sent_at_us) over (partition by f.organization, f.number) as began_us
  from found as f
  join numbered as n on n.organization = f.organization and n.number = f.number
)
select c.recipient, r.content_key, r.template_key, min(c.sent_at_us - c.lag_us) as started_us, max(c.sent_at_us) as ended_us,
  count(*) + 1 as copies, false as is_even, 0 as own_days, 1 as most_elsewhere, 2 as enough_copies, max(c.people) as alike,
  max(c.known_at_us) as alike_at_us, min(c.began_us) as server_us
from copies as c
join repeats as r on r.send_id = c.send_id and r.lag_us = c.lag_us
  and (r.grain = 'mail' or substr(r.template_key, 1, 2) = 'i:')
group by c.recipient, c.message_id, r.content_key, r.template_key
order by c.recipient, r.content_key, started_us, ended_us
