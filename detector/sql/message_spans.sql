-- What the log says about each message key, from its first line to its last; a reused key holds several messages.
-- grain: source, message_key
-- reads: events, settings
with known as (
  select source, message_key, type, at_us, sent_at_us, message_id, sender, subject, template, organization, size
  from events
  where at_us <= (select as_of_us from settings)
), spans as (
  select source, message_key,
    min(at_us) as first_at_us,
    min(sent_at_us) as sent_at_us,
    min(case when type = 'arrived' then at_us end) as first_arrived_us,
    max(case when type = 'arrived' then at_us end) as last_arrived_us,
    min(case when type = 'identified' then at_us end) as first_identified_us,
    max(case when type = 'identified' then at_us end) as last_identified_us,
    min(case when type = 'accepted' then at_us end) as first_accepted_us,
    max(case when type = 'accepted' then at_us end) as last_accepted_us,
    coalesce(min(nullif(message_id, message_key)), min(message_id)) as message_id,  -- a header's before the provider's
    min(sender) as sender, min(subject) as subject, min(template) as template,
    min(organization) as organization, max(size) as size, max(case when type = 'expired' then at_us end) as expired_us
  from known
  group by source, message_key
)
select source, message_key, first_at_us, sent_at_us, message_id, sender, subject, template, organization, size,
  expired_us, coalesce(last_arrived_us > first_arrived_us, false)
    or coalesce(last_identified_us > first_identified_us, false)
    or coalesce(last_accepted_us > first_accepted_us, false)
    or coalesce(first_at_us < coalesce(first_arrived_us, first_identified_us), false) as is_reused
from spans
