"""affected.csv: who got how many copies, one row per person and incident, safe to open in any spreadsheet program.

A cell that could begin a formula gets an apostrophe, which changes its value; the snapshot holds the exact one.
"""

from detector.documents.escaping import csv_cell, csv_table
from detector.documents.phrases import iso
from detector.records import AffectedRecipient, Document, NightFacts

COLUMNS = (
    "incident_id",
    "recipient",
    "organization",
    "sends",
    "expected",
    "excess",
    "first_sent_at",
    "last_sent_at",
)


def render_affected_csv(night: NightFacts) -> Document:
    """All people of all incidents, in the order of the facts."""
    return Document("affected.csv", csv_table(COLUMNS, (_row(row) for case in night.cases for row in case.affected)))


def _row(row: AffectedRecipient) -> tuple[str | int, ...]:
    return (
        csv_cell(row.incident_id),
        csv_cell(row.recipient),
        csv_cell(row.organization or ""),
        row.sends,
        row.expected,
        row.excess,
        iso(row.first_sent_at),
        iso(row.last_sent_at),
    )
