-- Templates that are akin, because one sender's names or subjects begin alike ("Welcome to First Aid", "Welcome to Fire
-- Safety"), up to a colon if there is one ("Overdue: First Aid"); or because subjects end alike, where few begin so ("First Aid
-- starts in one hour"). What breaks mostly breaks a kin, and a new template is judged by its kin. Only those with company
-- are here; a prefix of most names ("tpl_17") or subjects ("[Academy] Welcome to First Aid") makes none.
-- grain: template_key
-- reads: repeats
with titled as (
  select template_key, min(sender) as sender, regexp_extract(min(content_key), '[|](.*)', 1) as title
  from repeats
  where grain = 'mail' and substr(template_key, 1, 2) <> 'z:'
  group by template_key
), opened as (
  select *, substr(template_key, 1, 2) as rung, regexp_extract(title, '^[^ ]+ ', 0) as opening from titled
), tagged as (
  select *, 2 * count(*) over (partition by rung, opening) > count(*) over (partition by rung) and opening <> ''
      and count(*) over (partition by rung) > 7 as is_tagged
  from opened
), named as (
  select template_key, sender,
    case when rung = 't:' then regexp_extract(lower(substr(template_key, 3)), '^[a-z][a-z][a-z]+', 0)
      else regexp_extract(case when is_tagged then substr(title, length(opening) + 1) else title end,
        '^([^|:]+:|[^ ]+ [^ ]+)', 1) end as beginning,
    case when rung = 's:' then regexp_extract(template_key, ' [^ |]+ [^ |]+\z', 0) else '' end as ending
  from tagged
), weighed as (
  select template_key, sender, beginning, ending, count(*) over (partition by sender, beginning) as begin_so,
    count(*) over (partition by sender, ending) as end_so,
    count(*) over (partition by substr(template_key, 1, 2), beginning) as named_so,
    sum(case when beginning <> '' then 1 else 0 end) over (partition by substr(template_key, 1, 2)) as templates
  from named
), told as (
  select template_key, sender, templates, named_so,
    case when ending <> '' and begin_so < 4 and end_so > 3 and end_so >= 2 * begin_so then ending else beginning end as part
  from weighed
), counted as (
  select template_key, sender, templates, named_so, part, count(*) over (partition by sender, part) as company
  from told
  where part <> ''
)
select template_key, sender, 'k:' || sender || '|' || part as kin_key
from counted
where company > 1 and (substr(template_key, 1, 2) <> 't:' or named_so * 2 <= templates or templates < 4)
