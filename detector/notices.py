"""What people are to be told tonight: the difference between what they were told last and what is so now. Pure.

So whatever was planned and did not leave is planned again while it is still so, and the same night again plans nothing.
Each channel has its own memory: one that was down, or came later, is brought up to date in one message.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from detector.case_record import CaseRecord
from detector.incidents import Feed
from detector.notice_record import FEED, PROMISES, RANK, Notice, Told
from detector.records import Incident

FRESH = timedelta(hours=48)
"""What ended longer ago than this when it is first seen is news of the past: several such come as one summary."""
DAILY = timedelta(hours=20)
"""That it still goes on is said at most once a day, whatever minute the night begins in."""
PAGERS = frozenset({"pagerduty"})
"""Channels that wake somebody: nothing of the past goes there, and they are told that somebody has taken it on."""
_HELD_BY_SILENCE = frozenset({"opened", "summary", "escalated", "ongoing", "reopened"})


@dataclass(frozen=True)
class Standing:
    """An incident as it stands after tonight."""

    incident: Incident
    record: CaseRecord


@dataclass(frozen=True)
class Memory:
    """What earlier runs told and planned."""

    told: Callable[[str, str], Told | None]
    """Channel, incident (or FEED): what was told last."""
    planned: Collection[tuple[str, str]] = ()
    """(incident, channel) for which anything was ever planned."""
    had_sight: bool = False
    """An earlier run has read a log."""


def plan(standings: Sequence[Standing], channels: Sequence[str], memory: Memory, feed: Feed) -> list[Notice]:
    """Every notice that is due, channel by channel, the gravest incident first."""
    ordered = sorted(standings, key=lambda s: (-RANK[s.incident.severity], -s.incident.excess, s.incident.incident_id))
    found: list[Notice] = []
    for channel in channels:
        found += _of_feed(channel, memory, feed)
        found += _of_promises(channel, standings, feed.as_of)
        past = [s for s in ordered if _is_past(s, channel, memory, feed)]
        for standing in ordered:
            told = memory.told(channel, standing.incident.incident_id)
            if told:
                keys = _news(standing, told, channel, feed)
            elif not _is_worth_telling(standing, feed.as_of) or (standing in past and channel in PAGERS):
                continue
            else:
                keys = [("summary" if standing in past and len(past) > 1 else "opened", "1")]
            found += [_notice(standing, channel, *key) for key in keys if not _is_held(standing, key[0], feed.as_of)]
    return found


def saying(standing: Standing, channel: str, kinds: Collection[str], feed: Feed) -> Mapping[str, Any]:
    """What a message with notices of these kinds tells of an incident, for `Told`."""
    incident, record = standing.incident, standing.record
    state = _ending(standing) or incident.state
    if channel in PAGERS and state not in kinds:  # it only rings; the next run silences it
        state = "active" if state == "stopped" else state
    return {
        "state": state,
        "through": _stamp(feed.complete_through),
        "severity": incident.severity,
        "recipients": incident.recipients,
        "excess": incident.excess,
        "clients": list(incident.organizations),
        "returns": _returns(record),
        "contradiction": _contradiction(record),
        "is_acknowledged": _is_acknowledged(record),
    }


def feed_saying(kind: str, feed: Feed) -> Mapping[str, Any]:
    """The same for a message about the logs."""
    return {"state": kind, "through": _stamp(feed.complete_through)}


def grown(incident: Incident, told: Told) -> bool:
    """A graver level, twice the people or copies, or a client more than people were told of."""
    return (
        RANK[incident.severity] > RANK.get(told.severity, 0)
        or incident.recipients >= 2 * told.recipients
        or incident.excess >= 2 * told.excess
        or bool(set(incident.organizations) - set(told.clients))
    )


# --- what is news ----------------------------------------------------------------------------------------------------


def _news(standing: Standing, told: Told, channel: str, feed: Feed) -> list[tuple[str, str]]:
    """Kind and ordinal of what is due on a channel that knows of the incident."""
    incident, record = standing.incident, standing.record
    returns, ending = _returns(record), _ending(standing)
    number = _contradiction(record)
    found = [("contradiction", str(number))] if number and number != told.contradiction else []
    if _is_back(standing, told):
        return [*found, ("reopened", str(returns))]
    if ending and not told.is_over:
        return [*found, (ending, str(returns + 1))]
    if told.is_over or incident.severity == "info" or incident.state == "blind":
        return found
    return [*found, *_going_on(standing, told, channel, feed)]


def _going_on(standing: Standing, told: Told, channel: str, feed: Feed) -> list[tuple[str, str]]:
    """What is due while it goes on: growth, else a word a day, else that somebody has taken it on."""
    if grown(standing.incident, told):
        return [("escalated", str(standing.incident.excess))]
    if _is_going_on(standing, told, feed):
        return [("ongoing", f"{feed.as_of:%Y-%m-%d}")]
    is_news = _is_acknowledged(standing.record) and not told.is_acknowledged
    return [("acknowledged", str(_returns(standing.record) + 1))] if is_news and channel in PAGERS else []


def _of_feed(channel: str, memory: Memory, feed: Feed) -> Iterator[Notice]:
    """Sight of the logs was lost, or is back: once each for a gap."""
    told = memory.told(channel, FEED)
    is_told_blind = told is not None and told.state == "blind"
    if feed.is_stale and memory.had_sight and not is_told_blind:
        yield Notice(f"{FEED}.blind.{feed.complete_through:%Y%m%d-%H%M}", FEED, "blind", channel)
    elif told is not None and is_told_blind and not feed.is_stale:
        since = datetime.fromisoformat(told.through)
        yield Notice(f"{FEED}.sight.{since:%Y%m%d-%H%M}", FEED, "sight", channel)


def _of_promises(channel: str, standings: Sequence[Standing], as_of: datetime) -> Iterator[Notice]:
    """Promises to clients are late: one word a day for all of them. Nobody is woken for it."""
    if channel not in PAGERS and any(standing.record.overdue(as_of) for standing in standings):
        yield Notice(f"{PROMISES}.overdue.{as_of:%Y-%m-%d}", PROMISES, "overdue", channel)


def _is_worth_telling(standing: Standing, as_of: datetime) -> bool:
    """A channel that knows nothing of it is told: it is no habit, stands, and nobody has done with it."""
    incident, record = standing.incident, standing.record
    was_silenced_until_the_end = record.silenced_until is not None and incident.state == "stopped"
    is_done_with = record.closed_at is not None or _ending(standing) in {"withdrawn", "merged", "dismissed"}
    return not (incident.severity == "info" or is_done_with or was_silenced_until_the_end)


def _is_past(standing: Standing, channel: str, memory: Memory, feed: Feed) -> bool:
    """It ended long before anybody could be told, or others were told before there was this channel."""
    incident = standing.incident
    if memory.told(channel, incident.incident_id) or not _is_worth_telling(standing, feed.as_of):
        return False
    is_old = feed.as_of - incident.ended_at > FRESH and incident.state in {"stopped", "blind"}
    others = {name for known, name in memory.planned if known == incident.incident_id}
    is_new_channel = bool(others) and channel not in others
    if channel in PAGERS and is_new_channel:
        return incident.state in {"stopped", "blind"}
    return is_old or is_new_channel


def _is_back(standing: Standing, told: Told) -> bool:
    """More copies although people were done with it; or after its end was told, and still coming or many."""
    incident, record = standing.incident, standing.record
    if _returns(record) <= told.returns or incident.severity == "info":
        return False
    last = next(entry for entry in reversed(record.entries) if entry.kind == "reopened")
    is_much = incident.state in {"active", "quiet"} or incident.excess >= 2 * told.excess
    return bool(last.fields.get("was_over")) or (told.is_over and is_much)


def _is_going_on(standing: Standing, told: Told, feed: Feed) -> bool:
    """Still active in a log that has gone on, a day after anything was said, and nobody sees to it."""
    is_news = feed.as_of - told.at >= DAILY and _stamp(feed.complete_through) > told.through
    return standing.incident.state == "active" and is_news and not _is_acknowledged(standing.record)


def _ending(standing: Standing) -> str:
    """What ended it; "" if nothing has."""
    if standing.record.merged_into:
        return "merged"
    if standing.incident.state == "withdrawn":
        return "withdrawn"
    if standing.record.verdict:
        return "dismissed"
    return "stopped" if standing.incident.state == "stopped" else ""


def _is_held(standing: Standing, kind: str, as_of: datetime) -> bool:
    return kind in _HELD_BY_SILENCE and standing.record.is_silent(as_of)


def _returns(record: CaseRecord) -> int:
    return sum(entry.kind == "reopened" for entry in record.entries)


def _contradiction(record: CaseRecord) -> int:
    """The number of the containment that the log contradicts; 0 if it contradicts none."""
    if not record.contradicted_by or record.is_done_with:
        return 0
    return max(1, sum(entry.kind == "contained" for entry in record.entries))


def _is_acknowledged(record: CaseRecord) -> bool:
    return record.acknowledged_at is not None and not record.reopened_because


def _notice(standing: Standing, channel: str, kind: str, ordinal: str) -> Notice:
    name = standing.incident.incident_id
    return Notice(f"{name}.{kind}.{ordinal}", name, kind, channel)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
