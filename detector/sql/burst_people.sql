-- Who was hit by each burst.
-- grain: template_key, burst_number, recipient
-- reads: burst_repeats
select template_key, burst_number, recipient, min(organization) as organization, count(*) as excess
from burst_repeats
group by template_key, burst_number, recipient
