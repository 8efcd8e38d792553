"""Reads from the store the copies of an incident, and hands them to `evidence` to be counted."""

from math import inf

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
with hosts as (
  select distinct r.template_key, split_part(s.message_id, '@', 2) as host
  from repeats as r
  join sends as s on s.send_id = r.send_id
  left join incident_copies as i on i.send_id = r.send_id
  where i.send_id is null and s.message_id like '%@%.%'
    and r.template_key in (select template_key from incident_copies)
), mine as (
  select distinct incident_id, template_key from incident_copies
)
select m.incident_id, count(distinct h.host)
from mine as m
join hosts as h on h.template_key = m.template_key
group by m.incident_id
"""


def usual_hosts(db: Connection) -> dict[str, int]:
    """How many hosts the templates of each incident come from otherwise, where any does; all in one look at the log."""
    return dict(db.execute(_HOSTS).fetchall())


def fingerprint(db: Connection, incident_id: str, hosts: int, until_seconds: float = inf) -> Evidence:
    """The counted facts from which the causes of one incident are judged; or what they were before a moment."""
    copies = db.execute(_COPIES, [incident_id]).df()
    audience = db.execute(_AUDIENCE, [incident_id]).df()
    copies, audience = (
        copies[copies["sent_at_seconds"] < until_seconds],
        audience[audience["first_seconds"] < until_seconds],
    )
    return measure(copies.reset_index(drop=True), audience.reset_index(drop=True), hosts)
