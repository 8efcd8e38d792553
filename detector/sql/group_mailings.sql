-- Mail of one name (the content without regard to size) to five people or more in one quarter of an hour, and whether the
-- mailing before under that name was another mail, and to the same group. Groups are the same if their first or last
-- person is, by name or by name read backwards: some always miss a mailing. A kin has mailings of its own.
-- grain: template_key, name, window_us
-- reads: kins, repeats
with mails as (
  select template_key, regexp_replace(content_key, '[|][0-9]+\z', '') as name, content_key, recipient,
    sent_at_us - sent_at_us % 900000000 as window_us
  from repeats
  where grain = 'mail' and (lag_us is null or lag_us >= 900000000)  -- each person once
), great as (
  select template_key, name, window_us from mails group by template_key, name, window_us having count(*) >= 5
), mailings as (
  select m.template_key, m.name, m.window_us, min(m.content_key) as one_content, min(m.recipient) as first_person,
    max(m.recipient) as last_person, min(reverse(m.recipient)) as first_reversed,
    max(reverse(m.recipient)) as last_reversed
  from mails as m
  join great as g on g.template_key = m.template_key and g.name = m.name and g.window_us = m.window_us
  group by m.template_key, m.name, m.window_us
), all_mailings as (
  select template_key, name, window_us, one_content, first_person, last_person, first_reversed, last_reversed
  from mailings
  union all
  select k.kin_key, m.name, m.window_us, m.one_content, m.first_person, m.last_person, m.first_reversed,
    m.last_reversed
  from mailings as m
  join kins as k on k.template_key = m.template_key
)
select template_key, name, window_us, window_us - window_us % 86400000000 as day_us,
  window_us - lag(window_us) over by_time as apart_us, lag(one_content) over by_time <> one_content as is_other,
  first_person = lag(first_person) over by_time or last_person = lag(last_person) over by_time
    or first_reversed = lag(first_reversed) over by_time or last_reversed = lag(last_reversed) over by_time as is_same_group
from all_mailings
window by_time as (partition by template_key, name order by window_us)
