"""Drawn histories of alerts: incidents that come, grow, stop and return, relays and servers that fail at any point,
runs that are killed anywhere; and the laws that hold nevertheless. Mail and HTTP go through real sockets.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from random import Random

from builders import incident
from test_channels import FaultyRelay, through
from test_http_channels import Stub

from detector import channels
from detector.case_record import CaseRecord, JournalEntry
from detector.channel_settings import Channels, Webhook
from detector.incidents import Feed
from detector.notice_journal import Journal, open_journal
from detector.notice_record import FEED, Alert, Message
from detector.notices import Memory, Standing, feed_saying, plan, saying
from detector.outbox import Door, Settlement, deliver_due, unsettled

BEGINS = datetime(2026, 10, 28, 2, 0, tzinfo=UTC)
PHASES = ("", "connect", "banner", "EHLO", "MAIL", "RCPT", "DATA", "payload", "dot", "reply", "QUIT")
REFUSALS = ("450 later", "550 never", "not SMTP at all")
ANSWERS = (b"200 OK", b"200 OK", b"503 Busy", b"500 Oops", b"400 Bad")
NAMES = ("folder", "smtp", "webhook")


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class World:
    """What is so: the incidents, and what became of every message that left."""

    folder: Path
    rng: Random
    relay: FaultyRelay
    stub: Stub
    standings: list[Standing] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    """Keys that the server has answered well."""
    runs: int = 0
    kills: int = 0

    @property
    def config(self) -> Channels:
        return Channels(smtp=through(self.relay.port), webhook=Webhook(url=self.stub.url, timeout_seconds=2.0))

    def mails(self) -> Counter[str]:
        return Counter(str(message_from_bytes(content)["Message-ID"]) for content in self.relay.stored)


def play(folder: Path, rng: Random, nights: int = 6) -> World:
    """One history; raises AssertionError when a law is broken."""
    with FaultyRelay() as relay, Stub() as stub:
        world = World(folder, rng, relay, stub)
        for night in range(nights):
            _evolve(world)
            _break(world)
            feed = _feed(night, behind=rng.choice((5, 5, 5, 27 * 60)))
            with suppress(KilledError):
                _run(world, feed, kill_at=rng.choice((0, 0, rng.randrange(1, 40))))
            if rng.random() < 0.5:
                _mend(world)
                _run(world, feed)
        _mend(world)
        for night in range(nights, nights + 3):
            settlement = _run(world, _feed(night, behind=5))
        _judge(world, _feed(nights + 2, behind=5), settlement)
    return world


def _feed(night: int, behind: int) -> Feed:
    as_of = BEGINS + timedelta(days=night)
    return Feed(as_of - timedelta(minutes=behind), as_of, timedelta(hours=26))


def _evolve(world: World) -> None:
    """Up to four incidents at once come; each grows, rests, stops or returns."""
    rng, moved = world.rng, []
    for each in world.standings:
        state, more = rng.choice(("active", "active", "quiet", "stopped")), rng.choice((0, 10, 5_000))
        record = each.record
        if each.incident.state == "stopped" and state == "active":
            entry = JournalEntry("reopened", BEGINS, "detector", {"why": "more", "was_over": rng.random() < 0.3})
            record = replace(record, entries=(*record.entries, entry), signal="active")
        elif each.incident.state == "stopped":
            state, more = "stopped", 0
        moved.append(Standing(replace(each.incident, state=state, excess=each.incident.excess + more), record))
    for _ in range(rng.randrange(5) if len(moved) < 8 else 0):
        name = f"INC-{len(moved):04d}"
        ended = BEGINS + timedelta(days=world.runs)
        moved.append(Standing(incident(incident_id=name, state="active", ended_at=ended), CaseRecord(name)))
    world.standings = moved


def _break(world: World) -> None:
    rng = world.rng
    world.relay.phase, world.relay.manner = rng.choice(PHASES), rng.choice(("close", "reset"))
    world.relay.replies = {rng.choice(("RCPT", "DATA", "reply")): rng.choice(REFUSALS)} if rng.random() < 0.3 else {}
    world.stub.at, world.stub.answer = rng.choice(("", "", "connect", "body")), rng.choice(ANSWERS)


def _mend(world: World) -> None:
    world.relay.phase, world.relay.replies, world.stub.at, world.stub.answer = "", {}, "", b"200 OK"


def _run(world: World, feed: Feed, kill_at: int = 0) -> Settlement:
    """A night as `telling` has it, killed at the given one of its steps."""
    world.runs += 1
    path = world.folder / "work" / "notices.journal"
    with _killed(world, kill_at) as tick:
        journal = open_journal(path, must_exist=path.exists())
        tried = {(notice.incident_id, notice.channel) for notice in journal.notices()}
        due = plan(world.standings, NAMES, Memory(journal.told, tried, had_sight=world.runs > 1), feed)

        def deliver(name: str, alert: Alert) -> tuple[str, ...]:
            tick()
            remarks = channels.deliver(name, alert, world.config, state=world.folder, as_of=feed.as_of)
            world.accepted[alert.notice_key] += name == "webhook"
            tick()
            return remarks

        shown = {f"{e.notice_key} by {e.channel}" for e in unsettled(journal)}
        settlement = deliver_due(journal, due, Door(lambda message: _alert(world, message, feed), deliver), feed.as_of)
        assert all(any(line.startswith(name) for line in settlement.problems) for name in shown), (
            "an unknown was hidden"
        )
    assert max(world.mails().values(), default=0) <= 1, "a mail was accepted twice"
    return settlement


def _alert(world: World, message: Message, feed: Feed) -> Alert:
    """Short words; what it says is what counts here."""
    standing = {each.incident.incident_id: each for each in world.standings}
    kinds: dict[str, set[str]] = {}
    for notice in message.notices:
        kinds.setdefault(notice.incident_id, set()).add(notice.kind)
    said = {
        name: feed_saying("blind" if "blind" in its else "sight", feed)
        if name == FEED
        else saying(standing[name], message.channel, its, feed)
        for name, its in kinds.items()
    }
    text = f"{message.kind} {feed.as_of} {said}"
    return Alert(message.message_key, message.notices[0].incident_id, message.kind, "[detector]", text, "", said=said)


@contextmanager
def _killed(world: World, at: int) -> Iterator:
    """Die before or after the `at`-th write or sync of the journal or delivery; a write may be torn."""
    left, real = [at], {name: getattr(os, name) for name in ("write", "fsync")}
    torn = world.rng.random() < 0.5

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            world.kills += 1
            raise KilledError

    def around(name):
        def wrapped(*arguments):
            if torn and name == "write" and left[0] == 1:
                real[name](arguments[0], arguments[1][: len(arguments[1]) // 2])
            tick()
            result = real[name](*arguments)
            tick()
            return result

        return wrapped

    for name in real:
        setattr(os, name, around(name))
    try:
        yield tick
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def _judge(world: World, feed: Feed, settlement: Settlement) -> None:
    """After clean nights nothing is due; every message is accounted for; what is unknown is said."""
    journal: Journal = open_journal(world.folder / "work" / "notices.journal", must_exist=True)
    tried = {(notice.incident_id, notice.channel) for notice in journal.notices()}
    due = plan(world.standings, NAMES, Memory(journal.told, tried, had_sight=True), feed)
    refused = {(e.notice_key, e.channel) for e in journal.messages() if e.fact == "not_sent" and e.permanent}
    open_ = [n for n in due if not ((entry := journal.latest(n)) and (entry.notice_key, entry.channel) in refused)]
    assert open_ == [], "something was lost"
    mails = world.mails()
    for entry in journal.messages():
        copies = mails[f"<{entry.notice_key.lower()}@example.org>"] if entry.channel == "smtp" else 0
        if entry.channel == "smtp":
            assert copies in {"sent": {1}, "unknown": {0, 1}, "claimed": {0, 1}, "not_sent": {0}}[entry.fact], entry
        elif not entry.permanent:
            assert entry.fact in {"sent", "not_sent"}, entry
            arrived = world.accepted[entry.notice_key] >= 1 or entry.channel == "folder"
            assert entry.fact == "not_sent" or arrived, entry
        if entry.channel == "folder":
            assert (world.folder / "alerts" / f"{entry.notice_key.lower()}.eml").exists()
