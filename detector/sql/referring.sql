-- The masked subjects of mails that carry a reference of their own each time: those that go to one person each, however
-- often.
-- grain: masked_name
-- reads: masked_mails
with told as (
  select masked_name, content_key, count(distinct recipient) as people from masked_mails group by masked_name, content_key
)
select masked_name
from told
group by masked_name
having count(*) >= 20 and count(*) >= 0.8 * sum(people)
