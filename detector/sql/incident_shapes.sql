-- What tells a second mailing on purpose from a fault: whether of each mail there was one extra copy, and whether what
-- was sent is a mailing, written to everybody (of the organizations that were hit) on one day. On the rung of sender and
-- size nobody can tell who else was sent it: there `mails_of_one_day` must do, those that had gone out within half a day
-- of the middle one. `people_reached`: who got a first copy from the run that repeated it to others, as it went on: from the
-- first tenth of the repeats on, and half as long after the last, or a minute. `doubt_until_us` is when the log told of a
-- third copy to a tenth of the people.
-- grain: incident_id
-- reads: incident_countdowns, incident_mail, incident_repeats, repeats
with copies as (
  select i.incident_id, i.recipient, i.organization, i.template_key, i.content_key, i.sent_at_us, i.lag_us, r.known_at_us,
    row_number() over (
      partition by i.incident_id, i.recipient, i.content_key order by i.sent_at_us, i.send_id
    ) as extra
  from incident_repeats as i
  join incident_mail as r on r.send_id = i.send_id and r.content_key = i.content_key
), middles as (
  select incident_id, percentile_cont(0.5) within group (order by sent_at_us - lag_us) as middle_us
  from copies
  where extra = 1
  group by incident_id
), mails as (
  select incident_id, recipient, content_key, count(*) as excess
  from copies
  group by incident_id, recipient, content_key
), spans as (
  select incident_id, count(*) as mails, sum(case when excess = 1 then 1 else 0 end) as mails_sent_twice
  from mails
  group by incident_id
), at_once as (
  select c.incident_id, count(*) as mails
  from copies as c
  join middles as m on m.incident_id = c.incident_id
  where c.extra = 1 and c.sent_at_us - c.lag_us between m.middle_us - 43200000000 and m.middle_us + 43200000000
  group by c.incident_id
), gaps as (
  select incident_id, percentile_cont(0.5) within group (order by lag_us) / 1000000 as median_gap_seconds
  from copies
  group by incident_id
), runs as (
  select incident_id, template_key, case when not starts_with(content_key, 'z:') then content_key end as content_key,
    min(sent_at_us - lag_us) as from_us, max(sent_at_us) as last_us, percentile_cont(0.1) within group (order by sent_at_us) as again_us
  from copies
  group by incident_id, template_key, case when not starts_with(content_key, 'z:') then content_key end
), contents as (
  select * from runs where content_key is not null
), firsts_then as (
  select c.incident_id, c.again_us, c.last_us, r.sent_at_us
  from contents as c
  join repeats as r on r.content_key = c.content_key and r.copies_before = 0 and r.sent_at_us >= c.again_us
  union all
  select s.incident_id, s.again_us, s.last_us, r.sent_at_us
  from runs as s
  join repeats as r on r.template_key = s.template_key and r.copies_before = 0 and r.sent_at_us >= s.again_us
  where s.content_key is null
), reached as (
  select incident_id, count(*) as people
  from firsts_then
  where sent_at_us <= last_us + greatest(60000000, 0.5 * (last_us - again_us))
  group by incident_id
), clients as (
  select distinct incident_id, organization from copies
), firsts as (
  select c.incident_id, count(distinct c.content_key) as contents, count(*) as people_written_to,
    sum(case when r.sent_at_us between c.from_us - 43200000000 and c.from_us + 43200000000 then 1 else 0 end)
      as people_written_to_then
  from contents as c
  join repeats as r on r.content_key = c.content_key
  join clients as o on o.incident_id = c.incident_id and o.organization is not distinct from r.organization
  where r.copies_before = 0
  group by c.incident_id
), doubts as (
  select incident_id, known_at_us as doubt_until_us,
    row_number() over (partition by incident_id order by known_at_us, recipient, content_key) as place
  from copies
  where extra = 2
)
select s.incident_id, cast(s.mails as bigint) as mails, cast(s.mails_sent_twice as bigint) as mails_sent_twice,
  cast(coalesce(m.mails_counted_down, 0) as bigint) as mails_counted_down, cast(coalesce(a.mails, 0) as bigint) as mails_of_one_day,
  cast(coalesce(f.contents, 0) as bigint) as contents,
  cast(coalesce(f.people_written_to, 0) as bigint) as people_written_to,
  cast(coalesce(f.people_written_to_then, 0) as bigint) as people_written_to_then,
  cast(coalesce(e.people, 0) as bigint) as people_reached, g.median_gap_seconds, d.doubt_until_us
from spans as s
join gaps as g on g.incident_id = s.incident_id
left join at_once as a on a.incident_id = s.incident_id
left join incident_countdowns as m on m.incident_id = s.incident_id
left join reached as e on e.incident_id = s.incident_id
left join firsts as f on f.incident_id = s.incident_id
left join doubts as d on d.incident_id = s.incident_id and d.place = 1
  + cast(floor(s.mails * case when f.people_written_to is null then 0.2 else 0.1 end) as bigint)
