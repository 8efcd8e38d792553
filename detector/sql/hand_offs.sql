-- Deliveries that gave a message to a filter, to another mailer, to the next own host or to a provider, and left
-- nothing. Either the reply names the queue id that the next one gave it, and our own logs hold that id, new within
-- the hour before (clocks differ) or five minutes after; a loopback address proves nothing. Or a pipe took it ("|")
-- and the same host picked the same message up within seconds. Both must carry one message id, or a stranger could
-- hide our sends by naming our ids; and the next one must say what became of the mail for somebody, or a send would be
-- lost with it. Or the reply (or a table's row) names the id under which a provider's log tells of the same recipient
-- within a day: such ids are never given twice. Then only that recipient's mail was handed on (`is_per_recipient`).
-- grain: source, message_key, life, next_source, next_message_key, next_life
-- reads: deliveries, messages
with handing as (
  select source, message_key, life, recipient, at_us, next_key from deliveries where next_key is not null
), named as (
  select d.source, d.message_key, d.life, q.source as next_source, q.message_key as next_message_key,
    q.life as next_life, d.next_key, q.message_id
  from handing as d
  join messages as q on split_part(q.message_key, ' ', 2) = d.next_key
  where q.first_at_us between d.at_us - 3600000000 and d.at_us + 300000000
    and not (q.source = d.source and q.message_key = d.message_key and q.life = d.life)
), piped as (
  select d.source, d.message_key, d.life, q.source as next_source, q.message_key as next_message_key,
    q.life as next_life, d.next_key, q.message_id
  from handing as d
  join messages as g on g.source = d.source and g.message_key = d.message_key and g.life = d.life
  join messages as q on q.message_id = g.message_id and q.sender = g.sender
    and split_part(q.message_key, ' ', 1) = split_part(g.message_key, ' ', 1)
  where d.next_key = '|' and q.first_at_us between d.at_us - 5000000 and d.at_us + 10000000
    and not (q.source = d.source and q.message_key = d.message_key and q.life = d.life)
), links as (
  select * from named union all select * from piped
), provided as (
  select d.source, d.message_key, d.life, q.source as next_source, q.message_key as next_message_key,
    q.life as next_life, d.next_key
  from handing as d
  join messages as q on q.source <> d.source and q.message_key not like '% %' and d.next_key =
    case when q.message_key like '%@%' then q.message_key else split_part(q.message_key, '.', 1) end
  join deliveries as n on n.source = q.source and n.message_key = q.message_key and n.life = q.life
    and n.recipient = d.recipient
  where q.first_at_us between d.at_us - 86400000000 and d.at_us + 86400000000
)
select l.source, l.message_key, l.life, l.next_source, l.next_message_key, l.next_life, min(l.next_key) as next_key,
  false as is_per_recipient
from links as l
join deliveries as t on t.source = l.next_source and t.message_key = l.next_message_key and t.life = l.next_life
join messages as m on m.source = l.source and m.message_key = l.message_key and m.life = l.life
where coalesce(m.message_id = l.message_id, true)
group by l.source, l.message_key, l.life, l.next_source, l.next_message_key, l.next_life
union all
select source, message_key, life, next_source, next_message_key, next_life, min(next_key), true
from provided
group by source, message_key, life, next_source, next_message_key, next_life
