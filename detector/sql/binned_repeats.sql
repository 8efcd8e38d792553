-- Sends that were followed by the same mail to the same person within 60 days, with the bin of that lag. `is_again` tells
-- sends that were repeats already: what comes after an extra copy is another question than what comes after the first.
-- Each stands for its template, and once more for the template's kin.
-- grain: send_id, content_key, template_key
-- reads: kins, lag_bins, repeats
with binned as (
  select r.send_id, r.template_key, r.content_key, r.recipient, r.organization, r.sent_at_us, r.copies_before,
    r.copies_before > 0 as is_again, b.lag_bin, r.sent_at_us + r.next_lag_us as repeated_at_us,
    r.next_known_us as known_at_us
  from repeats as r
  join lag_bins as b on r.next_lag_us >= b.from_us and r.next_lag_us < b.until_us
)
select send_id, template_key, content_key, recipient, organization, sent_at_us, copies_before, is_again, lag_bin,
  repeated_at_us, known_at_us
from binned
union all
select b.send_id, k.kin_key, b.content_key, b.recipient, b.organization, b.sent_at_us, b.copies_before, b.is_again,
  b.lag_bin, b.repeated_at_us, b.known_at_us
from binned as b
join kins as k on k.template_key = b.template_key
