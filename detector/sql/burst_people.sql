-- Who got how many copies in each burst: the extra ones and, once per content, the rightful one before them.
-- grain: template_key, burst_number, recipient
-- reads: burst_repeats, repeats
with contents as (
  select template_key, burst_number, recipient, content_key, count(*) as excess, max(sent_at_us) as last_sent_us,
    min(sent_at_us) as first_extra_us, min(organization) as organization
  from burst_repeats
  group by template_key, burst_number, recipient, content_key
), rightful as (
  select c.template_key, c.burst_number, c.recipient, c.content_key, max(r.sent_at_us) as sent_at_us
  from contents as c
  join repeats as r on r.recipient = c.recipient and r.content_key = c.content_key and r.copies_before = 0
  group by c.template_key, c.burst_number, c.recipient, c.content_key
)
select c.template_key, c.burst_number, c.recipient, min(c.organization) as organization, sum(c.excess) as excess,
  count(*) as expected, min(coalesce(r.sent_at_us, c.first_extra_us)) as first_sent_us, max(c.last_sent_us) as last_sent_us
from contents as c
left join rightful as r on r.template_key = c.template_key and r.burst_number = c.burst_number
  and r.recipient = c.recipient and r.content_key = c.content_key
group by c.template_key, c.burst_number, c.recipient
