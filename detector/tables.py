"""Builds the derived tables, one SQL file each, in one visible order. The tables are a function of `events`, the
settings and as-of; `refresh` decides how much of them a night makes again.
"""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter

from detector.config import Config
from detector.store import Connection, read_sql

Said = Callable[[str, float], None]
"""Is told the name of each table and the seconds that it took."""
SENDS = (
    "message_spans",
    "message_lives",
    "messages",
    "deliveries",
    "hand_offs",
    "roots",
    "sightings",
    "mails",
    "riders",
    "archives",
    "sends",
)
REPEATS = (
    "contents",
    "masked_mails",
    "referring",
    "same_ids",
    "other_contents",
    "repeats",
    "due_contents",
    "kins",
    "roster_gaps",
    "features",
    "lag_bins",
    "binned_repeats",
    "batches",
    "scattered_batches",
    "slow_batches",
    "alike_batches",
    "recipient_days",
    "recipient_episodes",
)
BURSTS = ("burst_seeds", "burst_anchors", "burst_repeats", "bursts", "burst_people")
INCIDENTS = (
    "incident_repeats",
    "incident_people",
    "incident_copies",
    "incident_audiences",
    "incident_shapes",
    "incident_patterns",
    "baselines",
)
VIEWS = ("baselines",)
"""Made when somebody asks; no night needs them."""
SCAFFOLD = (
    "message_spans",
    "messages",
    "deliveries",
    "roots",
    "contents",
    "other_contents",
    "binned_repeats",
)
"""Steps on the way that nothing reads once the night is over; they are temporary and not published."""

BY_MESSAGE = ("message_spans",)
"""Made of each message's own events and nothing else; so many events at a time find room in memory:"""
_MOST_EVENTS = 2_000_000


def save_settings(db: Connection, config: Config, as_of: datetime) -> None:
    """Write what the SQL files read like any other table: as-of, archives, domain map, free-mail domains, an empty
    roster.
    """
    db.execute(
        "create or replace table settings as select $as_of::timestamp as as_of, epoch_us($as_of::timestamp) "
        "as as_of_us, $infers_archives as infers_archives",
        {"as_of": as_of.replace(tzinfo=None), "infers_archives": config.logs.archives is None},
    )
    db.execute("create or replace table archive_addresses (recipient varchar)")
    for address in sorted({address.strip().lower() for address in config.logs.archives or ()}):
        db.execute("insert into archive_addresses values (?)", [address])
    db.execute("create or replace table organization_domains (domain varchar, organization varchar)")
    pairs = sorted((domain.lower(), name) for domain, name in config.organizations.domains.items())
    if pairs:
        db.executemany("insert into organization_domains values (?, ?)", pairs)
    db.execute(
        "create or replace table roster (enrolment bigint, enrolled_at_us bigint, recipient varchar, course varchar, "
        "organization varchar)"
    )
    db.execute("create or replace table roster_mails (pattern varchar)")
    build(db, ("free_mail",))
    for domain in sorted(config.organizations.free_mail):
        db.execute("insert into free_mail select ? where ? not in (select domain from free_mail)", [domain.lower()] * 2)


def build(db: Connection, names: tuple[str, ...], said: Said | None = None, *, as_part: bool = False) -> None:
    """Make each table from its file; with `as_part` as a temporary one, `part_<name>`, beside the one that is there."""
    for name in names:
        started = perf_counter()
        kind = "temp table" if as_part or name in SCAFFOLD else "view" if name in VIEWS else "table"
        if name in BY_MESSAGE and not as_part:
            _build_in_portions(db, name, kind)
        else:
            db.execute(f"create or replace {kind} {'part_' * as_part}{name} as\n{read_sql(name)}")
        if said:
            said(name, perf_counter() - started)


def _build_in_portions(db: Connection, name: str, kind: str) -> None:
    """The same from some of the messages after others, whose events alone it then finds as `events`."""
    ((events, whole),) = db.execute("select count(*), current_database() || '.main.events' from events").fetchall()
    portions = events // _MOST_EVENTS + 1
    for number in range(portions):
        db.execute(
            f"create or replace temp view events as select * from {whole} "  # noqa: S608 - names of our own
            f"where hash(message_key) % {portions} = {number}"
        )
        to = f"insert into {name}" if number else f"create or replace {kind} {name} as"
        db.execute(f"{to}\n{read_sql(name)}")
    db.execute("drop view temp.events")
