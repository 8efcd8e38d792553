"""incidents.json: every incident known, for machines. A public interface, whose keys change only with a new version.

The texts are exact, not escaped for people; JSON's own escapes keep them from acting, and the file is plain ASCII.
"""

import json
from typing import Any

from detector.documents.phrases import iso
from detector.records import CauseCandidate, Document, Incident, NightFacts

SCHEMA_VERSION = 1


def render_incidents_json(night: NightFacts) -> Document:
    """All incidents of the night's facts in their order, with a fixed order of keys."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "as_of": iso(night.as_of),
        "incidents": [_incident(case.incident) for case in night.cases],
    }
    return Document("incidents.json", json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def says_the_same(one: str, other: str) -> bool:
    """True if two such files differ in nothing but the time they were written for."""
    try:
        contents = [json.loads(text) for text in (one, other)]
    except ValueError:
        return False
    return (
        all(isinstance(c, dict) and c.pop("as_of", None) is not None for c in contents) and contents[0] == contents[1]
    )


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "state": incident.state,
        "severity": incident.severity,
        "template": incident.template,
        "organizations": list(incident.organizations),
        "cause": incident.cause,
        "cause_candidates": [_candidate(candidate) for candidate in incident.cause_candidates],
        "started_at": iso(incident.started_at),
        "ended_at": iso(incident.ended_at),
        "detected_at": iso(incident.detected_at),
        "ongoing": incident.ongoing,
        "recipients": incident.recipients,
        "sends": incident.sends,
        "excess": incident.excess,
        "copies_min": incident.copies_min,
        "copies_median": incident.copies_median,
        "copies_max": incident.copies_max,
    }


def _candidate(candidate: CauseCandidate) -> dict[str, Any]:
    return {
        "cause": candidate.cause,
        "for": list(candidate.supporting),
        "against": list(candidate.contradicting),
    }
