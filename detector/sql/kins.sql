-- Templates that are akin, because one sender's names or subjects begin alike ("Welcome to First Aid", "Welcome to Fire
-- Safety"), up to a colon if there is one ("Overdue: First Aid"). What breaks mostly breaks a kin, and a new template is
-- judged by its kin. Only those with company are here; a prefix of most of a sender's names ("tpl_17") makes none.
-- grain: template_key
-- reads: repeats
with named as (
  select template_key, min(sender) as sender,
    case when substr(template_key, 1, 2) = 't:' then regexp_extract(lower(substr(template_key, 3)), '^[a-z][a-z][a-z]+', 0)
      else regexp_extract(min(content_key), '[|]([^|:]+:|[^ ]+ [^ ]+)', 1) end as beginning
  from repeats
  where grain = 'mail' and substr(template_key, 1, 2) <> 'z:'
  group by template_key
), counted as (
  select template_key, sender, beginning, count(*) over (partition by sender, beginning) as company,
    count(*) over (partition by sender, substr(template_key, 1, 2)) as templates
  from named
  where beginning <> ''
)
select template_key, sender, 'k:' || sender || '|' || beginning as kin_key
from counted
where company > 1 and (substr(template_key, 1, 2) <> 't:' or company * 2 <= templates or templates < 4)
