-- All extra copies of each burst, so that the figures are whole. Of each mail to each person: the anchors; what an anchor
-- repeats, if that is a repeat itself; what hangs on by gaps of an hour or three times the lag beside it, up to four days;
-- and all that lies between (but where a reference is left out, only what came soon: it may be other mail); but of what is
-- quick nobody who had got it more often long before the burst, as an address that is probed every hour; and of what is
-- slow no day before or after that has less than a twentieth of the busiest. A repeat at a lag that is usual for the template is
-- none, unless it is an anchor: today's digest is right, and so, amid what is quick, is this week's issue.
-- A send that two bursts claim goes to the one with the sharper reason: the same Message-ID, its own template, its kin.
-- grain: template_key, burst_number, send_id
-- reads: burst_anchors, lag_bins, repeats, usual_lags
with mails as (
  select distinct template_key, burst_number, recipient, content_key from burst_anchors
), candidates as (
  select m.template_key, m.burst_number, r.send_id, r.sent_at_us, r.recipient, r.organization, r.content_key, r.sender,
    r.rung, r.template_key as own_template_key, r.copies_before, r.lag_us, case when a.recipient is null then 0 else 1 end as is_anchor
  from mails as m
  join repeats as r on r.recipient = m.recipient and r.content_key = m.content_key
  left join burst_anchors as a on a.recipient = r.recipient and a.content_key = r.content_key
    and a.copies_before = r.copies_before and a.template_key = m.template_key and a.burst_number = m.burst_number
  left join lag_bins as b on r.lag_us >= b.from_us and r.lag_us < b.until_us
  left join usual_lags as u on u.template_key = m.template_key and u.lag_bin = b.lag_bin
    and (not u.beside_quick or m.burst_number % 2 = 0)
  where r.copies_before > 0 and (a.recipient is not null or u.lag_bin is null)
), spaced as (
  select *,
    copies_before - lag(copies_before) over one_mail = 1 and is_anchor = 1 as is_of_before,
    sent_at_us - lag(sent_at_us) over one_mail as gap_us,
    case when lag(is_anchor) over one_mail = 1 then lag(lag_us) over one_mail end as anchor_lag_us,
    lead(lag_us) over one_mail as next_lag_us
  from candidates
  window one_mail as (partition by template_key, burst_number, recipient, content_key order by copies_before)
), chained as (
  select *, sum(case when is_of_before or gap_us <= greatest(3600000000, least(3 * coalesce(next_lag_us, 0), 345600000000))
      or gap_us <= least(3 * anchor_lag_us, 345600000000) then 0 else 1 end) over (
      partition by template_key, burst_number, recipient, content_key order by copies_before
      rows between unbounded preceding and current row
    ) as chain
  from spaced
), judged as (
  select *, max(is_anchor) over (partition by template_key, burst_number, recipient, content_key, chain) as hangs_on,
    min(case when is_anchor = 1 then copies_before end) over (partition by template_key, burst_number, recipient, content_key) as first_one,
    max(case when is_anchor = 1 then copies_before end) over (partition by template_key, burst_number, recipient, content_key) as last_one,
    min(case when is_anchor = 1 then sent_at_us end) over (partition by template_key, burst_number) as burst_from_us,
    max(case when is_anchor = 1 then sent_at_us end) over (partition by template_key, burst_number) as burst_until_us
  from chained
), weighed as (
  select *, sum(is_anchor) over (partition by template_key, burst_number, recipient, content_key) as anchors,
    sum(case when hangs_on = 1 and sent_at_us < burst_from_us - 86400000000 then 1 else 0 end) over (
      partition by template_key, burst_number, recipient, content_key
    ) as long_before
  from judged
), claimed as (
  select *, row_number() over (
      partition by send_id
      order by case substr(template_key, 1, 2) when 'i:' then 0 when 'm:' then 2 when 'k:' then 3 else 1 end,
        is_anchor desc, template_key, burst_number
    ) as place
  from weighed
  where (hangs_on = 1 or copies_before between first_one and last_one) and (burst_number % 2 = 1 or long_before <= anchors)
    and (substr(template_key, 1, 2) <> 'm:' or is_anchor = 1 or lag_us <= greatest(3600000000, 3 * coalesce(next_lag_us, 0)))
), counted as (
  select *, count(*) over (partition by template_key, burst_number, sent_at_us - sent_at_us % 86400000000) as that_day
  from claimed
  where place = 1
), compared as (
  select *, max(that_day) over (partition by template_key, burst_number) as busiest_day from counted
)
select template_key, burst_number, own_template_key, send_id, sent_at_us, recipient, organization, content_key, sender, rung,
  copies_before, lag_us
from compared
where burst_number % 2 = 0 or 20 * that_day >= busiest_day
  or sent_at_us between burst_from_us - 86400000000 and burst_until_us + 86400000000
