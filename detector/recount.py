"""Counts batches again for whom something has changed, and lets the others stand.

Batches count people: so a batch counts what it did, less what these people had made of it, and what they make of it
now. Both are counted by the very files of `sql/`, from the repeats of these people, in the weeks in which anything
moved, as they were and as they are.
"""

from detector.parts import cover, make, put, uncover
from detector.store import Connection
from detector.tables import Said

_COVERED = ("repeats", "binned_repeats", "scattered_batches")
_BY_QUARTER = ("mailings", "odd_times")
_STEPS = ("batch_sizes", "batch_repeats", "batches", "slow_batch_sizes", "slow_batch_repeats", "slow_batches")
_KEYS = {
    "batches": ("template_key", "scope", "organization", "window_us", "window_start_us", "is_again"),
    "slow_batches": ("template_key", "cut_by", "scope", "organization", "window_us", "window_start_us"),
}
_COUNTED = (
    "send_id, recipient, organization, content_key, template_key, sent_at_us, copies_before, next_lag_us, next_known_us"
)
"""What batches are counted from, of `repeats`."""
_SCATTERED = 14
"""The lag bin of `slow_batches` that counts times and not people."""
_MOVED_WINDOWS = " union select template_key, 'later', 'all', null, 900000000, window_start_us from moved_windows"
_SCATTERED_THEN = f""" union all by name
select m.*, {_SCATTERED} as lag_bin, s.repeated as people
from moved_batches as m
join scattered_batches as s on s.template_key = m.template_key and s.window_start_us = m.window_start_us
where m.cut_by = 'later' and m.scope = 'all' and m.window_us = 900000000"""
_MOVED_WEEKS = """
create or replace temp table moved_weeks as
with changed as (
  select recipient, template_key, sent_at_us, next_lag_us from lost
  union all
  select recipient, template_key, sent_at_us, next_lag_us from gained
), moments as (
  select recipient, template_key, sent_at_us as at_us from changed
  union
  select recipient, template_key, sent_at_us + next_lag_us from changed where next_lag_us is not null
), akin as (
  select template_key, template_key as other from moments
  union
  select own.template_key, other.template_key from kins as own join kins as other on other.kin_key = own.kin_key
)
select distinct m.recipient, a.other as template_key, m.at_us // 604800000000 as week
from moments as m join akin as a on a.template_key = m.template_key
"""
_AS_IT_IS = f"""
create or replace temp table new_repeats as
with others as (
  select recipient, template_key from moved_weeks except select recipient, template_key from part_repeats
), near as (
  select {_COUNTED} from part_repeats
  union all
  select {_COUNTED} from repeats as r
  semi join others as o on o.recipient = r.recipient and o.template_key = r.template_key
), placed as (
  select *, sent_at_us // 604800000000 as week, (sent_at_us + next_lag_us) // 604800000000 as next_week from near
)
select {_COUNTED} from placed as p
semi join moved_weeks as m on m.recipient = p.recipient and m.template_key = p.template_key and m.week = p.week
union all
select {_COUNTED} from placed as p
semi join moved_weeks as m on m.recipient = p.recipient and m.template_key = p.template_key and m.week = p.next_week
anti join moved_weeks as n on n.recipient = p.recipient and n.template_key = p.template_key and n.week = p.week
"""
"""What is made again is all that its people got of its templates; the whole table is asked for others akin only."""
_AS_IT_WAS = f"""
create or replace temp table old_repeats as
select n.* from new_repeats as n
anti join gained as g on g.send_id = n.send_id and g.content_key = n.content_key
union all
select {_COUNTED} from lost
"""
_MOVED_MAIL = """
create or replace temp table moved_mail as
with changed as (
  (select send_id, template_key, content_key, recipient, sent_at_us, lag_us from lost
   except select send_id, template_key, content_key, recipient, sent_at_us, lag_us from gained)
  union all
  (select send_id, template_key, content_key, recipient, sent_at_us, lag_us from gained
   except select send_id, template_key, content_key, recipient, sent_at_us, lag_us from lost)
)
select distinct template_key, sent_at_us - sent_at_us % 900000000 as window_us from changed;
create or replace temp table part_repeats as
select r.template_key, r.content_key, r.recipient, r.sent_at_us, r.lag_us, r.grain from repeats as r
semi join moved_mail as m on m.template_key = r.template_key
  and m.window_us = r.sent_at_us - r.sent_at_us % 900000000
"""
"""The quarters of an hour in which other mail went out (what comes after a mail is nothing to it), and their mail."""


def separate(db: Connection) -> None:
    """Once `repeats` is exchanged for `part_repeats`, keep what may count otherwise than before as `new_repeats`, and
    as it was as `old_repeats`: of a person and template to whom something has changed, and of those that are akin, the
    repeats of the weeks in which it did, for no batch is cut longer than that."""
    for statement in (_MOVED_WEEKS, _AS_IT_IS, _AS_IT_WAS):
        db.execute(statement)


