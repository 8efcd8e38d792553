"""Alerts that are about several incidents, or about the logs as such."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from detector.documents import phrases
from detector.documents.alert_mail import Bulletin, figures_of, in_page, in_text, words_of
from detector.notice_record import FEED, PROMISES, RANK, Alert, Message
from detector.records import CaseFacts, NightFacts


def render_alert_list(night: NightFacts, cases: Sequence[CaseFacts], message: Message, report: Path | str) -> Alert:
    """Several incidents with a line or two each: what was found in old logs, or more than should leave one by one."""
    ordered = sorted(cases, key=lambda c: (-RANK[c.incident.severity], -c.incident.excess, c.incident.incident_id))
    kinds = {notice.incident_id: notice.kind for notice in message.notices}
    count = phrases.counted(len(cases), "incident")
    if message.kind == "summary":
        opening = "incidents that were there before anybody could be told"
        why = f"You get this because {count} were over, or known to others, before they could be told here."
    else:
        opening = "more at once than should leave one by one"
        why = "You get this because more than three messages were due at once: the others come as one list."
    bulletin = Bulletin(
        label=message.kind.upper(),
        opening=opening,
        until=_until(night),
        headline=f"{count}, the gravest first.",
        news_title="First of all",
        news=(*([_blind(night)] if kinds.get(FEED) == "blind" else ()), *(_late(night) if PROMISES in kinds else ())),
        details=tuple(_line(case, kinds) for case in ordered),
        steps=(f"Open the report: {report}", "List them: detector incidents list"),
        footer=(f"{why} It holds no learner's address.", f"Notice {message.message_key}"),
    )
    alert = _alert(bulletin, message, f"[detector] Duplicate mail: {message.kind} of {count}")
    gravest = ordered[0].incident.severity if ordered else "info"
    return replace(alert, severity=gravest, figures={"incidents": [figures_of(case) for case in ordered]})


def render_feed_alert(night: NightFacts, message: Message, report: Path | str) -> Alert:
    """The logs have stopped, or go on again."""
    is_blind = message.kind == "blind"
    waiting = [c.incident.incident_id for c in night.cases if c.incident.state == "blind" and c.record is not None]
    ids = phrases.listing(waiting, most=10)
    unknowns = ("Whether anything is sent again and again just now.", *([f"Whether {ids} stopped."] if ids else []))
    going = [c.incident.incident_id for c in night.cases if c.incident.ongoing]
    on = f"Still going: {phrases.listing(going, most=10)}." if going else "Nothing known is still going."
    bulletin = Bulletin(
        label="BLIND" if is_blind else "SIGHT RESTORED",
        opening="nobody watches the mail" if is_blind else "the logs go on",
        until=_until(night),
        headline=_blind(night) if is_blind else f"The logs reach to {_until(night)} again.",
        details=("No burst is called stopped while the logs are silent.",)
        if is_blind
        else (on, f"What the logs held of the time between is in the report: {report}"),
        steps=("Look at what writes, rotates or copies the logs.", "Run `detector doctor`.") if is_blind else (),
        unknowns=unknowns if is_blind else (),
        footer=("You get this once for each gap, and once when it is over.", f"Notice {message.message_key}"),
    )
    alert = _alert(bulletin, message, "[detector] Sight of the mail logs")
    return replace(alert, incident_id=FEED, severity="serious" if is_blind else "info", is_over=not is_blind)


def render_promises_alert(night: NightFacts, message: Message) -> Alert:
    """Promises to clients whose day is over, the oldest first."""
    late = _late(night)
    bulletin = Bulletin(
        label="OVERDUE",
        opening="clients are waiting",
        until=_until(night),
        headline=f"{phrases.counted(len(late), 'promise')} to clients {'is' if len(late) == 1 else 'are'} late.",
        details=tuple(late),
        steps=("Keep it, then: detector incidents promise kept ID NUMBER", "List all: detector incidents promises"),
        footer=("You get this once a day until they are kept.", f"Notice {message.message_key}"),
    )
    alert = _alert(bulletin, message, "[detector] Promises to clients that are late")
    return replace(alert, incident_id=PROMISES, severity="minor")


def render_test_alert(now: datetime) -> Alert:
    """What `detector notify --test` sends: no incident, and nothing to do but to see that it came."""
    key = f"test.{now:%Y%m%d-%H%M%S}.1"
    bulletin = Bulletin(
        label="TEST",
        opening="this channel works",
        headline="Nothing has happened: somebody tried this channel.",
        details=("An alert would say here how many people got how many extra copies of what, and what to do first.",),
        footer=(f"Sent by `detector notify --test` at {phrases.instant(now)}.", f"Notice {key}"),
    )
    return _alert(bulletin, Message(key, "test", "", ()), "[detector] Test of this channel")


def _alert(bulletin: Bulletin, message: Message, subject: str) -> Alert:
    """A message that is its own thread."""
    return Alert(
        notice_key=message.message_key,
        incident_id=message.message_key,
        kind=message.kind,
        subject=subject,
        text=in_text(bulletin),
        html=in_page(bulletin, subject),
        lines=bulletin.lines,
    )


def _line(case: CaseFacts, kinds: dict[str, str]) -> str:
    incident, words = case.incident, words_of(case)
    kind = kinds.get(incident.incident_id, "")
    what = "" if kind in {"opened", "summary"} else f"{kind}, "
    since = phrases.minute(incident.started_at)
    return f"{incident.incident_id} ({what}{incident.severity}, {words.status}): {words.headline} Since {since}."


def _late(night: NightFacts) -> list[str]:
    """A sentence for each promise that is late; they differ from day to day, as no two alerts say the same."""
    records = [case.record for case in night.cases if case.record]
    found = [(promise, record) for record in records for promise in record.overdue(night.as_of)]
    return [
        f"{record.incident_id}, promise {promise.number} of {promise.owner}: {promise.text.rstrip('.')}. It was due on "
        f"{promise.due}, {phrases.counted((night.as_of.date() - promise.due).days, 'day')} ago."
        for promise, record in sorted(found, key=lambda each: (each[0].due, each[1].incident_id))
    ]


def _blind(night: NightFacts) -> str:
    return f"The newest line of the logs is of {_until(night)}; what was sent since then nobody has looked at."


def _until(night: NightFacts) -> str:
    return phrases.minute(night.log_complete_through or night.as_of)
