"""Everything a person will read: facts in, text out. No file, no clock, no database, no network.

To add a document
    1. `documents/<name>.py` with one function from facts (`NightFacts` or `CaseFacts`) to `Document`, its template
       beside it as `<name>.html` or `<name>.md`, filled by `templates.render_html` or `templates.render_markdown`.
    2. One line in `night_documents` or `case_documents` below.
    3. A case in `tests/test_documents.py`; run it with ACCEPT=1, read the golden file it writes, commit it.
       The hostile texts, the byte-for-byte repetition and the skeleton test then cover it by themselves.

What a template may rely on
    Every value in `{{ }}` is escaped for its output and shown without hidden characters: `templates` cannot forget it.
    A name that is not given fails. Numbers and times go through the filters of `phrases` (`|number`, `|minute`, ...);
    sentences about an incident come from `sentences.CaseWords`, so that all documents say the same.
    What only a person can know is `{{ fill("H3", "what stopped it") }}` and is never guessed.
"""

from collections.abc import Mapping

from detector.config import Client, Us
from detector.documents.affected_csv import render_affected_csv
from detector.documents.alert_mail import CHART_CID, render_alert
from detector.documents.apology_letter import render_letter
from detector.documents.incident_brief import render_brief
from detector.documents.incidents_json import render_incidents_json
from detector.documents.nightly_report import render_report
from detector.documents.roster_csv import render_roster_csv
from detector.records import CaseFacts, Document, NightFacts

__all__ = [
    "CHART_CID",
    "case_documents",
    "night_documents",
    "render_affected_csv",
    "render_alert",
    "render_brief",
    "render_incidents_json",
    "render_letter",
    "render_report",
    "render_roster_csv",
]


def night_documents(night: NightFacts, folders: Mapping[str, str] | None = None) -> tuple[Document, ...]:
    """All that goes into `reports/<date>/`; `folders` gives the folder name of each incident id, for the links."""
    return (
        *render_report(night, folders),
        render_incidents_json(night),
        render_affected_csv(night),
        *((render_roster_csv(night),) if night.enrolments is not None else ()),
    )


def case_documents(case: CaseFacts, clients: Mapping[str, Client], us: Us) -> tuple[Document, ...]:
    """All that goes into an incident's folder: the brief, and one draft for each client that was hit."""
    letters = (render_letter(case, name, clients.get(name, Client()), us) for name in case.incident.organizations)
    return (*render_brief(case, clients), *letters)