def gather(db: Connection, said: Said | None) -> None:
    """Once `repeats` is exchanged, look again at the quarters of an hour in which other mail went out."""
    db.execute(_MOVED_MAIL)
    cover(db, "repeats")
    make(db, _BY_QUARTER, said)
    uncover(db, ("repeats", *_BY_QUARTER))
    put(db, _BY_QUARTER, "moved_mail", "template_key window_us")


def recount(db: Connection, said: Said | None) -> None:
    """Bring the batches up to date, once `repeats` is; the kins must be the same as before."""
    db.execute("create or replace temp table no_times as from scattered_batches limit 0")
    for side in ("old", "new"):
        cover(db, "repeats", f"{side}_repeats")
        cover(db, "scattered_batches", "no_times")
        make(db, ("binned_repeats", *_STEPS), said)
        for name in _KEYS:
            db.execute(f"create or replace temp table {side}_{name} as from part_{name}")
        db.execute(
            f"create or replace temp table {side}_times as select distinct template_key, "
            "repeated_at_us - repeated_at_us % 900000000 as window_start_us, "
            "sent_at_us - sent_at_us % 900000000 as at_us from part_binned_repeats where lag_bin >= 9"
        )
        uncover(db, (*_COVERED, *_STEPS))
    _scatter(db, said)
    for name, keys in _KEYS.items():
        _merge(db, name, keys)
    _merge_alike(db, said)


def _scatter(db: Connection, said: Said | None) -> None:
    """Count the separate times again in the quarters of an hour in which others came again than did."""
    db.execute(
        "create or replace temp table moved_windows as select distinct template_key, window_start_us from "
        "((from old_times except from new_times) union all (from new_times except from old_times))"
    )
    db.execute(
        f"create or replace temp table part_repeats as select {_COUNTED} from repeats as r "
        "semi join (from moved_windows union "
        "select k.template_key, w.window_start_us from moved_windows as w join kins as k on k.kin_key = w.template_key"
        ") as w on w.template_key = r.template_key and w.window_start_us = "
        "r.sent_at_us + r.next_lag_us - (r.sent_at_us + r.next_lag_us) % 900000000"
    )
    cover(db, "repeats")
    make(db, _COVERED[1:], said)
    uncover(db, _COVERED)
    db.execute("delete from part_scattered_batches where (template_key, window_start_us) not in (from moved_windows)")
    put(db, ("scattered_batches",), "moved_windows", "template_key window_start_us")


def _merge(db: Connection, name: str, keys: tuple[str, ...]) -> None:
    """Exchange the batches in which anything has moved."""
    names = ", ".join(keys)
    same = " and ".join(f"b.{k} {'is not distinct from' if k == 'organization' else '='} m.{k}" for k in keys)
    people = "case when lag_bin = 0 then exposed else repeated end"
    is_slow = name == "slow_batches"
    db.execute(
        f"create or replace temp table moved as select {names}, lag_bin, cast(sum(people) as bigint) as people from ("
        f"select {names}, lag_bin, {people} as people from new_{name} union all "
        f"select {names}, lag_bin, -1 * {people} from old_{name}) group by {names}, lag_bin having sum(people) <> 0"
    )
    db.execute(
        f"create or replace temp table moved_batches as select distinct {names} from moved" + _MOVED_WINDOWS * is_slow
    )
    db.execute(
        f"create or replace temp table before_{name} as "
        f"select b.*, b.rowid as place from {name} as b semi join moved_batches as m on {same}"
    )
    db.execute(
        f"create or replace temp table counted as select {names}, lag_bin, cast(sum(people) as bigint) as people from ("
        f"select *, {people} as people from before_{name} where lag_bin <> {_SCATTERED} "
        f"union all by name from moved{_SCATTERED_THEN * is_slow}) group by {names}, lag_bin having sum(people) <> 0"
    )
    db.execute(
        f"create or replace temp table part_{name} as select m.* exclude (people), b.people as exposed, "
        f"case when m.lag_bin = 0 then 0 else m.people end as repeated from counted as m "
        f"join counted as b on {same} and b.lag_bin = 0"
    )
    db.execute(f"delete from {name} where rowid in (select place from before_{name})")
    db.execute(f"insert into {name} by name select * from part_{name}")


def _merge_alike(db: Connection, said: Said | None) -> None:
    """Of those that are alike, take away the batches exchanged as they were, and add them as they are."""
    for side in ("before", "part"):
        for name in _KEYS:
            cover(db, name, f"{side}_{name}")
        make(db, ("alike_batches",), said)
        db.execute(f"create or replace temp table alike_{side} as from part_alike_batches")
        uncover(db, (*_KEYS, "alike_batches"))
    db.execute(
        "create or replace temp table part_alike_batches as "
        "select * replace (cast(sum(alike) as bigint) as alike) from (from alike_batches union all from alike_part "
        "union all select * replace (-alike as alike) from alike_before) "
        "group by all having sum(alike) <> 0"
    )
    put(db, ("alike_batches",))
