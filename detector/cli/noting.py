"""What the commands about incidents share: options, finding an incident, adding a person's word to its journal."""

import getpass
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from detector.cli.completion import incident_ids
from detector.cli.options import Moment, clock, complain, require_state, state_option

if TYPE_CHECKING:
    from detector.case_record import CaseRecord
    from detector.chronicle import Cases


_MISSING = "its folder in incidents/, or the journal in it, is missing."

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _user() -> str:
    """Who sits here; "" if the machine does not know, and then --by must say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


at_option = click.option("--at", type=Moment(), help="When it happened. [default: now]")
by_option = click.option("--by", default=_user, help="Who did it. [default: you]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
organization_option = click.option("--organization", default="", help="The client. [default: the only one hit]")
id_argument = click.argument("incident_id", metavar="ID", shell_complete=incident_ids)


def noting(command: _Command) -> _Command:
    """A command that adds to a journal: of which incident, kept where, when it happened, who did it. Then the folder
    says so too, whatever exit code the command leaves with; not if it was refused."""

    @wraps(command)
    def noted(incident_id: str, state: Path, **said: Any) -> None:
        from detector.cli.case_folder import refresh

        try:
            command(incident_id=incident_id, state=state, **said)
        except SystemExit:
            refresh(incident_id, None, state)
            raise
        refresh(incident_id, None, state)

    for option in (by_option, at_option, state_option, id_argument):
        noted = option(noted)
    return cast(_Command, noted)


def cases_of(state: Path) -> "tuple[Cases, datetime]":
    """Every incident, and now: the later of the clock and the newest night, which may look at logs of other days."""
    from dataclasses import replace

    from detector.case_record import MACHINE
    from detector.chronicle import read_cases
    from detector.errors import ConfigError

    if not (state / "incidents").is_dir():
        require_state(state)
        raise ConfigError(
            f"{state}: has no folder `incidents` any more. Run `detector nightly` first, or give another --state."
        )
    cases = read_cases(state / "incidents")
    told = {name: record for name, record in cases.records.items() if record.figures}  # others no night has seen yet
    cases = replace(cases, records=told)
    for problem in (*cases.damaged.values(), *cases.remarks):
        complain(problem)
    nights = [entry.at for record in cases.records.values() for entry in record.entries if entry.by == MACHINE]
    now = max([clock(), *nights, *_newest_night(state)])
    return _with_lost(state, cases, now), now


def _with_lost(state: Path, cases: "Cases", now: datetime) -> "Cases":
    """The cases with those whose folder somebody deleted, as the newest snapshot knows them; each is said aloud."""
    from detector import chronicle
    from detector.errors import DetectorError
    from detector.store import open_snapshot

    try:
        db = open_snapshot(state)
    except DetectorError:
        return cases  # whoever needs the snapshot says so
    with db:
        cases = chronicle.with_lost(db, cases)
        if not cases.lost:
            return cases
        from detector.registry import saved_incidents

        for name in cases.lost:
            complain(f"{name}: {_MISSING} Put it back from a backup; if there is none, the next night begins it anew.")
        return chronicle.begun_anew(cases, saved_incidents(db), now)


def subject_of(state: Path, incident_id: str) -> str:
    """Of most of its mail, as the newest snapshot has it; "" if that, or the log, has none."""
    from detector import facts
    from detector.errors import DetectorError
    from detector.store import open_snapshot

    try:
        with open_snapshot(state) as db:
            return facts.subject(db, incident_id)
    except DetectorError:
        return ""


def find_kept(cases: "Cases", incident_id: str) -> "CaseRecord":
    """The record of an incident to which something can be noted."""
    from detector.errors import RefusedError

    record = cases.find(incident_id)
    if record.incident_id in cases.lost:
        raise RefusedError(f"{record.incident_id}: {_MISSING} Nothing was noted or written.")
    return record


def _newest_night(state: Path) -> list[datetime]:
    """As-of of the night that published last; nights without news leave no mark in a journal."""
    try:
        stamp = (state / "current.duckdb").readlink().name.partition("-")[0]
        return [datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)]
    except (OSError, ValueError):
        return []


def note(
    state: Path, incident_id: str, kind: str, at: datetime | None, by: str, fields: Mapping[str, Any]
) -> "tuple[CaseRecord, datetime]":
    """Check what is said and add it to the journal; the record after that, and now."""
    from detector import case_journal
    from detector.case_record import JournalEntry, pattern_values
    from detector.lifecycle import replay
    from detector.lifecycle_rules import check

    cases, now = cases_of(state)
    record = find_kept(cases, incident_id)
    if fields.get("organization") == "" and len(record.organizations) == 1:
        fields = {**fields, "organization": record.organizations[0]}
    if kind == "dismissed" and record.pattern:
        fields = {**fields, "pattern": pattern_values(record.pattern)}
    entry = JournalEntry(kind, at or now, by, fields, now)
    check(record, entry, now)
    case_journal.append(cases.folders[record.incident_id], [entry], seen=len(record.entries))
    after = replay(record.incident_id, (*record.entries, entry))
    furthest = f"Furthest so far: {after.work}. The log says: {after.signal}."
    click.echo(f"{record.incident_id}: noted: {kind}. {furthest}", err=True)
    return after, now
