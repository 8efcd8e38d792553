-- Addresses that ride along in nearly everything that a sender writes: archives and journals, as `always_bcc` or a
-- journal rule adds them. What they get are no copies of a mail to a person. Named in the config, or found: in ten mails
-- or more, in nine of ten that have several recipients, and in half of all or, at the sender's own domain, in thirty (a
-- copy is kept of the confirmations only); beside at least five others, whom no such thing joins (in a class that is
-- written to as a whole everybody rides along), and either at the sender's own domain or not at that of most others (a
-- supervisor who is copied in is no archive).
-- grain: sender, recipient
-- reads: archive_addresses, deliveries, mails, messages, riders, settings
with senders as (
  select sender, count(*) as mails, sum(is_shared) as shared
  from mails
  group by sender
  having sum(is_shared) >= 10
), frequent as (
  select r.sender, r.recipient, count(*) as rides
  from riders as r
  join senders as s on s.sender = r.sender
  group by r.sender, r.recipient, s.shared, s.mails
  having count(*) >= 10 and count(*) * 10 >= s.shared * 9 and (count(*) * 2 >= s.mails
    or (count(*) >= 30 and split_part(r.sender, '@', 2) = split_part(r.recipient, '@', 2)))
), companions as (
  select f.sender, f.recipient, f.rides, o.recipient as companion, count(*) as rides_together
  from frequent as f
  join riders as r on r.sender = f.sender and r.recipient = f.recipient
  join riders as o on o.source = r.source and o.mail = r.mail and o.recipient <> r.recipient
  group by f.sender, f.recipient, f.rides, o.recipient
), found as (
  select sender, recipient, rides
  from companions
  where (select infers_archives from settings)
  group by sender, recipient, rides
  having count(*) >= 5 and sum(rides_together) * 4 <= count(*) * rides
    and (split_part(sender, '@', 2) = split_part(recipient, '@', 2) or sum(
      case when split_part(companion, '@', 2) = split_part(recipient, '@', 2) then 1 else 0 end) * 2 <= count(*))
), named as (
  select coalesce(m.sender, '') as sender, d.recipient, count(*) as rides
  from archive_addresses as n
  join deliveries as d on d.recipient = n.recipient
  join messages as m on m.source = d.source and m.message_key = d.message_key and m.life = d.life
  where m.sender is null or m.sender <> ''
  group by coalesce(m.sender, ''), d.recipient
)
select sender, recipient, rides as mails, false as is_named from found
where recipient not in (select recipient from archive_addresses)
union all
select sender, recipient, rides, true from named
