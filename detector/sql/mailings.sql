-- Mail of one name (the content without regard to size) to five people or more in one quarter of an hour, each of them
-- counted once, with the first and last of them by name and by name read backwards.
-- grain: template_key, name, window_us
-- reads: repeats
with mails as (
  select template_key, regexp_replace(content_key, '[|][0-9]+\z', '') as name, content_key, recipient,
    sent_at_us - sent_at_us % 900000000 as window_us
  from repeats
  where grain = 'mail' and (lag_us is null or lag_us >= 900000000)  -- each person once
), great as (
  select template_key, name, window_us from mails group by template_key, name, window_us having count(*) >= 5
)
select m.template_key, m.name, m.window_us, min(m.content_key) as one_content, min(m.recipient) as first_person,
  max(m.recipient) as last_person, min(reverse(m.recipient)) as first_reversed,
  max(reverse(m.recipient)) as last_reversed
from mails as m
join great as g on g.template_key = m.template_key and g.name = m.name and g.window_us = m.window_us
group by m.template_key, m.name, m.window_us
