-- Deliveries that gave a message to a filter or to the next own host and left nothing: "queued as X", where X is a queue
-- id of our own logs that was new within the hour before (clocks differ) or five minutes after. A loopback address proves nothing.
-- grain: source, message_key, life, next_message_key, next_life
-- reads: deliveries, messages
with given as (
  select distinct source, message_key, life, next_key, at_us from deliveries where next_key is not null and next_key <> ''
), queue_ids as (
  select source, message_key, life, first_at_us, split_part(message_key, ' ', 2) as queue_id
  from messages
  where source = 'postfix'
)
select g.source, g.message_key, g.life, q.message_key as next_message_key, q.life as next_life
from given as g
join queue_ids as q on q.source = g.source and q.queue_id = g.next_key
where q.first_at_us between g.at_us - 3600000000 and g.at_us + 300000000
  and not (q.message_key = g.message_key and q.life = g.life)
group by g.source, g.message_key, g.life, q.message_key, q.life
