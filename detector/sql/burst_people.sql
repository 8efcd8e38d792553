-- Who got how many copies in each burst. Of each mail, those from the one before the first extra copy to the last: what
-- of them is no extra copy was right, mostly that first one.
-- grain: template_key, burst_number, recipient
-- reads: burst_repeats
with mails as (
  select template_key, burst_number, recipient, content_key, count(*) as excess,
    max(copies_before) - min(copies_before) + 2 as sends, min(sent_at_us - lag_us) as first_sent_us,
    max(sent_at_us) as last_sent_us, min(organization) as organization
  from burst_repeats
  group by template_key, burst_number, recipient, content_key
)
select template_key, burst_number, recipient, min(organization) as organization, sum(excess) as excess,
  sum(sends - excess) as expected, min(first_sent_us) as first_sent_us, max(last_sent_us) as last_sent_us
from mails
group by template_key, burst_number, recipient
