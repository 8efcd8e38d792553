"""From what a night found to what people are told: plans the notices with the incidents, then lets them out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from detector import channels, facts, notices, outbox, registry
from detector.case_record import CaseRecord
from detector.channels import configured
from detector.config import Config
from detector.documents import render_alert, render_alert_list, render_feed_alert, render_promises_alert
from detector.incidents import Feed
from detector.notice_journal import Journal, open_journal
from detector.notice_record import FEED, Alert, Message, Notice
from detector.notices import Memory, Standing
from detector.records import NightFacts
from detector.store import Connection, open_store, transaction

JOURNAL = "work/notices.journal"
NOTHING = outbox.Settlement((), (), ())
"""Of a run that tells nobody."""


@dataclass(frozen=True)
class Scene:
    """What a night has to show when it tells people."""

    night: NightFacts
    config: Config
    state: Path
    folders: Mapping[str, Path]
    """The folder of each incident."""
    report: Path


def journal_of(db: Connection, state: Path) -> Journal:
    """The journal, which must exist once there was an incident, and must know what the database knows."""
    known = registry.notices(db)
    journal = open_journal(state / JOURNAL, must_exist=bool(known) or any((state / "incidents").iterdir()))
    outbox.refuse_a_journal_that_lags(journal, known)
    return journal


def plan(
    db: Connection, journal: Journal, standings: Sequence[Standing], config: Config, as_of: datetime
) -> tuple[Notice, ...]:
    """Write down what is due; inside the transaction that writes the incidents."""
    memory = Memory(
        journal.told,
        {(notice.incident_id, notice.channel) for notice in (*registry.notices(db), *journal.notices())},
        bool(db.execute("select 1 from files where first_as_of < ? limit 1", [as_of.replace(tzinfo=None)]).fetchall()),
    )
    due = tuple(notices.plan(standings, configured(config.channels), memory, _feed(db, config, as_of)))
    registry.write_notices(db, (*due, *journal.notices()))
    return due


def tell(journal: Journal, due: Sequence[Notice], scene: Scene) -> outbox.Settlement:
    """Let out what is due, and copy into the store what became of it."""
    as_of, settings = scene.night.as_of, scene.config.channels
    door = outbox.Door(
        lambda message: _alert(message, scene, journal),
        lambda name, alert: channels.deliver(name, alert, settings, state=scene.state, as_of=as_of),
        {name: _digest(channels.destination(name, settings)) for name in configured(settings)},
    )
    settled = outbox.deliver_due(journal, due, door, as_of)
    if settled.notices != tuple(due):
        with open_store(scene.state) as db, transaction(db):
            registry.write_notices(db, (*due, *journal.notices()))
    return settled


def _alert(message: Message, scene: Scene, journal: Journal) -> Alert:
    """A message put into words, with what it says of each of its subjects."""
    night = scene.night
    standing = {
        (name := c.incident.incident_id): Standing(c.incident, c.record or CaseRecord(name)) for c in night.cases
    }
    feed = Feed(night.log_complete_through or night.as_of, night.as_of, scene.config.detection.stale_after)
    kinds: dict[str, set[str]] = {}
    for notice in message.notices:
        kinds.setdefault(notice.incident_id, set()).add(notice.kind)
    said = {
        name: notices.feed_saying("blind" if "blind" in its else "sight", feed)
        if name == FEED
        else notices.saying(standing[name], message.channel, its, feed)
        for name, its in kinds.items()
        if name == FEED or name in standing
    }
    return replace(_rendered(message, scene, journal), said=said)


def _rendered(message: Message, scene: Scene, journal: Journal) -> Alert:
    """The words of a message."""
    night, report = scene.night, scene.report.resolve()  # the mail is read far from this folder
    cases = [c for c in night.cases if c.incident.incident_id in {n.incident_id for n in message.notices}]
    if message.kind == "overdue" and not cases:
        return render_promises_alert(night, message)
    if message.is_list or not cases:
        is_feed = any(notice.incident_id == FEED for notice in message.notices)
        if is_feed and not cases:
            return render_feed_alert(night, message, report)
        return render_alert_list(night, cases, message, report)
    (case,) = cases
    told = journal.told(message.channel, case.incident.incident_id)
    brief = (scene.folders[case.incident.incident_id] / "brief.html").resolve()
    return render_alert(case, message, brief_path=brief, told=told)


def _feed(db: Connection, config: Config, as_of: datetime) -> Feed:
    return Feed(facts.complete_through(db) or as_of, as_of, config.detection.stale_after)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
