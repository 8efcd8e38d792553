"""THE ONE PAGE: read, build, score, group, explain, save, write, tell.

A night is a function of the inputs, the config and as-of. The same again changes nothing and tells nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from detector import (
    __version__,
    brake,
    casework,
    chronicle,
    facts,
    ingest,
    last_bursts,
    last_night,
    registry,
    tables,
    telling,
)
from detector.affairs import Burst
from detector.chronicle import Cases
from detector.config import Config, Detection
from detector.detection import find_bursts
from detector.documents import feed, phrases
from detector.documents.escaping import visible
from detector.framings import shown
from detector.notice_journal import Journal
from detector.notice_record import Notice
from detector.observations import brake_problem
from detector.outbox import Settlement
from detector.publication import publish_night
from detector.records import FileTally, NightFacts
from detector.refresh import refresh
from detector.roster import read_roster
from detector.store import Connection, locked, open_store, transaction

Talk = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """What a run hands back to whoever started it."""

    facts: NightFacts
    report: Path
    problems: tuple[str, ...]
    """Lines a person must read: alerts not known to be sent, claims that the log contradicts, promises that are late,
    files that could not be used."""
    exit_code: int
    passing: tuple[str, ...] = ()
    """Those problems that settle themselves where logs are being written to: a last line that is half there."""
    lasting_exit_code: int = 0
    """What the exit code would be without them."""


def nightly(config: Config, *, state: Path, as_of: datetime, dry_run: bool = False, talk: Talk) -> Night:
    """Read the new logs, find what went out too often, write it up, tell people. With `dry_run` nobody is told."""
    with locked(state):
        with open_store(state) as db:
            journal = telling.journal_of(db, state)
            files = tuple(_told(ingest.read_new_logs(db, config, as_of, state / "work", talk), talk))
            tables.save_settings(db, config, as_of)
            roster_problems = read_roster(db, config.roster, state / "work")
            refresh(db, said=lambda name, s: talk(f"{name}: {s:.2f} s"))
            cases = chronicle.with_lost(db, chronicle.read_cases(state / "incidents"))
            saved, due = _find_incidents(db, config, as_of, cases, None if dry_run else journal)
            found = registry.saved_incidents(db)
            cases, news = chronicle.write_down(db, cases, state / "incidents", found, (saved, as_of))
            cases = brake.pull(db, cases, found, None if dry_run else config.brake, as_of)
            night = _figures(db, config, files, as_of)
            ledger = facts.ledger(db)
            _say_archives(night, talk)
            talk("writing the documents, publishing the snapshot")
            casework.remember_addresses(state, config)
            night, written = _written_up(db, night, cases, casework.Setting(state, config, as_of))
            cases = chronicle.noted_since(db, cases, [each.case.record for each in written])
        revoked = tuple(line for each in written for line in each.revoked)
        lines = (*news, *chronicle.standing(cases, as_of))
        night = replace(night, cases=tuple(each.case for each in written), notes=lines + revoked)
        folders = {each.case.incident.incident_id: each.folder for each in written}
        lines += revoked + tuple(each.problem for each in written if each.problem)
        report = publish_night(state, night, folders, ledger + cases.digest)
        scene = telling.Scene(night, config, state, folders, report / "report.html")
        settled = telling.NOTHING if dry_run else telling.tell(journal, due, scene)
    bad_files = _bad_files(config, files) + roster_problems + _blind(night) + tuple(cases.damaged.values())
    ended = Night(night, report / "report.html", (*settled.problems, *lines), _exit_code(settled, cases))
    return _with_files(ended, bad_files, _passing(files))


def _exit_code(settled: Settlement, cases: Cases) -> int:
    """A brake that may not have taken hold is as grave as an alert that may not have arrived."""
    return settled.exit_code or (5 if any(map(brake_problem, cases.records.values())) else 0)


def _with_files(ended: Night, bad_files: tuple[str, ...], passing: tuple[str, ...]) -> Night:
    """The same with what is wrong with the files, which is less grave than an alert that failed."""
    lasting_code = ended.exit_code or (3 if set(bad_files) - set(passing) else 0)
    code = ended.exit_code or (3 if bad_files else 0)
    problems = (*ended.problems, *bad_files)
    return replace(ended, problems=problems, exit_code=code, passing=passing, lasting_exit_code=lasting_code)


def _bad_files(config: Config, files: Sequence[FileTally]) -> tuple[str, ...]:
    """A line for each file that needs a person's eye; one for all of which there is the same to say."""
    if not files:
        return (f"{', '.join(map(shown, config.logs.paths))}: holds no file to read.",)
    return feed.gathered([tally for tally in files if tally.problem])


