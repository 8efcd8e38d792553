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
    "mailings",
    "odd_times",
    "due_contents",
    "kins",
    "group_mailings",
    "group_habits",
    "roster_gaps",
    "features",
    "lag_bins",
    "batch_scales",
    "binned_repeats",
    "batch_sizes",
    "batch_repeats",
    "batches",
    "scattered_batches",
    "slow_batch_sizes",
    "slow_batch_repeats",
    "slow_batches",
    "alike_batches",
    "recipient_days",
    "recipient_episodes",
)
BURSTS = ("burst_seeds", "burst_anchors", "burst_repeats", "bursts", "burst_people")
SHAPES = ("incident_repeats", "incident_people", "incident_mail", "incident_countdowns", "incident_shapes")
"""Of the incidents, what tells whether it is one at all."""
INCIDENTS = (*SHAPES, "incident_copies", "incident_audiences", "incident_patterns", "baselines")
VIEWS = ("features", "baselines")
"""Made when somebody asks; no night needs them."""
SCAFFOLD = (
    "message_spans",
    "messages",
    "deliveries",
    "roots",
    "contents",
    "other_contents",
    "group_mailings",
    "binned_repeats",
    "batch_sizes",
    "batch_repeats",
    "slow_batch_sizes",
    "slow_batch_repeats",
)
"""Steps on the way that nothing reads once the night is over; they are temporary and not published."""

IN_PORTIONS = {
    "message_spans": ("events", "message_key"),
    "mails": ("messages", "coalesce(message_id, message_key)"),
    "sends": ("deliveries", "recipient"),
    "contents": ("sends", "recipient"),
}
"""What is made of this table for each value of this key by itself; so many rows at a time find room in memory."""
_MOST_AT_ONCE = 2_000_000


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
        if kind == "view":
            _make_room(db, name)
        if name in IN_PORTIONS and not as_part:
            _build_in_portions(db, name, kind)
        else:
            db.execute(f"create or replace {kind} {'part_' * as_part}{name} as\n{read_sql(name)}")
        if said:
            said(name, perf_counter() - started)


def _make_room(db: Connection, name: str) -> None:
    """Drop the table of this name that a version left in which it was no view yet."""
    if db.execute("select 1 from duckdb_tables() where table_name = ? and not internal", [name]).fetchall():
        db.execute(f"drop table {name}")


def _build_in_portions(db: Connection, name: str, kind: str) -> None:
    """The same from one portion of its input after another, which the file then finds under the input's name."""
    table, key = IN_PORTIONS[name]
    ((count, database),) = db.execute(f"select count(*), current_database() from {table}").fetchall()  # noqa: S608
    whole, portions = f"{'temp' if table in SCAFFOLD else database}.main.{table}", count // _MOST_AT_ONCE + 1
    text = read_sql(name)
    begin, comma = ("\nwith ", ",") if "\nwith " in text else ("\nselect ", "\nselect ")
    for number in range(portions):
        portion = f"{table} as (select * from {whole} where hash({key}) % {portions} = {number})"  # noqa: S608
        to = f"insert into {name}" if number else f"create or replace {kind} {name} as"
        db.execute(f"{to}\n" + text.replace(begin, f"\nwith {portion}{comma}", 1))
