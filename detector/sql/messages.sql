-- Every message: one submission by one application, before hand-offs are merged.
-- grain: source, message_key, life
-- reads: events, message_lives, message_spans
with lives as (
  select e.source, e.message_key, l.life, e.at_us, e.sent_at_us, e.message_id, e.sender, e.subject, e.template,
    e.organization, e.size, case when e.type = 'expired' then e.at_us end as expired_us
  from message_lives as l
  join events as e on e.file_id = l.file_id and e.record_number = l.record_number and e.part = l.part
)
select source, message_key, 0 as life, first_at_us, coalesce(sent_at_us, first_at_us) as sent_at_us, message_id, sender,
  subject, template, organization, size, expired_us
from message_spans
where not is_reused
union all
select source, message_key, life, min(at_us), coalesce(min(sent_at_us), min(at_us)), min(message_id), min(sender),
  min(subject), min(template), min(organization), max(size), max(expired_us)
from lives
group by source, message_key, life
