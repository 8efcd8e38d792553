"""Numbers the templates for the estimator, and says of what kind each is: by its habits, or those of its kin."""

from detector.batch_rows import CONVERSATION, OCCASIONAL, REFERRING, SERIES, SEVERAL

_IS_HABIT = "h.{0} >= case when h.mail_days < 10 then 4 else {1} end and h.{0} >= 0.1 * h.mail_days"
_HABITS = f"""case when several_weeks >= 4 and several_weeks >= 0.5 * weeks then {SEVERAL}
      when {_IS_HABIT.format("odd_runs", 3)} then {OCCASIONAL}
      when several_again_weeks >= 4 and several_again_weeks >= 0.5 * weeks and not starts_with(template_key, 'k:')
        then {SEVERAL}
      when {_IS_HABIT.format("issue_runs", 4)} or {_IS_HABIT.format("follow_up_runs", 4)} then {SERIES} else 0 end"""
TEMPLATES = f"""
create or replace temp table template_numbers as
with habits as (
  select template_key, mail_days, {_HABITS} as kind from group_habits as h
), answers as (
  select distinct regexp_replace(content_key, '[|][0-9]+$', '') as content_key
  from repeats where is_reply and starts_with(content_key, 's:')
), threads as (
  select distinct regexp_replace(regexp_replace(content_key, '([|:] ?)(re|aw|sv|vs|antw|odp|res|rif|ynt): ', '\\1'),
    '[0-9]+', '#', 'g') as template_key
  from answers
), named as (
  select r.template_key, min(k.kin_key) as kin_key, min(r.sender) as sender,
    case when starts_with(r.template_key, 'm:') then {REFERRING}
      when avg(case when r.is_reply then 1 else 0 end) >= 0.2 or max(t.template_key) is not null then {CONVERSATION}
      when max(h.kind) > 0 or max(h.mail_days) >= 10 then max(h.kind) else coalesce(max(a.kind), 0) end as kind
  from repeats as r
  left join kins as k on k.template_key = r.template_key
  left join habits as h on h.template_key = r.template_key
  left join habits as a on a.template_key = k.kin_key
  left join threads as t on t.template_key = r.template_key
  group by r.template_key
  union all
  select k.kin_key, null, min(k.sender), coalesce(max(h.kind), 0)
  from kins as k
  left join habits as h on h.template_key = k.kin_key
  group by k.kin_key
), numbered as (
  select *, row_number() over (order by template_key) as template,
    dense_rank() over (
      order by case when substr(template_key, 1, 2) in ('t:', 's:', 'z:') then sender else template_key end
    ) as family
  from named
)
select n.template_key, n.kin_key, n.kind, n.template, n.family, coalesce(k.template, 0) as kin
from numbered as n
left join numbered as k on k.template_key = n.kin_key
"""  # noqa: S608 - constants above
