"""The incidents of the store: known ones read, tonight's matched and written together with the notices due."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from statistics import median

from detector import affairs, facts, incidents
from detector.affairs import Burst
from detector.case_record import CaseRecord, Pattern
from detector.config import Config
from detector.incidents import Feed, Known, Shape
from detector.notice_record import Notice
from detector.records import MEANT, CauseCandidate, Incident
from detector.store import Connection, insert, utc
from detector.tables import INCIDENTS, SHAPES, build
from detector.verdicts import covering


@dataclass(frozen=True)
class Saved:
    """What a night decided beside the figures."""

    patterns: Mapping[str, Pattern]
    """What each incident that the log supports looks like."""
    merged: Mapping[str, str]
    """Incidents that turned out to be a part of another one, and of which."""
    excused: frozenset[str]
    """Incidents that turned out to be a mailing on purpose, or no more than the roster says was due."""


def save_incidents(
    db: Connection, config: Config, bursts: Sequence[Burst], as_of: datetime, records: Mapping[str, CaseRecord]
) -> Saved:
    """Match tonight's bursts with the known incidents and write all of them; inside the caller's transaction.

    `records` has what people said: what they dismissed is muted, and what was merged keeps its place.
    """
    known, groups = _known(db), affairs.group(bursts)
    aliases = {name for name, record in records.items() if record.merged_into}
    ids = incidents.match(groups, known, aliases)
    merged = incidents.absorbed(groups, ids, [k for k in known if k.incident.incident_id not in aliases])
    _write_groups(db, ids, groups)
    shapes, begins = _shapes(db), {name: min(b.started_at for b in g) for name, g in zip(ids, groups, strict=True)}
    excused = {
        name for name, shape in shapes.items() if shape.may_be_deliberate and not _by_a_clock(shape, begins[name])
    }
    excused |= _all_due(db)
    if excused:
        kept = [(name, group) for name, group in zip(ids, groups, strict=True) if name not in excused]
        ids, groups = [name for name, _ in kept], [group for _, group in kept]
        _write_groups(db, ids, groups)
    build(db, INCIDENTS[len(SHAPES) :])
    db.execute("delete from affected where incident_id in (select incident_id from incident_bursts)")
    db.execute("insert into affected by name select * from incident_people")
    through = facts.complete_through(db)
    feed = Feed(through or as_of, as_of, config.detection.stale_after)
    shapes = _shapes(db)
    current = [_undoubted(db, incident, shapes[incident.incident_id]) for incident in _incidents(db, ids, groups, feed)]
    patterns = _patterns(db, current)
    verdicts = tuple(record.verdict for record in records.values() if record.verdict)
    db.execute("delete from incidents")
    for incident in current:
        is_muted = covering(patterns[incident.incident_id], verdicts) is not None
        is_note = is_muted or (incident.cause == MEANT and shapes[incident.incident_id].is_thought_over)
        _insert(db, replace(incident, severity="info") if is_note else incident)
    for incident in incidents.withdrawn(known, ids):
        _insert(db, incident)
    return Saved(patterns, merged, frozenset(excused))


def _patterns(db: Connection, current: Sequence[Incident]) -> dict[str, Pattern]:
    """What each of these incidents looks like."""
    templates: dict[str, list[str]] = {}
    for name, key in db.execute(
        "select distinct incident_id, template_key from incident_bursts order by all"
    ).fetchall():
        templates.setdefault(name, []).append(key)
    rows = db.execute(
        "select incident_id, recipients, extra_median, extra_max, gap_seconds, share from incident_patterns"
    ).fetchall()
    clients = {incident.incident_id: incident.organizations for incident in current}
    return {name: Pattern(tuple(templates[name]), clients[name], *figures) for name, *figures in rows}


def _write_groups(db: Connection, ids: Sequence[str], groups: Sequence[Sequence[Burst]]) -> None:
    """Which bursts are which incident, and what that looks like."""
    db.execute(
        "create or replace table incident_bursts (incident_id varchar, template_key varchar, burst_number bigint)"
    )
    rows = [(name, b.template_key, b.burst_number) for name, group in zip(ids, groups, strict=True) for b in group]
    if rows:
        db.executemany("insert into incident_bursts values (?, ?, ?)", rows)
    build(db, SHAPES)


def _shapes(db: Connection) -> dict[str, Shape]:
    """What each incident looks like."""
    rows = db.execute(
        "select incident_id, mails, mails_sent_twice, mails_counted_down, mails_of_one_day, "
        "contents, people_written_to, people_written_to_then, people_reached, median_gap_seconds, doubt_until_us "
        "from incident_shapes"
    ).fetchall()
    return {incident_id: Shape(*shape) for incident_id, *shape in rows}


def _all_due(db: Connection) -> set[str]:
    """The incidents in which nobody got more than the roster says was due."""
    rows = db.execute(
        "select distinct incident_id from incident_bursts "
        "where incident_id not in (select incident_id from incident_people)"
    ).fetchall()
    return {name for (name,) in rows}


def _by_a_clock(shape: Shape, begins: datetime) -> bool:
    """Was it repeated an hour later, in the hours in which some zone's clocks go back? Nobody does that on purpose."""
    if abs(shape.median_gap_seconds - 3600) > 600:
        return False
    from detector.evidence.spacing import clocks_put_back  # pandas: see `_incidents`

    return any(moment - 600 <= begins.timestamp() < moment + 3 * 3600 for moment in clocks_put_back(begins.year))


