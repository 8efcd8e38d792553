"""roster.csv: enrolments whose mail never went out, and mails to people who are not enrolled; one row each."""

from detector.documents.escaping import csv_cell, csv_table
from detector.documents.phrases import iso
from detector.records import Document, NightFacts, RosterGap

COLUMNS = ("kind", "recipient", "course", "organization", "at")


def render_roster_csv(night: NightFacts) -> Document:
    """All gaps between roster and mail, in the order of the facts."""
    return Document("roster.csv", csv_table(COLUMNS, map(_row, night.roster_gaps)))


def _row(gap: RosterGap) -> tuple[str, ...]:
    return (gap.kind, csv_cell(gap.recipient), csv_cell(gap.course), csv_cell(gap.organization or ""), iso(gap.at))
