"""The index of all nights, `reports/index.html`: what is open, what changed night by night, every incident known, whose
people were hit how often, and how far to trust the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from detector.case_record import JournalEntry
from detector.documents import charts, feed, phrases, sentences
from detector.documents.album import Album
from detector.documents.night_json import PastNight
from detector.documents.nightly_report import item, urgency
from detector.documents.still_going import BLIND, STALE, is_running
from detector.documents.templates import render_html
from detector.records import CaseFacts, Document, NightFacts

OPEN_SHOWN = 50
"""Open incidents listed at the top; the others stand below. None stands in both lists, so each is seen once."""
CHANGES_NAMED = 12
"""Incidents named for each kind of change in a night."""
HISTORY_NAMED = 3
"""Incidents named for each client, newest first."""

_UNCHANGED = frozenset({"revised"})
"""Kinds of journal entries that are no news to anybody."""


@dataclass(frozen=True)
class Change:
    """What one night, or people since the night before, noted of some incidents."""

    kind: str
    noted_on: str
    """The day, if it is not the night's own; a change that came after the newest night stands there too."""
    links: tuple[tuple[str, str], ...]
    """(incident id, address of its brief or "")."""
    unnamed: int


@dataclass(frozen=True)
class Client:
    """An organization with its history."""

    name: str
    incidents: int
    people: int
    """All who were ever hit, each counted once."""
    excess: int
    last_at: datetime
    links: tuple[tuple[str, str, datetime], ...]
    """(incident id, address of its brief or "", first extra copy), newest first."""
    unnamed: int


def render_index(
    night: NightFacts, nights: Sequence[PastNight], folders: Mapping[str, str], album: Album | None = None
) -> Document:
    """index.html; `nights` are those on disk, newest first, `folders` the folder name of each incident id."""
    items = [_row(case, folders) for case in night.cases]
    waiting = sorted((row for row in items if _is_open(row["case"])), key=lambda row: urgency(row["case"]))
    at_the_top = {row["incident"].incident_id for row in waiting[:OPEN_SHOWN]}
    others = [row for row in items if row["incident"].incident_id not in at_the_top]
    briefs = {row["incident"].incident_id: row["brief"] for row in items}
    changes = _changes(night.cases, nights, briefs)
    facts: dict[str, Any] = {
        "night": night,
        "headline": headline(night, [row["case"] for row in waiting]),
        "waiting": waiting[:OPEN_SHOWN],
        "more_waiting": max(0, len(waiting) - OPEN_SHOWN),
        "months": [(_month(key), list(rows)) for key, rows in groupby(others, _started_in)],
        "nights": [(_month(key), list(rows)) for key, rows in groupby(nights, lambda past: past.day[:7])],
        "day": f"{night.as_of:%Y-%m-%d}",
        "changes": changes,
        "meanings": _meanings(nights, changes),
        "clients": _clients(night.cases, briefs),
        "feed": feed.describe(night),
        "month": charts.month_chart(night.daily_sends, {} if album is None else album),
    }
    return Document("index.html", render_html("report_index.html", facts))


def headline(night: NightFacts, waiting: Sequence[CaseFacts]) -> str:
    """The answer to "do I have to do something?" in one sentence."""
    if night.log_complete_through is None:
        return "There was no mail to look at."
    how_many = f"{phrases.counted(len(waiting), 'incident is', 'incidents are')} open"
    are_open = f"{how_many}: {_harm(waiting)}" if waiting else "no incident is open"
    if night.is_stale:
        return f"The log is stale: nobody can know what goes out now; {are_open}."
    if running := [case for case in waiting if is_running(case)]:
        mails = phrases.counted(len(running), "mail is", "mails are")
        return f"{mails} still being sent again and again: {_harm(running)} so far."
    return f"{feed.among_the_comparable(night, 'nothing is being sent again and again now')}; {are_open}."


def _harm(cases: Sequence[CaseFacts]) -> str:
    """Who got how much too much, everybody counted once."""
    people = {row.recipient for case in cases for row in case.affected}
    who = phrases.counted(len(people), "person", "people")
    excess = sum(case.incident.excess for case in cases)
    return f"{who} got {phrases.counted(excess, 'extra copy', 'extra copies')}"


