-- The very same message, by its Message-ID, to the same person again after a minute to six hours: no program gives an id
-- twice, but a server does whose answers the sender waits for in vain. With no rest of a day: three people or more of one
-- organization, or of whoever it is with no rest of two hours, five messages or more, and more than went out again here and
-- there; not if it happens all the time.
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
  select *, coalesce(organization, '') as client from sent where lag_us between 60000000 and 21600000000 and organization is not null
  union all
  select *, '*' from sent where lag_us between 60000000 and 21600000000
), spaced as (
  select *, case when sent_at_us - lag(sent_at_us) over (partition by client order by sent_at_us, send_id)
      <= case when client = '*' then 7200000000 else 86400000000 end then 0 else 1 end as begins
  from again
), numbered as (
  select *, sum(begins) over (
      partition by client order by sent_at_us, send_id rows between unbounded preceding and current row
    ) as number
  from spaced
), told as (
  select client, number, recipient, message_id, min(known_at_us) as known_at_us, row_number() over (
      partition by client, number order by min(known_at_us), recipient, message_id
    ) as place, case when row_number() over (
      partition by client, number, recipient order by min(known_at_us), message_id
    ) = 1 then 1 else 0 end as is_first
  from numbered
  group by client, number, recipient, message_id
), counted as (
  select *, sum(is_first) over (
      partition by client, number order by place rows between unbounded preceding and current row
    ) as people
  from told
), sessions as (
  select client, number, max(people) as people, count(*) as messages, client = '*' as is_of_all,
    min(case when place > 4 and people > 2 then known_at_us end) as known_at_us
  from counted
  group by client, number
  having max(people) > 2 and count(*) > 4
), others as (
  select client = '*' as is_of_all, count(*) as messages from told group by client = '*'
), compared as (
  select s.*, o.messages - sum(s.messages) over (partition by s.is_of_all) as rest, count(*) over (partition by s.is_of_all) as all_sessions
  from sessions as s
  join others as o on o.is_of_all = s.is_of_all
), found as (
  select client, number, people, known_at_us from compared where all_sessions < 5 and messages > rest
), copies as (
  select f.client, f.number, f.people, f.known_at_us, n.send_id, n.recipient, n.message_id, n.sent_at_us, n.lag_us,
    min(n.sent_at_us) over (partition by f.client, f.number) as began_us,
    row_number() over (partition by n.send_id order by f.people desc, f.client desc) as place
  from found as f
  join numbered as n on n.client = f.client and n.number = f.number
)
select c.recipient, r.content_key, r.template_key, min(c.sent_at_us - c.lag_us) as started_us, max(c.sent_at_us) as ended_us,
  count(*) + 1 as copies, false as is_even, 0 as own_days, 1 as most_elsewhere, 2 as enough_copies, max(c.people) as alike,
  max(c.known_at_us) as alike_at_us, min(c.began_us) as server_us
from copies as c
join repeats as r on r.send_id = c.send_id and r.lag_us = c.lag_us
  and (r.grain = 'mail' or substr(r.template_key, 1, 2) = 'i:')
where c.place = 1
group by c.recipient, c.message_id, r.content_key, r.template_key
order by c.recipient, r.content_key, started_us, ended_us
