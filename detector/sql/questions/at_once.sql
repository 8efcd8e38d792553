-- How many of one mail each person got at once, no more than ten minutes after another, of the templates of which several
-- come at once by nature; and of which client the person is, whose people are enrolled together.
-- grain: recipient, content_key, started_us
-- reads: repeats, template_numbers
with begun as (
  select r.recipient, coalesce(r.organization, r.recipient) as client, r.content_key, r.template_key, r.copies_before,
    r.sent_at_us, r.known_at_us,
    sum(case when r.lag_us <= 600000000 then 0 else 1 end) over (
      partition by r.recipient, r.content_key order by r.copies_before rows between unbounded preceding and current row
    ) as number
  from repeats as r
  join template_numbers as t on t.template_key = r.template_key and t.kind = 5
  where r.grain = 'mail'
)
select recipient, client, content_key, template_key, min(sent_at_us) as started_us, max(sent_at_us) as ended_us,
  count(*) as copies, false as is_even, 0 as own_days, 1 as most_elsewhere, 2 as enough_copies, max(known_at_us) as known_at_us
from begun
group by recipient, client, content_key, template_key, number
order by template_key, started_us, recipient, content_key
