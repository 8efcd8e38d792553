"""THE ONE PAGE: read, build, score, group, explain, save, write, tell.

A night is a function of the inputs, the config and as-of. The same again changes nothing and tells nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from detector import __version__, channels, facts, ingest, outbox, registry, tables
from detector.casefiles import write_case, write_report
from detector.config import Config
from detector.detection import find_bursts
from detector.documents import case_documents, night_documents, render_alert
from detector.records import Alert, CaseFacts, FileTally, NightFacts, Notice
from detector.store import Connection, locked, open_store, publish, transaction

Talk = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """What a run hands back to whoever started it."""

    facts: NightFacts
    report: Path
    problems: tuple[str, ...]
    """Lines a person must read: alerts not known to be sent, files that could not be used."""
    exit_code: int


def nightly(
    config: Config, paths: Sequence[Path], *, state: Path, as_of: datetime, dry_run: bool = False, talk: Talk = str
) -> Night:
    """Read the new logs, find what went out too often, write it up, tell people. With `dry_run` nobody is told."""
    with locked(state):
        with open_store(state) as db:
            journal = outbox.open_journal(
                state / "work" / "notices.journal", must_exist=bool(registry.notices(db))
            )
            files = tuple(_told(ingest.read_new_logs(db, config, paths, as_of, state / "work"), talk))
            tables.save_settings(db, config, as_of)
            tables.build(db, tables.SENDS + tables.REPEATS, said=lambda name, s: talk(f"{name}: {s:.2f} s"))
            with transaction(db):
                registry.save_incidents(db, config, find_bursts(db, config.detection), as_of)
                if not dry_run:
                    registry.plan_notices(db, _channels(config))
            night = _facts(db, config, files, as_of)
            due = () if dry_run else tuple(registry.notices(db))
        talk("publishing the snapshot")
        publish(state, as_of.strftime("%Y%m%dT%H%M%SZ"))
        talk("writing the documents")
        folders = {case.incident.incident_id: _write_case(state, config, case) for case in night.cases}
        names = {incident_id: folder.name for incident_id, folder in folders.items()}
        report = write_report(state / "reports" / f"{as_of:%Y-%m-%d}", night_documents(night, names))
        alerts = {case.incident.incident_id: case for case in night.cases}
        settled = outbox.deliver_due(
            journal,
            due,
            lambda notice: _alert(notice, alerts[notice.incident_id], folders[notice.incident_id]),
            lambda name, alert: channels.deliver(name, alert, config.channels, state=state, as_of=as_of),
            as_of,
        )
        if settled.notices != due:
            with open_store(state) as db:
                registry.remember(db, settled.notices)
    bad_files = tuple(tally.problem for tally in files if tally.problem)
    exit_code = 5 if settled.problems else 3 if bad_files or not files else 0
    return Night(night, report / "report.html", (*settled.problems, *bad_files), exit_code)


def _told(tallies: Iterable[FileTally], talk: Talk) -> Iterator[FileTally]:
    """The same tallies, each said aloud with its conservation numbers."""
    for tally in tallies:
        new = (
            f"{tally.records:,} records = {tally.events:,} events + {tally.ignored:,} ignored + {tally.rejected:,} rejected "
            f"+ {tally.blank:,} blank + {tally.held:,} held"
        )
        known = f"; {tally.known_records:,} known" if tally.known_records else ""
        talk(f"{tally.name}: {tally.format or 'not taken'}: {new}{known}")
        for assumption in tally.assumptions:
            talk(f"{tally.name}: {assumption}")
        yield tally


def _facts(db: Connection, config: Config, files: Sequence[FileTally], as_of: datetime) -> NightFacts:
    """The night and all its cases, newest first."""
    stale_after = timedelta(hours=config.detection.stale_after_hours)
    night = facts.night(db, as_of, stale_after, files, __version__)
    through = night.log_complete_through or as_of
    return replace(night, cases=tuple(facts.case(db, i, through) for i in registry.saved_incidents(db)))


def _write_case(state: Path, config: Config, case: CaseFacts) -> Path:
    """The incident's folder with its brief and letters."""
    incident = case.incident
    organization = incident.organizations[0] if incident.organizations else None
    return write_case(state / "incidents", incident.incident_id, organization, case_documents(case, config.clients, config.us))


def _alert(notice: Notice, case: CaseFacts, folder: Path) -> Alert:
    """The mail to staff for one notice."""
    return render_alert(case, notice_key=notice.notice_key, kind=notice.kind, brief_path=folder / "brief.html")


def _channels(config: Config) -> tuple[str, ...]:
    """The channels a new incident is announced on: the folder always, others if the config has them."""
    return ("folder", "smtp") if config.channels.smtp else ("folder",)
