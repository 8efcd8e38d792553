-- Who of the suspects got a notice for each of others: in each ten minutes as many copies, or nearly, as people of the same
-- organization got some other mail for the first time, as an office is told of all whom it enrols, though those mails may
-- wait in a queue for a minute. At most three of ten copies may be out of step with those mails.
-- grain: recipient, content_key
-- reads: repeats, suspects
with copies as (
  select distinct s.recipient, s.content_key, s.from_us, r.organization, r.sent_at_us,
    (r.sent_at_us - r.sent_at_us % 600000000) / 600000000 as moment
  from suspects as s
  join repeats as r on r.recipient = s.recipient and r.content_key = s.content_key
    and r.sent_at_us >= s.from_us and r.sent_at_us <= s.until_us
), totals as (
  select recipient, content_key, from_us, organization, count(*) as copies, min(sent_at_us) - 600000000 as begins_us,
    max(sent_at_us) + 600000000 as ends_us
  from copies
  where organization is not null
  group by recipient, content_key, from_us, organization
), firsts as (
  select t.recipient, t.content_key, t.from_us, t.copies, r.content_key as other_content, r.recipient as other,
    (min(r.sent_at_us) - min(r.sent_at_us) % 600000000) / 600000000 as moment
  from totals as t
  join repeats as r on r.organization = t.organization and r.recipient <> t.recipient and r.content_key <> t.content_key
    and r.copies_before = 0 and r.grain = 'mail' and r.sent_at_us between t.begins_us and t.ends_us
  group by t.recipient, t.content_key, t.from_us, t.copies, r.content_key, r.recipient
), steps as (
  select recipient, content_key, from_us, other_content, moment, sum(mails) as mails, sum(copies) as copies
  from (
    select recipient, content_key, from_us, other_content, moment, 1 as mails, 0 as copies from firsts
    union all
    select c.recipient, c.content_key, c.from_us, o.other_content, c.moment, 0, 1
    from copies as c
    join (
      select recipient, content_key, from_us, other_content
      from firsts
      group by recipient, content_key, from_us, other_content, copies
      having count(*) between 0.8 * copies and 1.25 * copies
    ) as o on o.recipient = c.recipient and o.content_key = c.content_key and o.from_us = c.from_us
  ) as both_sides
  group by recipient, content_key, from_us, other_content, moment
)
select distinct recipient, content_key
from (
  select recipient, content_key
  from steps
  group by recipient, content_key, from_us, other_content
  having sum(copies) > 0 and sum(abs(mails - copies)) <= 0.3 * sum(copies)
) as found
