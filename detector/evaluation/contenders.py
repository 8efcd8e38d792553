"""Everybody who competes, run on one labelled log: the nightly pipeline as it is, and the baselines on its sends."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from detector.config import Config
from detector.errors import InputError
from detector.evaluation.baselines import BASELINES
from detector.evaluation.labelled import LabelledLog
from detector.evaluation.scoring import Finding
from detector.evaluation.sightings import all_sends, findings
from detector.nightly import nightly
from detector.records import CaseFacts
from detector.store import Connection, open_snapshot, utc

DETECTOR = "detector"


@dataclass(frozen=True)
class Options:
    """Who competes, and what the detector may know."""

    baselines: bool = True
    rosters: bool = True
    """Use the roster beside a truth."""


@dataclass(frozen=True)
class Contest:
    """What each method found in one log, and the log's format."""

    format: str
    findings: Mapping[str, list[Finding]]


def contest(log: LabelledLog, config: Config, options: Options) -> Contest:
    """One night of the detector in a state that is thrown away, telling nobody; then the others, if wanted."""
    with TemporaryDirectory(prefix="detector-evaluate-") as scratch:
        state = Path(scratch) / "state"
        night = nightly(
            _config(log, config, options), state=state, as_of=log.ends_at, dry_run=True, talk=lambda _: None
        )
        if not night.facts.sends:
            raise InputError(f"{log.name}: no mail could be read. " + " ".join(night.problems))
        with open_snapshot(state) as db:
            cases = (case for case in night.facts.cases if case.incident.state != "withdrawn")
            extra = _extra_copies(db)
            found = {DETECTOR: [_finding(case, extra[case.incident.incident_id]) for case in cases]}
            if options.baselines:
                sends = all_sends(db)
                found |= {name: findings(method(sends), name) for name, method in BASELINES.items()}
            formats = db.execute("select distinct source from sends order by source").fetchall()
    return Contest("+".join(source for (source,) in formats), found)


def _config(log: LabelledLog, config: Config, options: Options) -> Config:
    """The settings of the run, with the logs to read and their roster, if it may be used."""
    config = config.reading(*log.files)
    if options.rosters and log.roster:
        return config.model_copy(update={"roster": config.roster.model_copy(update={"files": (log.roster,)})})
    return config


def _extra_copies(db: Connection) -> Mapping[str, list[tuple[str, datetime]]]:
    """Per incident, (recipient, time) of every extra copy."""
    copies: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    rows = db.execute("select incident_id, recipient, make_timestamp(sent_at_us) from incident_repeats").fetchall()
    for incident_id, recipient, at in rows:
        copies[incident_id].append((recipient, utc(at)))
    return copies


def _finding(case: CaseFacts, extra: list[tuple[str, datetime]]) -> Finding:
    """An incident as a finding; the cause it settled on comes first, whatever the order of the candidates."""
    incident = case.incident
    candidates = [candidate.cause for candidate in incident.cause_candidates if candidate.cause != incident.cause]
    return Finding(
        name=f"{incident.incident_id} {incident.template}",
        started_at=incident.started_at,
        ended_at=incident.ended_at,
        detected_at=incident.detected_at,
        people={person.recipient: person.excess for person in case.affected},
        causes=(incident.cause, *candidates),
        is_alarm=incident.severity != "info",
        extra_copies=extra,
    )
