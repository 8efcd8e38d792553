-- The mailings of each name in the order of time, and whether the one before under that name was another mail, and to the
-- same group. Groups are the same if their first or last person is, by name or by name read backwards: some always miss a
-- mailing. A kin has mailings of its own.
-- grain: template_key, name, window_us
-- reads: kins, mailings
with all_mailings as (
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