def _passing(files: Sequence[FileTally]) -> tuple[str, ...]:
    return tuple(tally.problem for tally in files if tally.problem and tally.held and not tally.rejected)


def _blind(night: NightFacts) -> tuple[str, ...]:
    """Why repeats would not be seen: the logs end long before as-of, or do not tell one mail from another."""
    nameless = phrases.nameless(night.nameless, night.sends)
    return (*_stale(night), *([f"{nameless}. Log or export one of them."] if night.nameless * 2 > night.sends else []))


def _stale(night: NightFacts) -> tuple[str, ...]:
    newest = night.log_complete_through
    if not night.is_stale or newest is None:
        return ()
    then = (newest + timedelta(minutes=1)).replace(second=0)
    return (
        f"the newest line of the logs is of {phrases.minute(newest)}; what was sent since then nobody has looked at. "
        "If mail was sent, look at what writes or copies the logs. If they are old logs, look at them as they stood: "
        f"--as-of {then:%Y-%m-%dT%H:%MZ}",
    )


def _find_incidents(
    db: Connection, config: Config, as_of: datetime, cases: Cases, journal: Journal | None
) -> tuple[registry.Saved, tuple[Notice, ...]]:
    """Score, group, match; incidents and the notices they call for are one transaction. No journal, no notices."""
    with transaction(db):
        saved = registry.save_incidents(db, config, _found(db, config.detection), as_of, cases.records)
        if journal is None:
            return saved, ()
        standings = chronicle.standings(db, cases, registry.saved_incidents(db), (saved, as_of))
        return saved, telling.plan(db, journal, standings, config, as_of)


def _found(db: Connection, settings: Detection) -> list[Burst]:
    """The bursts of the log; those of the last night, if no mail has come since that would change them."""
    bursts = last_bursts.recall(db, settings)
    if bursts is None:
        bursts = find_bursts(db, settings)
        last_bursts.remember(db, bursts, settings)
    return bursts


def _told(tallies: Iterable[FileTally], talk: Talk) -> Iterator[FileTally]:
    """The same tallies, each said aloud with its conservation numbers."""
    for tally in tallies:
        new = (
            f"{tally.records:,} records = {tally.events:,} events + {tally.ignored:,} ignored + "
            f"{tally.rejected:,} rejected "
            f"+ {tally.blank:,} blank + {tally.held:,} held"
        )
        known = f"; {tally.known_records:,} known" if tally.known_records else ""
        talk(f"{tally.name}: {tally.format or 'not taken'}: {new}{known}")
        for assumption in tally.assumptions:
            talk(f"{tally.name}: {assumption}")
        yield tally


def _say_archives(night: NightFacts, talk: Talk) -> None:
    """Which addresses only get copies of everything, and are left out."""
    for archive in night.archives:
        talk(visible(phrases.archived(archive), 400))


def _figures(db: Connection, config: Config, files: Sequence[FileTally], as_of: datetime) -> NightFacts:
    """The night without its cases."""
    told = [tally.earlier or tally for tally in files]
    return facts.night(db, as_of, config.detection.stale_after, told, __version__)


def _written_up(
    db: Connection, night: NightFacts, cases: Cases, setting: casework.Setting
) -> tuple[NightFacts, list[casework.WrittenUp]]:
    """The night with all its cases, newest first, which the store remembers for whoever speaks before the next one; and
    what was written of each."""
    found = facts.cases(db, registry.saved_incidents(db), night.log_complete_through or night.as_of)
    night = replace(night, cases=tuple(replace(c, record=cases.records.get(c.incident.incident_id)) for c in found))
    last_night.remember(db, night)
    return night, [casework.write_up(db, case, setting) for case in night.cases]
