"""hold.csv: whom the sending system should spare, with which mail, until when; a person imports it there.

It is a pause of one mail, no opt-out: after its last day nobody is held back any more. The template is empty where the
log does not name it (Postfix): then a person must find out which mail it is before this can hold back anything.
"""

from datetime import timedelta

from detector.documents.escaping import csv_cell, csv_table
from detector.records import CaseFacts, Document

HOLD_DAYS = 14
COLUMNS = ("recipient", "template", "sender", "incident_id", "hold_until")


def render_hold_csv(case: CaseFacts) -> Document:
    """One row per person, safe to open in any spreadsheet program; the hold ends two weeks after the last copy."""
    incident = case.incident
    until = f"{incident.ended_at + timedelta(days=HOLD_DAYS):%Y-%m-%d}"
    template = "" if incident.rung == "sender+size" else incident.template
    mail = [csv_cell(template), csv_cell(incident.sender), csv_cell(incident.incident_id), until]
    return Document("hold.csv", csv_table(COLUMNS, ([csv_cell(row.recipient), *mail] for row in case.affected)))