def _row(case: CaseFacts, folders: Mapping[str, str]) -> dict[str, Any]:
    """One incident for the template, with how far people are."""
    record = case.record
    muted = f"muted by {record.muted_by}" if record and record.muted_by else ""
    merged = f"part of {record.merged_into}" if record and record.merged_into else ""
    work = merged or muted or (record.work if record else "")
    return item(case, sentences.in_html(case), folders, root="../incidents") | {"work": work}


def _is_open(case: CaseFacts) -> bool:
    """Somebody has to do something about it."""
    return case.record.is_open if case.record else case.incident.state in ("active", "quiet")


def _started_in(row: Mapping[str, Any]) -> str:
    return f"{row['incident'].started_at:%Y-%m}"


def _month(key: str) -> str:
    """ "2026-10" -> "October 2026"."""
    return phrases.long_day(datetime.strptime(key, "%Y-%m").replace(tzinfo=UTC)).partition(" ")[2]


def _changes(
    cases: Sequence[CaseFacts], nights: Sequence[PastNight], briefs: Mapping[str, str]
) -> dict[str, list[Change]]:
    """For each night on disk what was noted in it and since the one before; the newest has whatever came later."""
    days = sorted(night.day for night in nights)
    found: dict[str, dict[tuple[str, str], dict[str, None]]] = {day: {} for day in days}
    for case in cases:
        for entry in case.record.entries if case.record else ():
            if entry.kind not in _UNCHANGED:
                night = _night_of(entry, days)
                noted_on = "" if night == _noted_on(entry) else phrases.day(entry.noted_at or entry.at)
                found[night].setdefault((entry.kind, noted_on), {})[case.incident.incident_id] = None
    return {
        day: [_change(kind, noted_on, list(names), briefs) for (kind, noted_on), names in told.items()]
        for day, told in found.items()
    }


def _meanings(nights: Sequence[PastNight], changes: Mapping[str, Sequence[Change]]) -> list[tuple[str, str]]:
    """Words of the list of nights that nobody knows by themselves, and what they mean."""
    kinds = {change.kind for told in changes.values() for change in told}
    words = (("stale", STALE, any(night.is_stale for night in nights)), ("blind", BLIND, "blind" in kinds))
    return [(word, meaning) for word, meaning, is_there in words if is_there]


def _night_of(entry: JournalEntry, days: Sequence[str]) -> str:
    return next((day for day in days if day >= _noted_on(entry)), days[-1])


def _noted_on(entry: JournalEntry) -> str:
    return f"{entry.noted_at or entry.at:%Y-%m-%d}"


def _change(kind: str, noted_on: str, names: Sequence[str], briefs: Mapping[str, str]) -> Change:
    links = tuple((name, briefs.get(name, "")) for name in names[:CHANGES_NAMED])
    return Change(kind, noted_on, links, len(names) - len(links))


def _clients(cases: Sequence[CaseFacts], briefs: Mapping[str, str]) -> list[Client]:
    """Every organization whose people were hit, the one hit last first; what was withdrawn does not count."""
    people: dict[str, set[str]] = {}
    excess: dict[str, int] = {}
    history: dict[str, dict[str, datetime]] = {}
    for case in cases:
        for row in case.affected if case.incident.state != "withdrawn" else ():
            name = row.organization or ""
            people.setdefault(name, set()).add(row.recipient)
            excess[name] = excess.get(name, 0) + row.excess
            history.setdefault(name, {})[case.incident.incident_id] = case.incident.started_at
    clients = []
    for name, started in history.items():
        newest = sorted(started, key=lambda known: (started[known], known), reverse=True)
        links = tuple((known, briefs[known], started[known]) for known in newest[:HISTORY_NAMED])
        last_at, unnamed = started[newest[0]], len(newest) - len(links)
        clients.append(Client(name, len(newest), len(people[name]), excess[name], last_at, links, unnamed))
    return sorted(clients, key=lambda client: (-client.last_at.timestamp(), -client.excess, client.name))
