-- The repeats that certainly belong to a burst: its seeds, and the same mail to anybody else in the same minutes at a lag
-- next to the burst's own, which no estimate would find at a client of one or two people, unless the template repeats
-- at that lag anyway, or only one person's own evidence speaks for it. What is slow may go on for weeks: there it is the
-- minutes of each of its rounds, six hours apart or more. On the rung of sender and size contents are numbered per person,
-- so there the template decides.
-- grain: template_key, burst_number, recipient, content_key, copies_before
-- reads: binned_repeats, burst_seeds, usual_lags
with known as (
  select template_key, burst_number, lag_bin, repeated_at_us, recipient, copies_before,
    case when substr(template_key, 1, 2) in ('t:', 's:') then content_key else '' end as content_key
  from burst_seeds
  where is_alone = 0
), spaced as (
  select *, case when burst_number % 2 = 0 or repeated_at_us - lag(repeated_at_us) over (
      partition by template_key, burst_number, lag_bin, content_key order by repeated_at_us, recipient, copies_before
    ) <= 21600000000 then 0 else 1 end as begins
  from known
), runs as (
  select *, sum(begins) over (
      partition by template_key, burst_number, lag_bin, content_key order by repeated_at_us, recipient, copies_before
      rows between unbounded preceding and current row
    ) as run
  from spaced
), spans as (
  select template_key, burst_number, lag_bin, content_key,
    min(repeated_at_us) - 900000000 as from_us, max(repeated_at_us) + 900000000 as until_us
  from runs
  group by template_key, burst_number, lag_bin, content_key, run
)
select template_key, burst_number, recipient, content_key, copies_before
from burst_seeds
union
select b.template_key, s.burst_number, b.recipient, b.content_key, b.copies_before + 1
from binned_repeats as b
join spans as s on s.template_key = b.template_key and s.content_key in ('', b.content_key)
  and b.lag_bin between s.lag_bin - 1 and s.lag_bin + 1 and b.repeated_at_us between s.from_us and s.until_us
left join usual_lags as u on u.template_key = b.template_key and u.lag_bin = b.lag_bin and not u.beside_quick
where u.lag_bin is null
