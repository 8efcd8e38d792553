"""The journals of all incidents: read before a night decides, added to when it has decided, copied into the store.

A night adds what it saw and the journal does not tell yet. So a run that died between the database and a journal is
made up for by the next one, and the same night again adds nothing.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from detector import case_journal
from detector.case_record import MACHINE, CaseRecord, Contradiction, JournalEntry, Verdict, as_values
from detector.casefiles import case_folder, find_case
from detector.errors import RefusedError, StoreError
from detector.lifecycle import replay
from detector.lifecycle_rules import noted_until
from detector.notices import Standing
from detector.observations import Sighting, observe, standing_problems
from detector.records import Incident
from detector.registry import Saved
from detector.store import Connection, insert, utc

_FOLDER = re.compile(r"(INC-[0-9A-Z]{2,16})(-.*)?")
_TABLES = """
create or replace table case_records (
  incident_id varchar, work varchar, signal varchar, acknowledged_at timestamp, acknowledged_by varchar,
  contained_at timestamp, contained_by varchar, copies_after_containment bigint, promises_open bigint, next_due date,
  closed_at timestamp, muted_by varchar, muted_because varchar, merged_into varchar, recurs_from varchar,
  withdrawn_because varchar
);
create or replace table verdicts (
  incident_id varchar, template_key varchar, dismissed_at timestamp, dismissed_by varchar, reason varchar,
  organizations varchar[], recipients bigint, extra_median double, extra_max bigint, gap_seconds double, share double
);
create or replace table aliases (alias varchar, incident_id varchar);
"""

_COLUMNS = (
    "incident_id", "work", "signal", "acknowledged_at", "acknowledged_by", "contained_at", "contained_by", "closed_at",
    "muted_by", "muted_because", "merged_into", "recurs_from", "withdrawn_because",
)  # fmt: skip


@dataclass(frozen=True)
class Cases:
    """Every incident that has a journal."""

    records: Mapping[str, CaseRecord] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)
    """For each journal that cannot be read, what is wrong with it."""
    remarks: tuple[str, ...] = ()
    """A sentence for each journal whose last line was cut off."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """For each incident that had a journal on the last night and has none now, how far people were."""

    @property
    def digest(self) -> str:
        """Changes whenever anything was noted."""
        noted = [[as_values(entry) for entry in self.records[name].entries] for name in sorted(self.records)]
        return hashlib.sha256(json.dumps(noted).encode()).hexdigest()

    def kept_id(self, name: str) -> str:
        """The id under which an incident lives on, through all merges."""
        seen = {name}
        while name in self.records and (into := self.records[name].merged_into) and into not in seen:
            seen.add(into)
            name = into
        return name

    def find(self, name: str) -> CaseRecord:
        """The record of an incident, by its id or that of one it absorbed, in any case of letters."""
        name = name.strip().upper()
        if name in self.damaged:
            raise StoreError(self.damaged[name])
        if name not in self.records:
            near = " or ".join(get_close_matches(name, sorted(self.records), 3, 0.4))
            meant = f" Did you mean {near}?" if near else ""
            raise RefusedError(f"{name!r} is no incident known here.{meant} `incidents list --all` shows them.")
        return self.records[self.kept_id(name)]


def read_cases(root: Path) -> Cases:
    """The records of all incidents under `root` (the folder `incidents/`)."""
    records: dict[str, CaseRecord] = {}
    folders: dict[str, Path] = {}
    damaged, remarks = {}, []
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        found = _FOLDER.fullmatch(folder.name)
        if found is None or found[1] in folders or not folder.is_dir() or folder.is_symlink():
            continue
        folders[found[1]] = folder
        try:
            reading = case_journal.read(folder)
        except StoreError as error:
            damaged[found[1]] = str(error)
            continue
        remarks += [reading.remark] if reading.remark else []
        if reading.entries:
            records[found[1]] = replay(found[1], reading.entries)
    return Cases(records, folders, damaged, tuple(remarks))


def with_lost(db: Connection, cases: Cases) -> Cases:
    """The cases, with the incidents of the store whose folder or journal somebody deleted."""
    if not db.execute("select 1 from duckdb_tables() where table_name = 'case_records'").fetchall():
        return cases
    known = db.execute("select incident_id, work from case_records semi join incidents using (incident_id)").fetchall()
    there = cases.records.keys() | cases.damaged.keys()
    return replace(cases, lost={name: work for name, work in known if name not in there})


def begun_anew(cases: Cases, incidents: Sequence[Incident], as_of: datetime) -> Cases:
    """The cases with those that are lost as the next night will begin them anew."""
    seen = (Sighting(i, as_of, lost_work=cases.lost[i.incident_id]) for i in incidents if i.incident_id in cases.lost)
    anew = {s.incident.incident_id: observe(CaseRecord(s.incident.incident_id), s) for s in seen}
    return replace(cases, records={**cases.records, **{name: replay(name, entries) for name, entries in anew.items()}})


def write_down(
    db: Connection, cases: Cases, root: Path, incidents: Sequence[Incident], night: tuple[Saved, datetime]
) -> tuple[Cases, tuple[str, ...]]:
    """Add to each journal what tonight saw; the records after that, and what of it a person must read."""
    as_of = night[1]
    records = dict(cases.records)
    news: list[str] = []
    for incident in sorted(incidents, key=lambda i: (i.started_at, i.incident_id)):
        name = incident.incident_id
        if name in cases.damaged:
            continue
        record = records.get(name, CaseRecord(name))
        seen = _sighting(db, cases, records, incident, night)
        absorbed = seen.absorbed
        records[name] = after = _noted(root, record, observe(record, seen), incident.organizations)
        if absorbed and after.contained_at:  # what the absorbed one's people claimed is now claimed of all of it
            seen = replace(seen, contradiction=contradiction(db, name, after.contained_at))
            records[name] = _noted(root, after, observe(after, seen), incident.organizations)
        news += [
            f"{other.incident_id}: is a part of {name}, whose journal now holds what people noted of it."
            for other in absorbed
            if other.was_dealt_with and other.incident_id not in record.aliases
        ]
    found = {incident.incident_id for incident in incidents}
    for name, record in records.items():
        if name not in found and record.signal != "withdrawn":
            gone = JournalEntry("withdrawn", as_of, MACHINE, {"why": "the database was made anew, without its log"})
            records[name] = _noted(root, record, [gone], record.organizations)
    folders = {name: folder for name in records if (folder := cases.folders.get(name) or find_case(root, name))}
    _save(db, cases := replace(cases, records=records, folders=folders))
    return cases, (*cases.remarks, *news)


def standing(cases: Cases, as_of: datetime) -> tuple[str, ...]:
    """What a person must read in every run until something is done about it."""
    return tuple(line for record in cases.records.values() for line in standing_problems(record, as_of))


def noted_since(db: Connection, cases: Cases, records: Sequence[CaseRecord | None]) -> Cases:
    """The cases with those records in which something was noted after `write_down`, and the store with them."""
    known = cases.records
    newer = {r.incident_id: r for r in records if r is not None and r is not known.get(r.incident_id)}
    if not newer:
        return cases
    cases = replace(cases, records={**cases.records, **newer})
    _save(db, cases)
    return cases


def standings(
    db: Connection, cases: Cases, incidents: Sequence[Incident], night: tuple[Saved, datetime]
) -> list[Standing]:
    """Each incident with the record that its journal will tell once tonight is written down."""
    found = []
    for incident in incidents:
        record = cases.records.get(incident.incident_id, CaseRecord(incident.incident_id))
        entries = observe(record, _sighting(db, cases, cases.records, incident, night))
        found.append(Standing(incident, replay(record.incident_id, (*record.entries, *entries))))
    return found


def _sighting(
    db: Connection, cases: Cases, records: Mapping[str, CaseRecord], incident: Incident, night: tuple[Saved, datetime]
) -> Sighting:
    """What tonight knows of one incident; `records` are those that tonight has already added to."""
    (saved, as_of), name = night, incident.incident_id
    record = records.get(name, CaseRecord(name))
    absorbed = tuple(records[old] for old, kept in saved.merged.items() if kept == name and old in records)
    verdicts = tuple(other.verdict for other in cases.records.values() if other.verdict)
    return Sighting(
        incident, as_of, saved.patterns.get(name),
        contradiction(db, name, record.contained_at) if record.contained_at else None,
        saved.merged.get(name, ""), absorbed, _why_withdrawn(name, saved), cases.lost.get(name, ""), verdicts,
        tuple(records.values()),
    )  # fmt: skip


def _noted(root: Path, record: CaseRecord, entries: Sequence[JournalEntry], organizations: Sequence[str]) -> CaseRecord:
    """The record after these entries, which are on the disk."""
    if not entries:
        return record
    name = record.incident_id
    folder = case_folder(root, name, organizations)
    folder.mkdir(mode=0o700, exist_ok=True)
    case_journal.append(folder, entries)  # after whatever a person noted in this very minute
    return case_journal.record_of(name, folder)


def contradiction(db: Connection, incident_id: str, contained_at: datetime) -> Contradiction | None:
    """The extra copies that went out after an incident was said to be contained."""
    until = noted_until(contained_at).replace(tzinfo=None)
    ((first, copies, people),) = db.execute(
        "select make_timestamp(min(sent_at_us)), count(*), count(distinct recipient) from incident_repeats "
        "where incident_id = ? and make_timestamp(sent_at_us) > ?",
        [incident_id, until],
    ).fetchall()
    return Contradiction(utc(first), copies, people) if copies else None


def _why_withdrawn(name: str, saved: Saved) -> str:
    if name in saved.excused:
        return "with the log of tonight it may have been meant, or was due to everybody who got it"
    return "the log no longer shows it"


def _save(db: Connection, cases: Cases) -> None:
    """Copy into the store, for analysts, what the journals tell."""
    db.execute(_TABLES)
    for record in cases.records.values():
        due = [promise.due for promise in record.open_promises]
        values: dict[str, Any] = {name: getattr(record, name) for name in _COLUMNS}
        values |= {name: _naive(values[name]) for name in values if name.endswith("_at")}
        copies = record.contradicted_by.copies if record.contradicted_by else 0
        others = {"copies_after_containment": copies, "promises_open": len(due), "next_due": min(due, default=None)}
        insert(db, "case_records", values | others)
        for alias in record.aliases:
            insert(db, "aliases", {"alias": alias, "incident_id": cases.kept_id(record.incident_id)})
        if record.verdict:
            _save_verdict(db, record.verdict)


def _save_verdict(db: Connection, verdict: Verdict) -> None:
    """One row for each template that it mutes."""
    pattern = asdict(verdict.pattern)
    keys = pattern.pop("template_keys")
    said = {"incident_id": verdict.incident_id, "dismissed_at": _naive(verdict.at), "dismissed_by": verdict.by}
    for key in keys:
        values = {**said, "reason": verdict.reason, **pattern, "organizations": list(pattern["organizations"])}
        insert(db, "verdicts", {**values, "template_key": key})


def _naive(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None
