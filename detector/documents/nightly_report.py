"""The report of one night, as a page and as Markdown: what was sent again and again, and how far to trust the log.

It opens with one sentence for the support lead; the figures, the pictures and the sums follow for those who want them.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from detector.documents import case_in_words, charts, feed, phrases, sentences
from detector.documents.album import Album
from detector.documents.templates import render_html, render_markdown
from detector.notice_record import RANK
from detector.records import MEANT, CaseFacts, Document, NightFacts

RECENT_DAYS = 7
"""An incident that ended longer ago than this before the end of the log is listed, but no longer told in full."""

TOLD_IN_FULL = 12
"""More incidents than this are listed below the others, so that the page stays a page."""

GAPS_SHOWN = 20
"""Rows of the roster's table; roster.csv holds all."""

_STATES = {"active": 0, "blind": 1, "quiet": 2, "stopped": 3, "withdrawn": 4}
_FOLDER = re.compile(r"[A-Za-z0-9-]+")


def render_report(
    night: NightFacts, folders: Mapping[str, str] | None = None, album: Album | None = None
) -> tuple[Document, Document]:
    """report.html and report.md. `folders` gives the folder name of each incident id, for the links to the briefs."""
    album = {} if album is None else album
    current, earlier = split_cases(night)
    facts: dict[str, Any] = {
        "night": night,
        "feed": feed.describe(night),
        "earlier": [item(case, sentences.in_html(case), folders) for case in earlier],
        "month": charts.month_chart(night.daily_sends, album),
        "roster": roster_in_words(night),
        "gaps": night.roster_gaps[:GAPS_SHOWN],
        "cause_in_words": sentences.cause_in_words,
    }
    page = facts | {
        "headline": headline(night, [sentences.in_html(case) for case in current], bool(earlier)),
        "items": [
            item(case, sentences.in_html(case), folders) | {"chart": charts.timeline_chart(case, album)}
            for case in current
        ],
    }
    text = facts | {
        "headline": headline(night, [sentences.in_markdown(case) for case in current], bool(earlier)),
        "items": [item(c, sentences.in_markdown(c), folders) for c in current],
        "earlier": [item(case, sentences.in_markdown(case), folders) for case in earlier],
    }
    return (
        Document("report.html", render_html("nightly_report.html", page)),
        Document("report.md", render_markdown("nightly_report.md", text)),
    )


def split_cases(night: NightFacts) -> tuple[list[CaseFacts], list[CaseFacts]]:
    """Incidents to tell in full, the most pressing first, and those only to list: old, muted, meant, too many."""
    horizon = (night.log_complete_through or night.as_of) - timedelta(days=RECENT_DAYS)
    current: list[CaseFacts] = []
    earlier: list[CaseFacts] = []
    for case in night.cases:
        incident = case.incident
        is_open = incident.state in ("active", "quiet")
        is_told = (is_open or incident.ended_at >= horizon) and incident.severity != "info"
        (current if is_told else earlier).append(case)
    current.sort(key=urgency)
    return current[:TOLD_IN_FULL], current[TOLD_IN_FULL:] + earlier


def headline(night: NightFacts, current: list[sentences.CaseWords], has_earlier: bool) -> str:
    """The night in one sentence."""
    if night.log_complete_through is None:
        return "There was no mail to look at."
    if len(current) == 1:
        return current[0].headline
    if current:
        people = {row.recipient for words in current for row in words.case.affected}
        excess = sum(words.case.incident.excess for words in current)
        who = phrases.counted(len(people), "person", "people")
        what = phrases.counted(excess, "extra copy", "extra copies")
        return f"{phrases.number(len(current))} mails were sent again and again: {who} got {what}."
    notes = [case for case in night.cases if case.incident.severity == "info" and case.incident.state != "withdrawn"]
    dismissed = [case for case in notes if case.record and (case.record.muted_by or case.record.verdict)]
    meant = [case for case in notes if case not in dismissed and case.incident.cause == MEANT]
    if dismissed or meant:
        but = " and ".join(["what people dismissed"] * bool(dismissed) + ["what was meant, it seems"] * bool(meant))
        what = phrases.counted(len(dismissed + meant), "incident is", "incidents are")
        finding = f"nothing was sent again and again in the last seven days but {but}: {what} "
        finding += "no more than a note" if meant else "muted"
    else:
        finding = f"nothing was sent again and again{' in the last seven days' if has_earlier else ''}"
    return f"{feed.among_the_comparable(night, finding)}."


def roster_in_words(night: NightFacts) -> str:
    """What the roster says of the mail that was due; "" without one."""
    if night.enrolments is None:
        return ""
    kinds = Counter(gap.kind for gap in night.roster_gaps)
    of = phrases.counted(night.enrolments, "enrolment")
    if not kinds:
        return f"Of {of} in the roster each brought its mail within a day, and nobody else got one."
    missing, others = kinds["missing"], kinds["not enrolled"]
    said = [f"of {of} in the roster, {phrases.number(missing)} brought no mail within a day"] if missing else []
    said += [f"{phrases.counted(others, 'person', 'people')} got one without being enrolled"] if others else []
    return f"{'; '.join(said)[0].upper()}{'; '.join(said)[1:]}. All of them are in roster.csv."


def urgency(case: CaseFacts) -> tuple[bool, int, int, float]:
    """By this the most pressing come first: the gravest, among these what still goes on, then the newest."""
    incident = case.incident
    severity, state = -RANK.get(incident.severity, -1), _STATES.get(incident.state, 9)
    return incident.state == "withdrawn", severity, state, -incident.started_at.timestamp()


def item(
    case: CaseFacts, words: sentences.CaseWords, folders: Mapping[str, str] | None, root: str = "../../incidents"
) -> dict[str, Any]:
    """One incident for the templates; a folder name that we would not have given becomes no link."""
    folder = (folders or {}).get(case.incident.incident_id, "")
    brief = f"{root}/{folder}/brief.html" if _FOLDER.fullmatch(folder) else ""
    remarks = case_in_words.remarks(case.record) if case.record else ()
    return {"case": case, "incident": case.incident, "words": words, "brief": brief, "remarks": remarks}
