"""The alert to staff about one incident: what is new, what to do now, in a mail that may travel.

No learner's address is in it, and no text from a log in its subject. The subject never changes for an incident, so that
all its mails stay in one thread; what has changed stands in the first lines.
"""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.case_record import CaseRecord
from detector.documents import charts, phrases, plots
from detector.documents.escaping import mail_text
from detector.documents.sentences import CaseWords, cause_in_words
from detector.documents.still_going import is_over
from detector.documents.templates import render_html, render_text
from detector.notice_record import ENDINGS, Alert, Message, Told
from detector.records import CaseFacts

CHART_CID = "chart.detector"
"""The channel attaches the picture with this Content-ID; the HTML part points to it."""
COLUMNS = 72

_INCIDENT_ID = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")


@dataclass(frozen=True)
class Bulletin:
    """What fills the template of every alert."""

    label: str
    opening: str
    headline: str
    until: str = ""
    details: tuple[str, ...] = ()
    news_title: str = ""
    news: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    alt: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole in a few lines."""
        return (f"{self.label} - {self.opening}", self.headline, *self.news, *self.details, *self.steps)


def in_text(bulletin: Bulletin) -> str:
    """For a terminal of 72 columns; what has no blank, such as a path, stays whole."""
    lines = render_text("alert_mail.txt", vars(bulletin)).split("\n")
    return "\n".join(wrapped for line in lines for wrapped in _wrapped(line))


def in_page(bulletin: Bulletin, title: str, chart_cid: str = "") -> str:
    """For everything that shows HTML."""
    return render_html("alert_mail.html", {**vars(bulletin), "title": title, "chart_cid": chart_cid})


def render_alert(case: CaseFacts, message: Message, *, brief_path: Path | str, told: Told | None = None) -> Alert:
    """The whole message; `brief_path` is where staff find the brief, `told` what they were told last."""
    incident = case.incident
    if not _INCIDENT_ID.fullmatch(incident.incident_id):
        raise ValueError(f"{incident.incident_id!r} is no incident id of ours and may not enter a mail header")
    picture = plots.timeline_png(case.timeline, alarm_at=incident.detected_at, log_end=case.log_complete_through)
    bulletin = _bulletin(case, message, brief_path, told)
    return Alert(
        notice_key=message.message_key,
        incident_id=incident.incident_id,
        kind=message.kind,
        subject=f"[detector {incident.incident_id}] Duplicate mail: the same message sent again and again",
        text=in_text(bulletin),
        html=in_page(bulletin, incident.incident_id, CHART_CID if picture else ""),
        chart_png=picture,
        chart_alt=bulletin.alt,
        lines=bulletin.lines,
        severity=incident.severity,
        is_over=any(notice.kind in ENDINGS for notice in message.notices),
        figures=figures_of(case),
    )


def words_of(case: CaseFacts) -> CaseWords:
    """Sentences without addresses and without anything a mail program would link."""
    say = _say(case)
    return CaseWords(case, say, say, str)


def figures_of(case: CaseFacts) -> dict[str, Any]:
    """What programs are told of an incident: the figures of `incidents.json`, and no address."""
    incident = case.incident
    names = ("incident_id", "state", "severity", "cause", "recipients", "sends", "excess", "copies_min", "copies_max")
    times = {name: phrases.iso(getattr(incident, name)) for name in ("started_at", "ended_at", "detected_at")}
    clients = [_say(case)(name) for name in incident.organizations]
    return {name: getattr(incident, name) for name in names} | times | {"organizations": clients}


def _bulletin(case: CaseFacts, message: Message, brief_path: Path | str, told: Told | None) -> Bulletin:
    incident, words = case.incident, words_of(case)
    is_told = "" if incident.cause == "unknown" else f"consistent with: {_say(case)(cause_in_words(incident.cause))}"
    until = phrases.minute(case.log_complete_through)
    every = phrases.duration(incident.median_gap_seconds)
    copies = words.copies[:1].upper() + words.copies[1:]
    since = f"Since the message of {phrases.minute(told.at)}" if told else "What is new"
    first = f"{phrases.day(incident.started_at)}, {phrases.clock(incident.started_at)}"
    return Bulletin(
        label=message.kind.upper(),
        opening=words.status,
        until=until,
        headline=words.headline,
        news_title=since,
        news=tuple(_news(case, {notice.kind for notice in message.notices}, told)),
        details=(
            f"{copies}; one every {every} (median).",
            f"First extra copy {first}, last seen {phrases.minute(incident.ended_at)}.",
            f"Severity {_say(case)(incident.severity)}; {is_told or 'the pattern fits no known cause'}.",
            *([case.record.brake.in_words] if case.record and case.record.brake else ()),
        ),
        steps=tuple(_steps(case, message, words, brief_path)),
        unknowns=("The cause, until a person confirms it.", f"Anything after {until}, where the log ends."),
        footer=(
            f"You get this because an incident was {_REASONS.get(message.kind, message.kind)}. You hear of it once "
            "a day while it goes on, when it grows twofold, and once when it stops. No learner's address is in here.",
            f"For quiet: detector incidents silence {incident.incident_id} --until DAY --reason WHY",
            f"Incident {incident.incident_id}, notice {message.message_key}",
        ),
        alt=charts.timeline_alt(case),
    )


_REASONS = {"contradiction": "said to be contained and is not", "ongoing": "still going on when the night ran"}


def _steps(case: CaseFacts, message: Message, words: CaseWords, brief_path: Path | str) -> list[str]:
    """What to do first; nothing if it turned out to be none."""
    incident, record = case.incident, case.record
    if message.kind in {"withdrawn", "merged", "dismissed", "acknowledged"}:
        return [f"Open the brief: {brief_path}"]
    whom = "each client" if len(incident.organizations) > 1 else "the client"
    letter = "letter" if is_over(case) else "holding note"
    call = f"Call {whom} before they call you. The draft of the {letter} lies beside the brief."
    if not incident.organizations:
        call = "Decide whether the people are told. No client is among them: their addresses are private."
    elif record and record.told:
        call = f"Tell {whom} what is new. The draft of the {letter} lies beside the brief."
    is_taken = record is not None and record.acknowledged_at is not None
    ack = [] if is_taken else [f"Say that you see to it: detector incidents ack {incident.incident_id}"]
    held = record.brake if record else None
    release = [f"When the cause is gone, release the brake: {held.release}"] if held and held.release else []
    stop = words.advice or "Make sure that what sent it is off, so that it cannot start again."
    return [stop, f"Open the brief: {brief_path}", call, *ack, *release]


def _news(case: CaseFacts, kinds: set[str], told: Told | None) -> list[str]:
    """What is so now and was not when people were told last; and whether that reached them is not known, if so."""
    record, say = case.record or CaseRecord(case.incident.incident_id), _say(case)
    found = []
    if told and not told.is_certain:
        found.append(f"The message of {phrases.minute(told.at)} may not have arrived: nobody can know.")
    if "contradiction" in kinds and record.contradicted_by and record.contained_at:
        since = record.contradicted_by
        copies = phrases.counted(since.copies, "extra copy", "extra copies")
        people = phrases.counted(since.people, "person", "people")
        found.append(
            f"{say(record.contained_by)} said that it was contained at {phrases.instant(record.contained_at)}, but the "
            f"log has {copies} to {people} after that, the first at {phrases.instant(since.first_copy_at)}."
        )
    if "reopened" in kinds:
        back = [entry for entry in record.entries if entry.kind == "reopened"]
        found.append(f"It is open again: {say(back[-1].fields.get('why', ''))}." if back else "It is open again.")
    if told:
        found += _growth(case, told)
    return [*found, *(sentence for kind, sentence in _endings(record, say).items() if kind in kinds and sentence)]


def _growth(case: CaseFacts, told: Told) -> list[str]:
    """More copies, more people, another client, a graver level."""
    incident, say = case.incident, _say(case)
    copies, people = incident.excess - told.excess, incident.recipients - told.recipients
    found = []
    if copies > 0 or people > 0:
        more = f"{phrases.counted(max(people, 0), 'person', 'people')} more"
        found.append(f"{phrases.counted(max(copies, 0), 'extra copy', 'extra copies')} more, {more}.")
    others = [say(name) for name in incident.organizations if name not in told.clients]
    if others and told.clients:
        found.append(f"Hit as well now: {phrases.listing(others, more='more clients')}.")
    if told.severity and incident.severity != told.severity:
        found.append(f"Severity {say(incident.severity)}; it was {told.severity}.")
    return found


def _endings(record: CaseRecord, say: Callable[[object], str]) -> dict[str, str]:
    """Why it is over, where a person or a later look at the log said so."""
    verdict = record.verdict
    return {
        "dismissed": f"{say(verdict.by)} dismissed it: {say(verdict.reason)}." if verdict else "",
        "merged": f"It turned out to be part of {record.merged_into}, which is told of from now on.",
        "withdrawn": f"It is withdrawn: {say(record.withdrawn_because)}." if record.withdrawn_because else "",
        "acknowledged": f"{say(record.acknowledged_by)} sees to it.",
    }


def _say(case: CaseFacts) -> Callable[[object], str]:
    def say(name: object) -> str:
        return mail_text(name, keep=case.incident.sender)

    return say


def _wrapped(line: str) -> Sequence[str]:
    """A line cut at blanks, with what follows a number or a hyphen indented; a blank line stays one."""
    hang = " " * (len(found[0]) if (found := re.match(r"(\d+\.|-) ", line)) else 0)
    cut = textwrap.wrap(line, COLUMNS, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False)
    return cut or [""]
