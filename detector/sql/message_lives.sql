-- For keys used more than once (Postfix reuses short queue ids; an application submits one rendered mail twice), which
-- life of the key each event belongs to. A life begins where a message arrives, not where the former was removed,
-- because logs begin and end in the middle. Lines that stand twice in the log begin nothing new, a provider's id
-- (identity `event_id`) is never given twice, and a mailer (`stream`) accepts one message once for each recipient.
-- grain: file_id, record_number, part
-- reads: events, files, message_spans, settings
with reused as (
  select e.source, e.message_key, e.file_id, e.record_number, e.part, e.type, e.at_us,
    f.identity,
    case e.type when 'arrived' then 0 when 'accepted' then 0 when 'identified' then 1 when 'queued' then 2 else 3 end
      as phase
  from events as e
  join files as f on f.file_id = e.file_id
  join message_spans as m on m.source = e.source and m.message_key = e.message_key
  where m.is_reused and e.at_us <= (select as_of_us from settings)
), neighbours as (
  select *,
    lag(at_us) over (partition by source, message_key, type order by at_us, file_id, record_number, part) as twin_us,
    lag(type) over (partition by source, message_key order by at_us, phase, file_id, record_number, part) as type_before
  from reused
), starts as (
  select *,
    case
      when twin_us = at_us or identity = 'event_id' then 0
      when type = 'arrived' or (type = 'accepted' and identity <> 'stream') then 1
      when type = 'identified' and (type_before is null or type_before not in ('arrived', 'noted')) then 1
      else 0
    end as is_start
  from neighbours
)
select file_id, record_number, part, source, message_key,
  cast(sum(is_start) over (
    partition by source, message_key order by at_us, phase, file_id, record_number, part
    rows between unbounded preceding and current row
  ) as bigint) as life
from starts
