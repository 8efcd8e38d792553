"""What the index of all nights tells of the newest one, remembered in the store and so in its snapshot: when people
have said something, a command writes the index again, and nothing of the log need be counted a second time.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from detector.case_record import CaseRecord
from detector.records import AffectedRecipient, CaseFacts, Incident, NightFacts, Timeline
from detector.registry import saved_incidents
from detector.store import Connection, utc

_NO_TIMELINE = Timeline(1, (), (), ())


def remember(db: Connection, night: NightFacts) -> None:
    """Keep the night's figures and what each incident's mail is called."""
    from pydantic import TypeAdapter  # only here and below: other rooms need no more of it than the config does

    figures = TypeAdapter(NightFacts).dump_python(replace(night, cases=(), notes=()), mode="json")
    subjects = {case.incident.incident_id: case.subjects for case in night.cases}
    db.execute("create or replace table last_night (remembered varchar not null)")
    db.execute("insert into last_night values (?)", [json.dumps({"night": figures, "subjects": subjects})])


def recall(db: Connection, records: Mapping[str, CaseRecord]) -> NightFacts | None:
    """The night with its incidents as far as the index tells of them; None if the snapshot is of an older program."""
    from pydantic import TypeAdapter

    if not db.execute("select 1 from duckdb_tables() where table_name = 'last_night'").fetchall():
        return None
    ((text,),) = db.execute("select remembered from last_night").fetchall()
    remembered = json.loads(text)
    night: NightFacts = _in_utc(TypeAdapter(NightFacts).validate_python(remembered["night"]))
    people, subjects = _people(db), remembered["subjects"]
    cases = tuple(
        replace(
            _case(incident, night, people.get(incident.incident_id, ())),
            subjects=tuple(subjects.get(incident.incident_id, ())),
            record=records.get(incident.incident_id),
        )
        for incident in saved_incidents(db)
    )
    return replace(night, cases=cases)


def _in_utc(value: Any) -> Any:
    """The same with every moment in the UTC that the program knows: pydantic's is another object of the same name."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, tuple):
        return tuple(map(_in_utc, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _in_utc(getattr(value, each.name)) for each in fields(value)})
    return value


def _case(incident: Incident, night: NightFacts, people: tuple[AffectedRecipient, ...]) -> CaseFacts:
    """The bare incident with its people."""
    return CaseFacts(
        incident=incident,
        affected=people,
        timeline=_NO_TIMELINE,
        log_complete_through=night.log_complete_through or night.as_of,
        usual_repeats_per_1000=None,
        spared_recipients=0,
        outcomes=(),
        message_ids=0,
        sources=(),
        subjects=(),
        evidence=(),
    )


def _people(db: Connection) -> dict[str, tuple[AffectedRecipient, ...]]:
    """The people of all incidents, by organization, then most copies first, as `facts.affected` has those of one."""
    found: dict[str, list[AffectedRecipient]] = {}
    rows = db.execute(
        "select incident_id, recipient, organization, sends, expected, excess, first_sent_at, last_sent_at "
        "from affected order by incident_id, organization nulls last, excess desc, recipient"
    ).fetchall()
    for name, recipient, organization, sends, expected, excess, first, last in rows:
        person = AffectedRecipient(name, recipient, organization, sends, expected, excess, utc(first), utc(last))
        found.setdefault(name, []).append(person)
    return {name: tuple(rows) for name, rows in found.items()}
