-- Every send in its place among the sends of the same content to the same person: how long after the one before, how
-- long until the next. A repeat is a send with `copies_before` > 0 ("extra copy" in letters). What came only once, as
-- nearly all mail does, is set apart first: the window then runs over little.
-- grain: send_id
-- reads: contents
with several as (
  select recipient, content_key from contents group by recipient, content_key having count(*) > 1
), marked as (
  select c.send_id, c.sent_at_us, c.recipient, c.organization, c.rung, c.sender, c.content_key, c.template_key,
    s.recipient is not null as is_several
  from contents as c
  left join several as s on s.recipient = c.recipient and s.content_key = c.content_key
)
select send_id, sent_at_us, recipient, organization, rung, sender, content_key, template_key,
  row_number() over same_mail - 1 as copies_before,
  sent_at_us - lag(sent_at_us) over same_mail as lag_us,
  lead(sent_at_us) over same_mail - sent_at_us as next_lag_us
from marked
where is_several
window same_mail as (partition by recipient, content_key order by sent_at_us, send_id)
union all
select send_id, sent_at_us, recipient, organization, rung, sender, content_key, template_key, 0, null, null
from marked
where not is_several
