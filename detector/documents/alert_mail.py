"""The alert to staff about one incident: what to do now, in a mail that may travel.

No learner's address is in it, and no text from a log in its subject. The subject never changes for an incident, so that
all its mails stay in one thread; what has changed stands in the first line.
"""

import re
from pathlib import Path
from typing import Any

from detector.documents import charts, phrases, plots
from detector.documents.escaping import mail_text
from detector.documents.sentences import CaseWords, cause_in_words
from detector.documents.templates import render_html, render_text
from detector.records import Alert, CaseFacts

CHART_CID = "chart.detector"
"""The channel attaches the picture with this Content-ID; the HTML part points to it."""

_INCIDENT_ID = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")


def render_alert(case: CaseFacts, *, notice_key: str, kind: str, brief_path: Path | str) -> Alert:
    """The whole mail; `brief_path` is where staff find the brief, as a path on their machine or share."""
    incident = case.incident
    if not _INCIDENT_ID.fullmatch(incident.incident_id):
        raise ValueError(f"{incident.incident_id!r} is no incident id of ours and may not enter a mail header")
    alt = charts.timeline_alt(case)
    picture = plots.timeline_png(case.timeline, alarm_at=incident.detected_at, log_end=case.log_complete_through)
    facts = _facts(case) | {
        "kind": kind,
        "notice_key": notice_key,
        "brief_path": brief_path,
        "chart_cid": CHART_CID if picture else "",
        "alt": alt,
    }
    return Alert(
        notice_key=notice_key,
        incident_id=incident.incident_id,
        kind=kind,
        subject=f"[detector {incident.incident_id}] Duplicate mail: the same message sent again and again",
        text=render_text("alert_mail.txt", facts),
        html=render_html("alert_mail.html", facts),
        chart_png=picture,
        chart_alt=alt,
    )


def _facts(case: CaseFacts) -> dict[str, Any]:
    """The lines of the mail; names from the log without addresses and without anything a mail program would link."""
    incident = case.incident

    def say(name: object) -> str:
        return mail_text(name, keep=incident.sender)

    words = CaseWords(case, say, say, str)
    cause = f"consistent with: {say(cause_in_words(incident.cause))}"
    return {
        "incident": incident,
        "words": words,
        "opening": words.status,
        "until": phrases.minute(case.log_complete_through),
        "cause": "the pattern fits no known cause" if incident.cause == "unknown" else cause,
        "severity": say(incident.severity),
        "letter": "letter" if incident.ongoing is False else "holding note",
        "has_client": bool(incident.organizations),
        "whom": "each client" if len(incident.organizations) > 1 else "the client",
    }
