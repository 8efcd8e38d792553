-- Every send in its place among the sends of the same content to the same person: how long after the one before, how
-- long until the next. A repeat is a send with `copies_before` > 0 ("extra copy" in letters). In the grain 'mail' each
-- send stands once; in the grain 'other' the mails that are the same in another sense (see other_contents).
-- grain: send_id, content_key
-- reads: contents, other_contents
with counted as (
  select send_id, sent_at_us, known_at_us, recipient, organization, rung, sender, is_reply, content_key, template_key,
    'mail' as grain
  from contents
  union all
  select send_id, sent_at_us, known_at_us, recipient, organization, rung, sender, is_reply, content_key, template_key,
    'other'
  from other_contents
)
select send_id, sent_at_us, known_at_us, recipient, organization, rung, sender, is_reply, content_key, template_key, grain,
  row_number() over same_mail - 1 as copies_before,
  sent_at_us - lag(sent_at_us) over same_mail as lag_us,
  lead(sent_at_us) over same_mail - sent_at_us as next_lag_us, lead(known_at_us) over same_mail as next_known_us
from counted
window same_mail as (partition by recipient, content_key order by sent_at_us, send_id)
