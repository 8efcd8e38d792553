"""roster.csv: enrolments whose mail never went out, and mails to people who are not enrolled; one row each."""

import csv
import io

from detector.documents.escaping import csv_cell
from detector.documents.phrases import iso
from detector.records import Document, NightFacts

COLUMNS = ("kind", "recipient", "course", "organization", "at")


def render_roster_csv(night: NightFacts) -> Document:
    """All gaps between roster and mail, in the order of the facts."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for gap in night.roster_gaps:
        names = (csv_cell(gap.recipient), csv_cell(gap.course), csv_cell(gap.organization or ""))
        writer.writerow((gap.kind, *names, iso(gap.at)))
    return Document("roster.csv", text.getvalue())
