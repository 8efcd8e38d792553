"""An incident's folder brought up to date by a command: for its letters, and after each word that people say."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from detector.cli.noting import cases_of, find_kept
from detector.cli.options import complain
from detector.errors import DetectorError, LockedError, RefusedError

if TYPE_CHECKING:
    from detector.casework import WrittenUp


@contextmanager
def opened(
    incident_id: str, config_path: Path | None, state: Path, *, recreate: bool = False, only_drafts: bool = False
) -> Iterator["WrittenUp"]:
    """The incident from the newest snapshot, its folder brought up to date, nobody else at work on it."""
    import duckdb

    from detector import casework, copies, facts, registry
    from detector.config import load_config
    from detector.store import locked, open_snapshot

    with locked(state), open_snapshot(state) as db:
        cases, now = cases_of(state)
        record = find_kept(cases, incident_id)
        incident = next((i for i in registry.saved_incidents(db) if i.incident_id == record.incident_id), None)
        through = facts.complete_through(db)
        if incident is None or through is None:
            raise RefusedError(f"{record.incident_id} is not in the newest snapshot. Run `detector nightly` first.")
        config = load_config(config_path) if config_path else casework.remembered_addresses(state)
        try:
            case = replace(facts.case(db, incident, through), record=record)
        except duckdb.ProgrammingError as error:  # a table or a column is not there
            problem = "The newest snapshot is of another version of the program. Run `detector nightly` first."
            raise RefusedError(problem) from error
        work = casework.write_up(
            db,
            case,
            casework.Setting(state, config, now),
            recreate=recreate,
            extent="drafts" if only_drafts else "words",
        )
        yield replace(work, desk=replace(work.desk, neighbours=copies.neighbours(db)))


def refresh(incident_id: str, config_path: Path | None, state: Path) -> None:
    """Write what people just said into the brief, the drafts and the index of all nights, so that nobody reads
    yesterday's. It is noted whatever stands in the way of that, and then the next night writes it up."""
    try:
        with opened(incident_id, config_path, state) as work:
            _tell(work)
            _refresh_index(state)
    except LockedError:
        return  # whoever is at work writes the folder
    except DetectorError as error:
        complain(f"noted, but its brief is still the one of the last night ({error})")


def _refresh_index(state: Path) -> None:
    """reports/index.html of the newest night, with what people say now; under the lock of whoever calls."""
    from detector import chronicle, last_night
    from detector.publication import publish_words
    from detector.store import open_snapshot

    cases = chronicle.read_cases(state / "incidents")
    with open_snapshot(state) as db:
        if night := last_night.recall(db, cases.records):
            night = replace(night, notes=chronicle.standing(cases, night.as_of))
            publish_words(state, night, cases.folders)


def take_back(incident_id: str, state: Path) -> None:
    """Before anybody rests on an approval: what no longer holds is taken back, and said. If a night is at work, it does
    that; what else is wrong, whoever rests on it will say."""
    with suppress(DetectorError), opened(incident_id, None, state, only_drafts=True) as work:
        _tell(work)


def _tell(work: "WrittenUp") -> None:
    for line in filter(None, (*work.revoked, *work.wrong, work.problem)):
        complain(line)
