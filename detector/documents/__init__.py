"""Everything a person will read: facts in, text out. No file, no clock, no database, no network.

To add a document
    1. `documents/<name>.py` with one function from facts (`NightFacts`, or `CaseFacts` and `Desk`) to `Document`, its
       template beside it as `<name>.html` or `<name>.md`, filled by `render_html` or `render_markdown` of `templates`.
    2. One line in `night_documents` or `case_documents` below.
    3. A case in `tests/test_documents.py`; run it with ACCEPT=1, read the golden file it writes, commit it.
       The hostile texts, the byte-for-byte repetition and the skeleton test then cover it by themselves.

To add a picture
    A drawing in `plots.py` or `burst_plots.py`, and in `charts.py` what comes with it: two sizes, a text alternative,
    the same figures as a table. It is drawn only if the album, the pictures of the page as it was, does not have it.

What a template may rely on
    Every value in `{{ }}` is escaped for its output and shown without hidden characters: `templates` cannot forget it.
    A name that is not given fails. Numbers and times go through the filters of `phrases` (`|number`, `|minute`, ...);
    sentences about an incident come from `sentences.CaseWords`, so that all documents say the same.
    What only a person can know is `{{ fill("H3", "what stopped it") }}` and is never guessed.
"""

from collections.abc import Mapping, Sequence

from detector.documents.affected_csv import render_affected_csv
from detector.documents.album import Album, pictures_of
from detector.documents.alert_lists import render_alert_list, render_feed_alert, render_promises_alert
from detector.documents.alert_mail import CHART_CID, render_alert
from detector.documents.apology_letter import render_letter
from detector.documents.client_words import render_call_sheet, render_note
from detector.documents.desk import Desk
from detector.documents.figures import render_facts_json
from detector.documents.hold_csv import render_hold_csv
from detector.documents.human_form import render_human_form
from detector.documents.incident_brief import render_brief
from detector.documents.incidents_json import render_incidents_json
from detector.documents.night_json import render_night_json
from detector.documents.nightly_report import render_report
from detector.documents.report_index import render_index
from detector.documents.roster_csv import render_roster_csv
from detector.documents.vendor_pack import render_vendor_pack
from detector.records import CaseFacts, Copy, Document, NightFacts

__all__ = [
    "CHART_CID",
    "Desk",
    "case_documents",
    "client_documents",
    "night_documents",
    "pictures_of",
    "render_affected_csv",
    "render_alert",
    "render_alert_list",
    "render_brief",
    "render_feed_alert",
    "render_incidents_json",
    "render_index",
    "render_letter",
    "render_promises_alert",
    "render_report",
    "render_roster_csv",
]


def night_documents(
    night: NightFacts, folders: Mapping[str, str] | None = None, album: Album | None = None
) -> tuple[Document, ...]:
    """All that goes into `reports/<date>/`; `folders` gives the folder name of each incident id, for the links."""
    return (
        *render_report(night, folders, album),
        render_night_json(night),
        render_incidents_json(night),
        render_affected_csv(night),
        *((render_roster_csv(night),) if night.enrolments is not None else ()),
    )


def case_documents(
    case: CaseFacts, desk: Desk, copies: Sequence[Copy] = (), album: Album | None = None
) -> tuple[Document, ...]:
    """All that goes into an incident's folder: for ourselves, for each client that was hit, and for the vendor."""
    return (
        *render_brief(case, desk, album),
        render_facts_json(case),
        render_human_form(case, desk),
        render_hold_csv(case),
        *(text for name in case.incident.organizations for text in client_documents(case, name, desk)),
        *render_vendor_pack(case, copies, desk),
    )


def client_documents(case: CaseFacts, organization: str, desk: Desk) -> tuple[Document, ...]:
    """The drafts for one client, with its own figures and nobody else's."""
    renderers = (render_letter, render_call_sheet, render_note)
    return tuple(render(case, organization, desk) for render in renderers)
