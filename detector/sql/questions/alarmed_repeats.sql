-- The repeats of the templates on which there is an alarm, of those that are akin to them, and of the mails alarmed.
-- grain: send_id, content_key
-- reads: batch_alarms, episode_alarms, kins, recipient_alarms, repeats
with alarmed as (
  select template_key from batch_alarms union select template_key from recipient_alarms
  union select template_key from episode_alarms
), contents as (
  select content_key from recipient_alarms union select content_key from episode_alarms
)
select * from repeats
where template_key in (select template_key from alarmed) or content_key in (select content_key from contents)
  or template_key in (select k.template_key from kins as k join alarmed as a on a.template_key = k.kin_key)
