-- The masked subjects of mails that carry a reference of their own each time: those that go to one person each, however
-- often.
-- grain: masked_name
-- reads: masked_mails
select masked_name
from masked_mails
group by masked_name
having count(distinct content_key) >= 20 and count(distinct content_key) >= 0.8 * count(distinct recipient || ' ' || content_key)
