-- The Message-IDs that one person got more than once from one sender.
-- grain: recipient, sender, message_id
-- reads: contents
select recipient, sender, message_id
from contents
where message_id is not null
group by recipient, sender, message_id
having count(*) > 1
