-- All mail to the people of incidents, in which their copies are looked for, and what these repeat: the log has far more.
-- grain: send_id, content_key
-- reads: incident_repeats, repeats
select send_id, recipient, content_key, template_key, copies_before, sent_at_us, known_at_us, lag_us
from repeats
where recipient in (select recipient from incident_repeats)
