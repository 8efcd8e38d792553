-- Who got many mails of one name that are no copies of each other: `contents` takes two for one if their sizes are near, and
-- posts of any length lie near some other. Most sizes are there once, they spread over four times what one mail's do, and
-- two others or more got half as many mails of that template meanwhile, as the members of a group do.
-- grain: recipient, content_key
-- reads: repeats, sends, suspects
with suspected as (
  select recipient, content_key, min(from_us) as from_us, max(until_us) as until_us from suspects group by recipient, content_key
), unlike as (
  select p.recipient, p.content_key, p.from_us, p.until_us, min(m.template_key) as template_key, count(*) as copies
  from suspected as p
  join repeats as r on r.recipient = p.recipient and r.content_key = p.content_key
    and r.sent_at_us >= p.from_us and r.sent_at_us <= p.until_us
  join repeats as m on m.send_id = r.send_id and m.grain = 'mail'
  join sends as s on s.send_id = r.send_id
  group by p.recipient, p.content_key, p.from_us, p.until_us
  having count(*) = count(s.size) and 2 * count(distinct s.size) > count(*) and max(s.size) - min(s.size)
    > 4 * case when substr(p.content_key, 1, 2) = 'z:' then 3 else 16 + 0.001 * min(s.size) end
), others as (
  select u.recipient, u.content_key
  from unlike as u
  join repeats as r on r.template_key = u.template_key and r.recipient <> u.recipient and r.grain = 'mail'
    and r.sent_at_us >= u.from_us and r.sent_at_us <= u.until_us
  group by u.recipient, u.content_key, u.copies, r.recipient
  having 2 * count(*) >= u.copies
)
select recipient, content_key from others group by recipient, content_key having count(*) > 1 order by recipient, content_key
