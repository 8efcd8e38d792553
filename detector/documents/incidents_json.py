"""incidents.json: every incident known, for machines. A public interface, whose keys change only with a new version.

The texts are exact, not escaped for people; JSON's own escapes keep them from acting, and the file is plain ASCII.
"""

import json
import re
from typing import Any

from detector.case_record import CaseRecord
from detector.documents.phrases import iso
from detector.records import CaseFacts, CauseCandidate, Document, Incident, NightFacts

SCHEMA_VERSION = 1


def render_incidents_json(night: NightFacts) -> Document:
    """All incidents of the night's facts in their order, with a fixed order of keys."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "as_of": iso(night.as_of),
        "incidents": [incident_values(case.incident) | _record(case) for case in night.cases],
    }
    return Document("incidents.json", json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def without_as_of(text: str) -> str:
    """The file's text without the time it was written for: what must differ for there to be news."""
    return re.sub(r'^  "as_of": "[^"]*",\n', "", text, count=1, flags=re.MULTILINE)


def incident_values(incident: Incident) -> dict[str, Any]:
    """What the log tells of an incident."""
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


def _record(case: CaseFacts) -> dict[str, Any]:
    """What people did, and what the journal knows of the incident's place among the others."""
    record = case.record or CaseRecord(case.incident.incident_id)
    return {
        "work": record.work,
        "muted_because": record.muted_because,
        "aliases": list(record.aliases),
        "merged_into": record.merged_into,
        "recurs_from": record.recurs_from,
        "withdrawn_because": record.withdrawn_because,
    }


def _candidate(candidate: CauseCandidate) -> dict[str, Any]:
    return {
        "cause": candidate.cause,
        "for": list(candidate.supporting),
        "against": list(candidate.contradicting),
    }
