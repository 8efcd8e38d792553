"""The bursts that the last night found, for the next one that finds the derived tables as they were: no mail has come,
or nothing but what was known. What is found is a function of these tables and the settings, so it is found again; the
tables of bursts still stand in the store.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from detector.affairs import Burst
from detector.config import Detection
from detector.store import Connection

_PROGRAM = Path(__file__).parent
_MOMENTS = ("started_at", "ended_at", "detected_at")


def remember(db: Connection, bursts: Sequence[Burst], settings: Detection) -> None:
    """Keep what was found; whoever changes a table that it was found in calls `forget`."""
    db.execute("create or replace table last_bursts (fingerprint varchar not null, bursts varchar not null)")
    text = json.dumps([_plain(burst) for burst in bursts])
    db.execute("insert into last_bursts values (?, ?)", [_fingerprint(settings), text])


def recall(db: Connection, settings: Detection) -> list[Burst] | None:
    """What was found, if this program would find it again; else None."""
    if not db.execute("select 1 from duckdb_tables() where table_name = 'last_bursts'").fetchall():
        return None
    found = db.execute("select bursts from last_bursts where fingerprint = ?", [_fingerprint(settings)]).fetchall()
    if not found:
        return None
    people: dict[tuple[str, int], list[str]] = {}
    for key, number, recipient in db.execute(
        "select template_key, burst_number, recipient from burst_people"
    ).fetchall():
        people.setdefault((key, number), []).append(recipient)
    bursts = (_burst(plain) for plain in json.loads(found[0][0]))
    return [replace(b, recipients=frozenset(people.get((b.template_key, b.burst_number), ()))) for b in bursts]


def forget(db: Connection) -> None:
    """A table has changed."""
    db.execute("drop table if exists last_bursts")


def _fingerprint(settings: Detection) -> str:
    """Changes with whatever else than the derived tables the bursts are found by: the settings, and the program, which
    may be a checkout that somebody has brought up to date."""
    files = [*sorted(_PROGRAM.glob("*.py")), *sorted(_PROGRAM.glob("sql/**/*.sql"))]
    return hashlib.sha256(b"\0".join([repr(settings).encode(), *(file.read_bytes() for file in files)])).hexdigest()


def _plain(burst: Burst) -> dict[str, Any]:
    """The burst for JSON, without its people, who stand in a table."""
    plain = asdict(burst) | {name: getattr(burst, name).isoformat() for name in _MOMENTS}
    return plain | {"recipients": [], "quarters": sorted(map(int, burst.quarters))}


def _burst(plain: dict[str, Any]) -> Burst:
    moments = {name: datetime.fromisoformat(plain[name]) for name in _MOMENTS}
    sets = {name: frozenset(plain[name]) for name in ("recipients", "quarters")}
    return Burst(**{**plain, **moments, **sets, "domains": tuple(plain["domains"])})
