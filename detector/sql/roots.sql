-- For each message that was handed on, the message it began as.
-- grain: source, message_key, life
-- reads: hand_offs
with recursive chain as (
  select next_source as source, next_message_key as message_key, next_life as life, source as root_source,
    message_key as root_key, life as root_life, 1 as hops
  from hand_offs
  union all
  select c.source, c.message_key, c.life, h.source, h.message_key, h.life, c.hops + 1
  from chain as c
  join hand_offs as h
    on h.next_source = c.root_source and h.next_message_key = c.root_key and h.next_life = c.root_life
  where c.hops < 8
), ranked as (
  select *, row_number() over (
    partition by source, message_key, life order by hops desc, root_source, root_key, root_life
  ) as place
  from chain
)
select source, message_key, life, root_source, root_key, root_life from ranked where place = 1
