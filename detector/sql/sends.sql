-- One message handed to one recipient, once, however many events, attempts and hand-offs it left, and however many
-- logs tell of it. Postfix's own notices about a delivery (from=<>) are about sends and are none. `known_at_us` is
-- when the log first told of the recipient. What an archive gets rides along with a send and is none.
-- grain: send_id
-- reads: archives, deliveries, files, free_mail, hand_offs, messages, organization_domains, roots, sightings
with handed_on as (  -- whatever else is said of these, the mail went on to its recipient under the next key
  select distinct d.source, d.message_key, d.life, d.recipient
  from deliveries as d
  join hand_offs as h
    on h.source = d.source and h.message_key = d.message_key and h.life = d.life and h.next_key = d.next_key
  left join deliveries as n
    on h.is_per_recipient and n.source = h.next_source and n.message_key = h.next_message_key and n.life = h.next_life
    and n.recipient = d.recipient
  where not h.is_per_recipient or n.recipient is not null
), rooted as (
  select coalesce(r.root_source, d.source) as source, coalesce(r.root_key, d.message_key) as message_key,
    coalesce(r.root_life, d.life) as life, d.recipient, d.type, d.at_us, d.file_id, d.record_number
  from deliveries as d
  left join roots as r on r.source = d.source and r.message_key = d.message_key and r.life = d.life
  left join handed_on as h
    on h.source = d.source and h.message_key = d.message_key and h.life = d.life and h.recipient = d.recipient
  where h.message_key is null
), final as (
  select coalesce(s.seen_source, d.source) as source, coalesce(s.seen_key, d.message_key) as message_key,
    coalesce(s.seen_life, d.life) as life, d.recipient, d.type, d.at_us, d.file_id, d.record_number,
    case when s.source is null then 0 else 1 end as is_shared
  from rooted as d
  left join sightings as s
    on s.source = d.source and s.message_key = d.message_key and s.life = d.life and s.recipient = d.recipient
), moments as (  -- of a mail that several logs tell of, "sent" is what one of them said before it knew more
  select source, message_key, life, recipient, at_us, count(*) as facts, max(is_shared) as is_shared,
    max(case when is_shared = 1 and type = 'accepted' then 0 else at_us * 8 end + case type when 'bounced' then 5
      when 'delivered' then 4 when 'dropped' then 3 when 'deferred' then 2 else 1 end) as last_rank,
    min(cast(file_id as bigint) * 1099511627776 + record_number) as place,
    max(case when type = 'deferred' then 1 else 0 end) as is_deferred,
    max(case when type <> 'accepted' then 1 else 0 end) as is_tried,
    max(case when type in ('delivered', 'bounced', 'dropped') then 1 else 0 end) as is_over
  from final
  group by source, message_key, life, recipient, at_us
), folded as (
  select source, message_key, life, recipient, max(last_rank) % 8 as last_rank, min(at_us) as first_try_us,
    case when sum(facts) = 1 then 1 when max(is_shared) = 1 then sum(is_deferred) + max(is_over) else sum(is_tried) end
      as attempts,
    min(place) as place
  from moments
  group by source, message_key, life, recipient
), seen as (
  select distinct seen_source, seen_key, seen_life, recipient, sender, subject, template, organization, size
  from sightings
), further as (  -- what only the log knows in which a mail of another log went on
  select r.root_source as source, r.root_key as message_key, r.root_life as life, min(m.message_id) as message_id,
    min(m.sender) as sender, min(m.subject) as subject, min(m.template) as template,
    min(m.organization) as organization, max(m.size) as size
  from roots as r
  join messages as m on m.source = r.source and m.message_key = r.message_key and m.life = r.life
  where r.source <> r.root_source
  group by r.root_source, r.root_key, r.root_life
), named as (
  select f.source, f.message_key, f.life, f.recipient, f.last_rank, f.attempts, f.place,
    least(m.sent_at_us, f.first_try_us) as sent_at_us, f.first_try_us as known_at_us, m.first_at_us,
    coalesce(m.message_id, x.message_id) as message_id, coalesce(m.sender, s.sender, x.sender) as sender,
    coalesce(m.subject, s.subject, x.subject) as subject, coalesce(m.template, s.template, x.template) as template,
    coalesce(m.organization, s.organization, x.organization) as explicit_organization,
    coalesce(m.size, s.size, x.size) as size, m.expired_us, split_part(f.recipient, '@', 2) as domain
  from folded as f
  join messages as m on m.source = f.source and m.message_key = f.message_key and m.life = f.life
  left join seen as s on s.seen_source = f.source and s.seen_key = f.message_key and s.seen_life = f.life
    and s.recipient = f.recipient
  left join further as x on x.source = f.source and x.message_key = f.message_key and x.life = f.life
)
select
  substr(md5(n.source || '|' || n.message_key || '|' || n.first_at_us || '|' || n.recipient), 1, 16) as send_id,
  make_timestamp(n.sent_at_us) as sent_at, n.recipient, coalesce(n.sender, '') as sender, n.message_id, n.subject, n.template,
  coalesce(n.explicit_organization, o.organization, case when p.domain is null then nullif(n.domain, '') end) as organization,
  n.size,
  case n.last_rank when 5 then 'bounced' when 4 then 'delivered' when 3 then 'dropped'
    when 2 then case when n.expired_us is null then 'deferred' else 'bounced' end else 'accepted' end as outcome,
  cast(greatest(n.attempts, 1) as bigint) as attempts, n.source, f.name as file,
  n.place % 1099511627776 as record_number, n.message_key, n.life, n.sent_at_us, n.known_at_us
from named as n
join files as f on f.file_id = n.place // 1099511627776
left join organization_domains as o on o.domain = n.domain
left join free_mail as p on p.domain = n.domain
left join archives as a on a.sender = coalesce(n.sender, '') and a.recipient = n.recipient
where (n.sender is null or n.sender <> '') and a.recipient is null
