-- Sends that were followed by the same mail to the same person within 60 days, with the bin of that lag. `is_again` tells
-- sends that were repeats already: what comes after an extra copy is another question than what comes after the first.
-- grain: send_id
-- reads: lag_bins, repeats
select r.send_id, r.template_key, r.content_key, r.recipient, r.organization, r.sent_at_us, r.copies_before,
  r.copies_before > 0 as is_again, b.lag_bin, r.sent_at_us + r.next_lag_us as repeated_at_us,
  r.next_known_us as known_at_us
from repeats as r
join lag_bins as b on r.next_lag_us >= b.from_us and r.next_lag_us < b.until_us