def _undoubted(db: Connection, incident: Incident, shape: Shape) -> Incident:
    """The incident, detected when it could no longer be a mailing that somebody sent again on purpose."""
    if shape.doubt_until_us is None:
        return incident
    doubt_until = shape.doubt_until_us / 1e6
    if not (shape.is_mailing or (shape.is_thought_over and _seemed_meant(db, incident, doubt_until))):
        return incident
    return replace(incident, detected_at=max(incident.detected_at, datetime.fromtimestamp(doubt_until, UTC)))


def _seemed_meant(db: Connection, incident: Incident, until_seconds: float) -> bool:
    """True if the log, up to then, spoke for a second mailing on purpose."""
    from detector.causes import explain
    from detector.fingerprints import fingerprint

    return explain(fingerprint(db, incident.incident_id, 0, until_seconds))[0].cause == MEANT


def notices(db: Connection) -> list[Notice]:
    """Every notice ever planned, as the last run left it."""
    rows = db.execute("select notice_key, incident_id, kind, channel, state from notices order by all").fetchall()
    return [Notice(*row) for row in rows]


def write_notices(db: Connection, known: Iterable[Notice]) -> None:
    """Replace the table by these: what is due, and what the journal tells of all others, which is the truth."""
    newest = {(notice.notice_key, notice.channel): notice for notice in known}
    db.execute("delete from notices")
    for notice in newest.values():
        insert(db, "notices", asdict(notice))


def saved_incidents(db: Connection) -> list[Incident]:
    """Every incident in the store, newest first."""
    cursor = db.execute("select * from incidents order by started_at desc, incident_id")
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor.fetchall():
        values = dict(zip(names, row, strict=True))
        for name in ("started_at", "ended_at", "detected_at", "first_sent_at"):
            values[name] = utc(values[name])
        values["organizations"] = tuple(values["organizations"])
        values["cause_candidates"] = tuple(
            CauseCandidate(**c | {"supporting": tuple(c["supporting"]), "contradicting": tuple(c["contradicting"])})
            for c in json.loads(values["cause_candidates"])
        )
        found.append(Incident(**values))
    return found


def _known(db: Connection) -> list[Known]:
    """The incidents of earlier nights and their people."""
    return [
        Known(
            incident,
            frozenset(
                name
                for (name,) in db.execute(
                    "select recipient from affected where incident_id = ?", [incident.incident_id]
                ).fetchall()
            ),
        )
        for incident in saved_incidents(db)
    ]


def _incidents(db: Connection, ids: Sequence[str], groups: Sequence[Sequence[Burst]], feed: Feed) -> Iterator[Incident]:
    """The incidents with their figures, from the people and repeats just written."""
    from detector.fingerprints import usual_hosts  # pandas and scipy: a second that no command but a night need wait

    hosts = usual_hosts(db)
    for name, bursts in zip(ids, groups, strict=True):
        yield _incident(db, name, bursts, feed, hosts.get(name, 0))


def _incident(db: Connection, incident_id: str, bursts: Sequence[Burst], feed: Feed, usual_hosts: int) -> Incident:
    """One incident with its figures."""
    from detector.causes import explain
    from detector.fingerprints import fingerprint

    people = facts.affected(db, incident_id)
    evidence = fingerprint(db, incident_id, usual_hosts)
    copies = sorted(person.sends for person in people)
    candidates = explain(evidence)
    started_at, ended_at = min(b.started_at for b in bursts), max(b.ended_at for b in bursts)
    state, ongoing = incidents.liveness(ended_at, evidence.spacing.median_seconds, feed)
    excess = sum(person.excess for person in people)
    return Incident(
        incident_id=incident_id,
        state=state,
        severity=incidents.severity(len(people), excess, ended_at - started_at),
        template=facts.label(db, incident_id),
        rung=bursts[0].rung,
        sender=bursts[0].sender,
        organizations=incidents.organizations(people),
        started_at=started_at,
        ended_at=ended_at,
        detected_at=min(b.detected_at for b in bursts),
        first_sent_at=min(person.first_sent_at for person in people),
        ongoing=ongoing,
        recipients=len(people),
        sends=sum(person.sends for person in people),
        excess=excess,
        copies_min=copies[0],
        copies_median=float(median(copies)),
        copies_max=copies[-1],
        median_gap_seconds=evidence.spacing.median_seconds,
        cause=candidates[0].cause,
        cause_candidates=candidates,
    )


def _insert(db: Connection, incident: Incident) -> None:
    """One row of `incidents`."""
    values = asdict(incident)
    values["organizations"] = list(incident.organizations)
    values["cause_candidates"] = json.dumps([asdict(candidate) for candidate in incident.cause_candidates])
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = value.replace(tzinfo=None)
    insert(db, "incidents", values)
