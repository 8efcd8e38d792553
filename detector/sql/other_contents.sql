-- The same sends, where a mail may be the same in another sense than `contents` says: under a subject that carries a
-- reference of its own each time ("Ticket 4711"), which is then left out; and under the same Message-ID, which no program
-- gives twice to one person but by fault. Templates whose subjects go to one person each carry references; Message-IDs
-- count for senders of which three people or more got one twice.
-- grain: send_id, content_key
-- reads: contents, referring, same_ids
with repeating as (
  select sender from same_ids group by sender having count(distinct recipient) >= 3
)
select c.send_id, c.sent_at_us, c.known_at_us, c.recipient, c.organization, 'masked subject' as rung, c.sender, c.is_reply,
  c.masked_name as content_key, c.masked_name as template_key
from contents as c
join referring as r on r.masked_name = c.masked_name
union all
select c.send_id, c.sent_at_us, c.known_at_us, c.recipient, c.organization, 'Message-ID', c.sender, false,
  'i:' || c.message_id, 'i:' || c.sender
from contents as c
join repeating as r on r.sender = c.sender
where c.message_id is not null
