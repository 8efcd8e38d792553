-- What each send was, in two grains: `content_key` decides what is the same mail to the same person, `template_key` what
-- shares a baseline. The best rung the log offers is taken: template and subject; subject; sender and size. On the last
-- rung one mail's copies differ by a few bytes at most (a Received line), so sizes that lie within 3 bytes of their
-- neighbour for one person and sender are one content; a template is then a sender and a size class 10 % wide.
-- Answers ("Re:", "Aw:") go to a whole group again and again by nature: without template ids they are one of their own.
-- Mail that was dropped before it left is no copy of anything.
-- grain: send_id
-- reads: sends
with laddered as (
  select send_id, sent_at_us, known_at_us, recipient, organization, sender,
    case when template is not null and subject is not null then 'template+subject' when template is not null
      then 'template' when subject is not null then 'subject' else 'sender+size' end as rung,
    lower(trim(subject)) as subject, template, size,
    split_part(lower(trim(subject)), ':', 1) in ('re', 'aw', 'sv', 'vs', 'antw', 'odp', 'res', 'rif', 'ynt') as is_reply
  from sends
  where outcome <> 'dropped'
), sized as (
  select *, lag(size) over (partition by rung, recipient, sender order by size, sent_at_us, send_id) as smaller
  from laddered
), stepped as (
  select *, sum(case when size - smaller <= 3 then 0 else 1 end) over (
      partition by rung, recipient, sender order by size, sent_at_us, send_id
      rows between unbounded preceding and current row
    ) as step
  from sized
), measured as (
  select *, first_value(size) over (partition by rung, recipient, sender, step order by sent_at_us, send_id) as first_size
  from stepped
)
select send_id, sent_at_us, known_at_us, recipient, organization, rung, sender, coalesce(is_reply, false) as is_reply,
  case rung
    when 'template+subject' then 't:' || template || '|' || subject
    when 'template' then 't:' || template
    when 'subject' then 's:' || sender || '|' || subject
    else 'z:' || sender || '|' || step
  end as content_key,
  case rung
    when 'template+subject' then 't:' || template
    when 'template' then 't:' || template
    when 'subject' then 's:' || sender || '|' || case when is_reply then 're:' else regexp_replace(subject, '[0-9]+', '#', 'g') end
    else 'z:' || sender || '|' || coalesce(cast(floor(ln(greatest(first_size, 1)) / ln(1.1)) as bigint), 0)
  end as template_key
from measured
