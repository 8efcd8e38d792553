"""Reads from the store the copies of an incident, and hands them to `evidence` to be counted."""

from detector.evidence import Evidence, measure
from detector.store import Connection

_COPIES = """
select dense_rank() over (order by recipient, content_key) as mail, recipient, organization,
  coalesce(template, template_key) as template, subject, sent_at_us / 1e6 as sent_at_seconds,
  is_extra = 1 as is_extra, message_id, source not in ('ses') as is_senders_id, cast(outcome as varchar) as outcome,
  attempts
from incident_copies
where incident_id = ?
order by sent_at_us, send_id
"""
"""Amazon SES logs an id that it gives itself, anew for each message handed over."""

_AUDIENCE = """
select first_us / 1e6 as first_seconds, is_early = 1 as is_early, is_hit = 1 as is_hit, is_of_client = 1 as is_of_client
from incident_audiences
where incident_id = ?
order by first_us, recipient, content_key
"""

_HOSTS = """
select count(distinct split_part(s.message_id, '@', 2)) from repeats as r
join sends as s on s.send_id = r.send_id
left join incident_copies as i on i.send_id = r.send_id
where i.send_id is null and s.message_id like '%@%.%'
  and r.template_key in (select template_key from incident_copies where incident_id = ?)
"""


def fingerprint(db: Connection, incident_id: str) -> Evidence:
    """The counted facts from which the causes of one incident are judged."""
    copies = db.execute(_COPIES, [incident_id]).df()
    audience = db.execute(_AUDIENCE, [incident_id]).df()
    ((hosts,),) = db.execute(_HOSTS, [incident_id]).fetchall()
    return measure(copies, audience, int(hosts))
