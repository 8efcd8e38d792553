-- Who was sent a mail together with others.
-- grain: source, mail, recipient
-- reads: deliveries, mails, messages
select distinct s.source, s.mail, s.sender, d.recipient
from mails as s
join messages as m on m.source = s.source and coalesce(m.message_id, m.message_key) = s.mail
join deliveries as d on d.source = m.source and d.message_key = m.message_key and d.life = m.life
where s.is_shared = 1 and (m.sender is null or m.sender <> '')
