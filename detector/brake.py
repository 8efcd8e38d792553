"""The brake: a command of the team's own that pauses what sends the mail, run when an incident that is grave enough
goes on. Never through a shell, never twice for one opening of an incident, never for what is over.

A claim stands in the incident's journal before the command runs, its outcome after; a claim without an outcome is a run
that died, so nobody can know whether the command did its work: that is shown, and it is not run again.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

from detector import case_journal, facts
from detector.case_record import MACHINE, CaseRecord, JournalEntry
from detector.chronicle import Cases
from detector.config import Brake
from detector.documents.incidents_json import incident_values
from detector.incidents import Feed, liveness
from detector.notice_record import RANK
from detector.records import Incident
from detector.store import Connection

MOST_SAID = 2000
"""Bytes of its output that are kept."""
_LOOK_SECONDS = 0.05
_SECRETS = "DETECTOR_"
"""How the names of our secrets in the environment begin; a brake has no business with them."""


def pull(db: Connection, cases: Cases, incidents: Sequence[Incident], settings: Brake | None, as_of: datetime) -> Cases:
    """Run the command once for each incident that calls for it, the gravest first; the cases with what became of it."""
    if settings is None:
        return cases
    for incident in sorted(incidents, key=lambda i: (-RANK[i.severity], -i.excess, i.incident_id)):
        if calls_for_it(incident, cases.records, settings, as_of):
            cases = _pull_for(db, cases, incident, settings, as_of)
    return cases


def calls_for_it(incident: Incident, records: Mapping[str, CaseRecord], settings: Brake, as_of: datetime) -> bool:
    """Grave enough, going on now by the clock and not only where the log ends, nobody has said that it is none, and
    not braked since it (re)opened."""
    record = records.get(incident.incident_id)
    if record is None or not record.is_open:
        return False
    if RANK[incident.severity] < RANK[settings.severity] or not incident.ongoing:
        return False
    by_the_clock = Feed(as_of, as_of, timedelta.max)
    goes_on_now = liveness(incident.ended_at, incident.median_gap_seconds, by_the_clock)[1]
    parts = [records[name] for name in record.aliases if name in records]
    return bool(goes_on_now) and not _is_pulled(record, parts)


def _is_pulled(record: CaseRecord, parts: Sequence[CaseRecord]) -> bool:
    """Claimed, whatever came of it, for the incident or a part of it, since it was opened or came back."""
    last = next((entry for entry in reversed(record.entries) if entry.kind in {"brake pulled", "reopened"}), None)
    if last and last.kind == "brake pulled":
        return True
    others = [entry.at for part in parts for entry in part.entries if entry.kind == "brake pulled"]
    return any(last is None or at > last.at for at in others)


def _pull_for(db: Connection, cases: Cases, incident: Incident, settings: Brake, as_of: datetime) -> Cases:
    """Claim, run, write down the outcome; in this order, so that a crash anywhere errs towards "unknown"."""
    name = incident.incident_id
    folder = cases.folders[name]
    claim = {"command": list(settings.command), "release": settings.release}
    case_journal.append(folder, [JournalEntry("brake pulled", as_of, MACHINE, claim)])
    outcome = run(settings.command, _told(db, incident, as_of), settings.timeout_seconds)
    case_journal.append(folder, [JournalEntry("brake ended", as_of, MACHINE, outcome)])
    return replace(cases, records={**cases.records, name: case_journal.record_of(name, folder)})


def _told(db: Connection, incident: Incident, as_of: datetime) -> bytes:
    """The incident as `incidents.json` has it, its sender, and the people hit; plain ASCII, so no text in it acts."""
    people = [
        {name: getattr(person, name) for name in ("recipient", "organization", "sends", "expected", "excess")}
        for person in facts.affected(db, incident.incident_id)
    ]
    values = incident_values(incident) | {"sender": incident.sender, "affected": people}
    told = {"schema_version": 1, "as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}", "incident": values}
    return json.dumps(told, allow_nan=False).encode("ascii")


def run(command: Sequence[str], given: bytes, limit_seconds: float) -> dict[str, Any]:
    """Run a program with `given` as its input: outcome, how it ended, and the beginning of what it printed.

    It leads a process group of its own. When its time is over, or when it has ended, whatever is left of the group is
    killed, so nothing of it outlives the call.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    reading, writing = os.pipe()
    try:
        with TemporaryFile() as file:
            file.write(given)
            file.seek(0)
            process = subprocess.Popen(  # noqa: S603 - the operator's own command, from the config, without a shell
                list(command), stdin=file, stdout=writing, stderr=writing, start_new_session=True, env=environment
            )
        said = _listen(process, reading, limit_seconds)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return {"outcome": "failed", "how": f"it could not be started: {why}", "said": ""}
    finally:
        os.close(reading)
        os.close(writing)
    is_late = process.poll() is None
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    how = f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
    if is_late:
        how = f"it took longer than {limit_seconds:g} seconds and was killed"
    outcome = "done" if code == 0 and not is_late else "failed"
    return {"outcome": outcome, "how": how, "said": said.decode("utf-8", "replace").strip()}


def _listen(process: "subprocess.Popen[bytes]", pipe: int, limit_seconds: float) -> bytes:
    """The beginning of what it prints, until it ends or its time is over."""
    said, ends_at = b"", time.monotonic() + limit_seconds
    while process.poll() is None and time.monotonic() < ends_at:
        said = (said + _printed(pipe, _LOOK_SECONDS))[:MOST_SAID]
    return (said + _printed(pipe, 0))[:MOST_SAID]


def _printed(pipe: int, within_seconds: float) -> bytes:
    """What can be read by then; we hold the other end ourselves, so that the pipe never ends."""
    return os.read(pipe, 1 << 16) if select.select([pipe], [], [], within_seconds)[0] else b""
