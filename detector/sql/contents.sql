-- What each send was, in two grains: `content_key` decides what is the same mail to the same person, `template_key` what
-- shares a baseline. The best rung the log offers is taken: template and subject; subject; sender and size. Copies of
-- one mail differ by a few bytes at most (a Received line), so on the last rung sizes that lie within 3 bytes of their
-- neighbour for one person and sender are one content, and on the others a mail that is bigger by 16 bytes and a
-- thousandth is another one: news under the same subject. On the last rung a template is a sender and a size class 10 % wide.
-- Answers ("Re:", "Aw:", "Course: Re:") go to a whole group again and again by nature: without template ids they are one of their own.
-- Mail that was dropped before it left is no copy of anything.
-- grain: send_id
-- reads: sends
with laddered as (
  select send_id, sent_at_us, known_at_us, recipient, organization, sender, message_id,
    case when template is not null and subject is not null then 'template+subject' when template is not null
      then 'template' when subject is not null then 'subject' else 'sender+size' end as rung,
    lower(trim(subject)) as subject, template, size,
    regexp_extract(lower(trim(subject)), '(^|[:\]] )(re|aw|sv|vs|antw|odp|res|rif|ynt):', 2) <> '' as is_reply
  from sends
  where outcome <> 'dropped'
), named as (
  select *,
    case rung
      when 'template+subject' then 't:' || template || '|' || subject
      when 'template' then 't:' || template
      when 'subject' then 's:' || sender || '|' || subject
      else 'z:' || sender
    end as name,
    case rung when 'template+subject' then 'm:' || sender || '|' || template || '|' when 'subject' then 'm:' || sender || '|'
      end || regexp_replace(subject, '[^ ]*[0-9][^ ]*', '#', 'g') as masked_name
  from laddered
), weighed as (  -- mails that never have a size have none to tell them apart by
  select distinct recipient, name from named where rung = 'sender+size' or size is not null
), sized as (
  select n.send_id, n.sent_at_us, n.recipient, n.name, n.rung, n.size,
    lag(n.size) over (partition by n.recipient, n.name order by n.size, n.sent_at_us, n.send_id) as smaller
  from named as n
  join weighed as w on w.recipient = n.recipient and w.name = n.name
), stepped as (
  select *, sum(
      case when rung = 'sender+size' then case when size - smaller <= 3 then 0 else 1 end
        when size > smaller * 1.001 + 16 then 1 else 0 end
    ) over (
      partition by recipient, name order by size, sent_at_us, send_id
      rows between unbounded preceding and current row
    ) as step
  from sized
), measured as (
  select send_id, step,
    first_value(size) over (partition by recipient, name, step order by sent_at_us, send_id) as first_size
  from stepped
)
select n.send_id, n.sent_at_us, n.known_at_us, n.recipient, n.organization, n.rung, n.sender, n.message_id,
  coalesce(n.is_reply, false) as is_reply,
  n.name || case when n.rung = 'sender+size' or m.step > 0 then '|' || m.step else '' end as content_key,
  case n.rung
    when 'template+subject' then 't:' || n.template
    when 'template' then 't:' || n.template
    when 'subject' then 's:' || n.sender || '|' || case when n.is_reply then 're:'
      else regexp_replace(n.subject, '[0-9]+', '#', 'g') end
    else 'z:' || n.sender || '|' || coalesce(cast(floor(ln(greatest(m.first_size, 1)) / ln(1.1)) as bigint), 0)
  end as template_key,
  case when n.masked_name like '%#%' then n.masked_name end as masked_name
from named as n
left join measured as m on m.send_id = n.send_id
