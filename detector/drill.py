"""The founding story to practise on: synthetic mail in a scratch state, two acts, and steps that can be looked up.

Act one is the alarm while copies still go out; act two the morning after, once somebody has contained it. What a team
has done is read from the incident's journal and its files, so it may work by hand, in its own order, in any number of
sittings.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detector import casework, chronicle, facts, registry
from detector.case_record import CaseRecord
from detector.casefiles import find_case
from detector.config import Client, Config, Us
from detector.documents.apology_letter import due, letter_name
from detector.documents.human_form import NAME as FORM
from detector.documents.letter_text import FILL, numbered_lines
from detector.errors import ConfigError
from detector.lifecycle import BY_PEOPLE
from detector.nightly import nightly
from detector.records import CaseFacts
from detector.simulate import simulate
from detector.store import open_snapshot

SEED = 27
ACTS = (datetime(2026, 10, 27, 18, 40, tzinfo=UTC), datetime(2026, 10, 28, 10, 0, tzinfo=UTC))
"""As-of of the alarm, and of the morning after."""
STOPPED = datetime(2026, 10, 27, 20, 12, tzinfo=UTC)
"""When the story's team has found the sender: after two hours, and half a minute after the last copy."""
_NAME = "drill.json"
_CONFIG = Config(
    clients={"Harbor Freightways": Client(contact="Robin Reed", salutation="Dear Robin", phone="+1 555 0100")},
    us=Us(name="Example Academy", signatory="Sam Example", role="Head of Support", phone="+1 555 0199"),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One thing to do, with the words for it."""

    title: str
    how: str
    act: int
    done_at: Callable[[CaseRecord, Path, CaseFacts], datetime | None]
    """When somebody did it, by the clock on the wall; None if nobody has."""


def _noted(*kinds: str) -> Callable[[CaseRecord, Path, CaseFacts], datetime | None]:
    """When the journal was first told one of these things, whenever in the story that was."""

    def first(record: CaseRecord, folder: Path, case: CaseFacts) -> datetime | None:
        return next((e.noted_at or e.at for e in record.entries if e.kind in kinds), None)

    return first


def _approved(record: CaseRecord, folder: Path, case: CaseFacts) -> datetime | None:
    """When the approval that stands was given, or the last one before the letter went out."""
    given = [e.noted_at or e.at for e in record.entries if e.kind == "letter approved"]
    return given[-1] if given and (record.approved or record.sent) else None


def _filled(record: CaseRecord, folder: Path, case: CaseFacts) -> datetime | None:
    """When the form was saved last, if it can be read and the letter has no open part left."""
    return _saved(folder / FORM) if _is_filled(folder, case) else None


def _exported(record: CaseRecord, folder: Path, case: CaseFacts) -> datetime | None:
    drafts = [_saved(path) for path in folder.rglob("letter.eml")]
    return min(drafts) if drafts else _noted("letter sent")(record, folder, case)


def _saved(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


@dataclass(frozen=True)
class Drill:
    """How far a practice is."""

    scratch: Path
    started_at: datetime
    act: int
    incident_id: str
    folder: Path
    done: dict[str, float]
    """Title of a step -> seconds from the start until somebody did it."""
    missed: tuple[Step, ...]

    @property
    def steps_now(self) -> tuple[Step, ...]:
        """What can be done in this act."""
        return tuple(step for step in self.missed if step.act <= self.act)


STEPS = (
    Step("acknowledge", "Read the alert in alerts/ and the brief, then: detector incidents ack {id} --by YOU", 1,
         _noted(*BY_PEOPLE)),
    Step("stop it", "Stop the sender (in thought), then: detector incidents contain {id} {at}--how '...' --by YOU", 1,
         _noted("contained")),
    Step("call the client", "Play the call (call.md), then: detector incidents told {id} --channel phone --by YOU", 1,
         _noted("client told")),
    Step("promise", "detector incidents promise {id} '...' --owner NAME --due {due} --by YOU", 2, _noted("promised")),
    Step("fill the form", "Fill human.toml, then: detector letter check {id}", 2, _filled),
    Step("approve the letter", "Read it aloud, then: detector letter approve {id} --by YOU", 2, _approved),
    Step("export the letter", "detector letter export {id}", 2, _exported),
    Step("note that it went out", "Send it (here in thought), then: detector incidents sent {id} --by YOU", 2,
         _noted("letter sent")),
)  # fmt: skip


def play(scratch: Path, clock: Callable[[], datetime], talk: Callable[[str], None]) -> Drill:
    """Begin a practice in `scratch`, or take it up again: look what was done, and play the next act when it is due.

    The time begins with the alarm: making the mail and reading it is nothing that people could be quicker at.
    """
    notes = _notes(scratch)
    if notes is None:
        talk("simulating a month of mail with one founding night")
        simulate("founding-night", format="plain", seed=SEED, out=scratch / "mail")
        _night(scratch, 1, talk)
        notes = {"started_at": clock().isoformat(), "act": 1, "done": {}}
    drill = _look(scratch, notes, clock())
    if drill.act == 1 and not drill.steps_now:
        talk("the night passes; the log of the morning after is read")
        _night(scratch, 2, talk)
        drill = _look(scratch, notes | {"act": 2, "done": drill.done}, clock())
    _write(scratch, {"started_at": drill.started_at.isoformat(), "act": drill.act, "done": drill.done})
    return drill


def _night(scratch: Path, act: int, talk: Callable[[str], None]) -> None:
    nightly(_CONFIG.reading(scratch / "mail"), state=scratch / "state", as_of=ACTS[act - 1], talk=lambda line: None)
    talk(f"read as of {ACTS[act - 1]:%d %b %Y, %H:%M} UTC")


def _look(scratch: Path, notes: dict[str, object], now: datetime) -> Drill:
    """What of the steps is done, by the journal and the files."""
    cases = chronicle.read_cases(scratch / "state" / "incidents")
    record = max(cases.records.values(), key=lambda known: known.figures["excess"])
    folder = find_case(scratch / "state" / "incidents", record.incident_id)
    case = _case(scratch, record)
    if folder is None:
        raise ConfigError(f"{scratch}: the incident's folder is gone. Give a new folder with --scratch.")
    started_at = datetime.fromisoformat(str(notes["started_at"]))
    before = notes["done"] if isinstance(notes["done"], dict) else {}
    at = {step.title: step.done_at(record, folder, case) for step in STEPS}
    done = {
        title: before.get(title, _seconds(min(done_at, now) - started_at))
        for title, done_at in at.items()
        if done_at is not None
    }
    missed = tuple(step for step in STEPS if step.title not in done)
    return Drill(scratch, started_at, int(str(notes["act"])), record.incident_id, folder, done, missed)


def _case(scratch: Path, record: CaseRecord) -> CaseFacts:
    """The incident as the newest snapshot has it."""
    with open_snapshot(scratch / "state") as db:
        incident = next(i for i in registry.saved_incidents(db) if i.incident_id == record.incident_id)
        return replace(facts.case(db, incident, facts.complete_through(db) or incident.ended_at), record=record)


def _is_filled(folder: Path, case: CaseFacts) -> bool:
    """The form can be read, and the letter has no open part left."""
    _, problem = casework.read_desk(folder, case.incident.organizations, _CONFIG)
    letters = [folder / letter_name(case, name, due(case, name)) for name in case.incident.organizations]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in letters if path.is_file()]
    open_parts = any(FILL.search(line) for text in texts for _, line in numbered_lines(text))
    return not problem and bool(texts) and not open_parts


def _seconds(elapsed: timedelta) -> float:
    return round(max(0.0, elapsed.total_seconds()), 1)


def _notes(scratch: Path) -> dict[str, object] | None:
    """What an earlier sitting left; None if there was none. A folder that holds something else is refused."""
    try:
        notes: dict[str, object] = json.loads((scratch / _NAME).read_text(encoding="utf-8"))
        return notes
    except FileNotFoundError:
        if scratch.exists() and any(scratch.iterdir()):
            message = f"{scratch}: is not empty and holds no drill. Give a new folder with --scratch."
            raise ConfigError(message) from None
        return None
    except ValueError as error:
        raise ConfigError(f"{scratch / _NAME}: is damaged. Give a new folder with --scratch.") from error


def _write(scratch: Path, notes: dict[str, object]) -> None:
    (scratch / _NAME).write_text(json.dumps(notes, indent=1) + "\n", encoding="utf-8")
