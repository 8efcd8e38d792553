-- How many mails of each incident came at ever shorter notice, as reminders of a deadline do: the last copy whole hours
-- after the one before, or ten minutes or more, and whole five, that one whole hours and about twice as long or more after
-- the one before, and that after no less; or, whole days after one another, the other way round, as reminders of what is
-- overdue. (Not one hour: so does a clock that is put back; nor after a weekend what comes daily.)
-- grain: incident_id
-- reads: incident_mail, incident_repeats
with last_copies as (
  select i.incident_id, i.recipient, i.content_key, max(r.copies_before) as copies_before
  from incident_repeats as i
  join incident_mail as r on r.send_id = i.send_id and r.content_key = i.content_key
  group by i.incident_id, i.recipient, i.content_key
)
select l.incident_id, cast(sum(case when r.lag_us >= 7020000000 and b.lag_us >= 1.8 * r.lag_us
    and coalesce(e.lag_us, b.lag_us) >= b.lag_us
    and (r.lag_us + 180000000) % 3600000000 <= 360000000 and (b.lag_us + 180000000) % 3600000000 <= 360000000
    or r.lag_us between 570000000 and 3330000000 and (r.lag_us + 30000000) % 300000000 <= 60000000
    and b.lag_us >= 7020000000 and (b.lag_us + 180000000) % 3600000000 <= 360000000 and coalesce(e.lag_us, b.lag_us) >= b.lag_us
    or b.lag_us >= 72000000000 and r.lag_us >= 1.8 * b.lag_us and coalesce(e.lag_us, b.lag_us) <= b.lag_us
    and (r.lag_us + 180000000) % 86400000000 <= 360000000 and (b.lag_us + 180000000) % 86400000000 <= 360000000
    and not (b.lag_us <= 86580000000 and r.lag_us between 259020000000 and 259380000000)
    then 1 else 0 end) as bigint) as mails_counted_down
from last_copies as l
join incident_mail as r on r.recipient = l.recipient and r.content_key = l.content_key and r.copies_before = l.copies_before
join incident_mail as b on b.recipient = l.recipient and b.content_key = l.content_key and b.copies_before = l.copies_before - 1
left join incident_mail as e on e.recipient = l.recipient and e.content_key = l.content_key
  and e.copies_before = l.copies_before - 2
group by l.incident_id
