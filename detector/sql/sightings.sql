-- Mail that several kinds of log tell of, each in its own words: an application's table, its mail server, the provider
-- that this one relays to, the archive, the recipient's side. They mean one mail if Message-ID and recipient are the
-- same and no six hours lie between. Two mails of one log are never one, for an application may submit one rendered
-- mail twice: of several, the first that one log saw is the first that the other saw, and so on. `seen_*` is the
-- message they are counted as: the one that was seen first.
-- grain: source, message_key, life, recipient
-- reads: deliveries, messages, roots
with shared as (
  select message_id from messages where message_id like '%@%' group by message_id having min(source) <> max(source)
), told as (
  select coalesce(r.root_source, m.source) as source, coalesce(r.root_key, m.message_key) as message_key,
    coalesce(r.root_life, m.life) as life, m.message_id, d.recipient, m.first_at_us, m.sender, m.subject, m.template,
    m.organization, m.size
  from shared as s
  join messages as m on m.message_id = s.message_id
  join deliveries as d on d.source = m.source and d.message_key = m.message_key and d.life = m.life
  left join roots as r on r.source = m.source and r.message_key = m.message_key and r.life = m.life
  where m.sender is null or m.sender <> ''
), sighted as (
  select source, message_key, life, recipient, min(message_id) as message_id, min(first_at_us) as first_at_us,
    min(sender) as sender, min(subject) as subject, min(template) as template, min(organization) as organization,
    max(size) as size
  from told
  group by source, message_key, life, recipient
), spaced as (
  select *,
    case when first_at_us - lag(first_at_us) over (
      partition by message_id, recipient order by first_at_us, source, message_key, life
    ) <= 21600000000 then 0 else 1 end as is_start
  from sighted
), spells as (
  select *,
    sum(is_start) over (
      partition by message_id, recipient order by first_at_us, source, message_key, life
      rows between unbounded preceding and current row
    ) as spell
  from spaced
), numbered as (
  select *,
    row_number() over (
      partition by message_id, recipient, spell, source order by first_at_us, message_key, life
    ) as copy_number
  from spells
), ranked as (
  select *,
    row_number() over (
      partition by message_id, recipient, spell, copy_number order by first_at_us, source, message_key, life
    ) as place
  from numbered
), mails as (
  select message_id, recipient, spell, copy_number, min(sender) as sender, min(subject) as subject,
    min(template) as template, min(organization) as organization, max(size) as size
  from ranked
  group by message_id, recipient, spell, copy_number
  having count(*) > 1
)
select r.source, r.message_key, r.life, r.recipient, f.source as seen_source, f.message_key as seen_key,
  f.life as seen_life, m.sender, m.subject, m.template, m.organization, m.size
from mails as m
join ranked as r on r.message_id = m.message_id and r.recipient = m.recipient and r.spell = m.spell
  and r.copy_number = m.copy_number
join ranked as f on f.message_id = m.message_id and f.recipient = m.recipient and f.spell = m.spell
  and f.copy_number = m.copy_number and f.place = 1
