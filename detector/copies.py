"""Asks the store about one incident's single copies and about what else happened to its clients. Decides nothing."""

from typing import Any

from detector.documents.desk import Neighbours
from detector.documents.figures import QUERIES
from detector.records import Copy, EarlierIncident, Incident
from detector.store import Connection, read_sql, utc

MOST = 20_000
"""Copies that a vendor pack lists; it says so if there are more."""


def read_copies(db: Connection, incident_id: str) -> tuple[Copy, ...]:
    """The copies of an incident in the order of time, the first 20,000 of them."""
    rows = db.execute(read_sql("questions/copies"), {"incident_id": incident_id, "most": MOST}).fetchall()
    return tuple(Copy(row[0], row[1], utc(row[2]), *row[3:]) for row in rows)


def grade(db: Connection, incident_id: str) -> str:
    """How sure each copy is one: "A" if every one has an id of its own, else "B"."""
    ((found,),) = db.execute(QUERIES["evidence grade"], {"incident_id": incident_id}).fetchall()
    return str(found)


def earlier(db: Connection, incident: Incident) -> tuple[EarlierIncident, ...]:
    """The incidents of the same clients that began before this one, newest first."""
    parameters = {"incident_id": incident.incident_id, "started_at": incident.started_at.replace(tzinfo=None)}
    return _others(db, "earlier", parameters)


def later(db: Connection, incident: Incident) -> tuple[EarlierIncident, ...]:
    """The incidents of the same clients with extra copies to them after the last one of this, newest first."""
    return _others(db, "later", {"incident_id": incident.incident_id})


def _others(db: Connection, question: str, parameters: dict[str, Any]) -> tuple[EarlierIncident, ...]:
    rows = db.execute(read_sql(f"questions/{question}"), parameters).fetchall()
    return tuple(EarlierIncident(row[0], row[1], utc(row[2]), row[3], row[4]) for row in rows)


def neighbours(db: Connection) -> Neighbours:
    """Every client of the log, with its mail domains, and its people in those that are nobody's."""
    domains: dict[str, set[str]] = {}
    people = {}
    for organization, domain, address in db.execute(read_sql("questions/domains")).fetchall():
        theirs = domains.setdefault(organization, set())
        if address is None:
            theirs.add(domain)
        else:
            people[address] = organization
    return Neighbours({name: frozenset(theirs) for name, theirs in domains.items()}, people)
