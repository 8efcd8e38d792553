-- The mail domains of each client that the log knows, and what people have in domains that belong to nobody: `address`
-- is null for a domain of one client alone. Domains we send from are ours, and whoever sits there is no client.
-- grain: organization, domain, address
-- reads: free_mail, sends
with people as (
  select distinct organization, lower(recipient) as address, lower(split_part(recipient, '@', -1)) as domain from sends
), whose as (
  select p.domain, count(distinct p.organization) = 1 and count(*) = count(p.organization) and min(f.domain) is null
    as is_one
  from people as p
  left join free_mail as f on f.domain = p.domain
  group by p.domain
), ours as (
  select distinct lower(split_part(sender, '@', -1)) as domain from sends where sender is not null
)
select distinct p.organization, p.domain, case when not w.is_one then p.address end as address
from people as p
join whose as w on w.domain = p.domain
where p.organization is not null
  and p.organization not in (select q.organization from people as q join ours as o on o.domain = q.domain
    where q.organization is not null)
order by p.organization, p.domain, address
