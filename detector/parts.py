"""Lets the files of `sql/` find a part of a table where they read the table: a view of its name covers it."""

from collections.abc import Iterable

from detector.store import Connection
from detector.tables import Said, build


def make(db: Connection, names: Iterable[str], said: Said | None = None) -> None:
    """Make each table from its file as a temporary one, `part_<name>`, and cover the whole one by it."""
    for name in names:
        build(db, (name,), said, as_part=True)
        cover(db, name)


def cover(db: Connection, name: str, by: str = "") -> None:
    """Whoever reads the table `name` from now on reads the part `part_<name>`, or the table `by`."""
    db.execute(f"create or replace temp view {name} as select * from {by or f'part_{name}'}")


def uncover(db: Connection, names: Iterable[str]) -> None:
    """The whole tables again."""
    for name in names:
        db.execute(f"drop view if exists temp.{name}")


def put(db: Connection, names: Iterable[str], keys: str = "", columns: str = "") -> None:
    """Exchange the rows of each table that agree with one of `keys` in these columns, or all, for those of its part.
    Rows that stay as they are stay where they are: what is deleted here and there is dear to write down. Leaves of
    the last of the tables in `standing` the rows that did agree, in `lost` and `gained` those that it did not keep and
    did not have."""
    agree = " and ".join(f"t.{column} = k.{column}" for column in columns.split())
    for name in names:
        of_keys = f" semi join {keys} as k on {agree}" if keys else ""
        db.execute(
            f"create or replace temp table standing as select t.rowid as place, t as line from {name} as t{of_keys}"
        )
        for side, rows in (
            ("lost", f"select place, line.* from standing anti join part_{name} as p on line = p"),
            ("gained", f"select p.* from part_{name} as p anti join standing on line = p"),
        ):
            db.execute(f"create or replace temp table {side} as {rows}")
        db.execute(f"delete from {name} where rowid in (select place from lost)")
        db.execute(f"insert into {name} by name from gained")


def differ(db: Connection, name: str, columns: str = "*") -> bool:
    """Has the part other rows than the table?"""
    sides = (f"select {columns} from {name}", f"select {columns} from part_{name}")
    return any(db.execute(f"{a} except {b}").fetchall() for a, b in (sides, sides[::-1]))


def has_rows(db: Connection, name: str) -> bool:
    """Is there any row in it?"""
    return bool(db.execute(f"select 1 from {name} limit 1").fetchall())
