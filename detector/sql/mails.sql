-- Each mail, whatever messages it went as, and whether several people were sent it.
-- grain: source, mail
-- reads: deliveries, messages
select m.source, coalesce(m.message_id, m.message_key) as mail, min(coalesce(m.sender, '')) as sender,
  case when min(d.recipient) <> max(d.recipient) then 1 else 0 end as is_shared
from deliveries as d
join messages as m on m.source = d.source and m.message_key = d.message_key and m.life = d.life
where m.sender is null or m.sender <> ''
group by m.source, coalesce(m.message_id, m.message_key)
