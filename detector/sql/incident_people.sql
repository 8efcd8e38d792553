-- Who got how many copies in each incident. Of each mail, those from the one before the first extra copy to the last: what
-- of them is no extra copy was right, mostly that first one.
-- grain: incident_id, recipient
-- reads: burst_repeats, incident_bursts
with mails as (
  select i.incident_id, r.recipient, r.content_key, count(*) as excess,
    max(r.copies_before) - min(r.copies_before) + 2 as sends, min(r.sent_at_us - r.lag_us) as first_sent_us,
    max(r.sent_at_us) as last_sent_us, min(r.organization) as organization
  from incident_bursts as i
  join burst_repeats as r on r.template_key = i.template_key and r.burst_number = i.burst_number
  group by i.incident_id, r.recipient, r.content_key
)
select incident_id, recipient, min(organization) as organization, cast(sum(sends) as bigint) as sends,
  cast(sum(sends - excess) as bigint) as expected, cast(sum(excess) as bigint) as excess,
  make_timestamp(min(first_sent_us)) as first_sent_at, make_timestamp(max(last_sent_us)) as last_sent_at
from mails
group by incident_id, recipient
