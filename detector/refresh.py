"""Brings the derived tables up to date: only what the night's events touch is made again, by the very same files of
`sql/`, which then find their inputs cut down to that. The result is what making everything anew gives; where this is
not certain (other settings, another program, a file that is gone), everything is made anew.

First the messages of new events, with all that they are linked with, give their sends; then the people and templates
of these sends give their repeats. What is counted over all mail is counted over all mail, and if it has moved, what
hangs on it is made again as well.
"""

import hashlib
from collections.abc import Sequence

from detector import __version__, last_bursts
from detector.parts import cover, differ, has_rows, make, put, uncover
from detector.recount import gather, recount, separate
from detector.store import Connection, read_sql, transaction
from detector.tables import REPEATS, SCAFFOLD, SENDS, Said, build

_MOST = 5
"""If more than one in so many events is touched, it is quicker to make everything anew."""
_BY_MESSAGE = ("message_lives", "hand_offs", "sightings", "sends")
_FROM_ALL = ("due_contents", "group_mailings", "group_habits", "roster_gaps")
"""What is made anew every night, because it counts over all mail."""
_TELLING = (
    "send_id, sent_at_us, known_at_us, recipient, organization, sender, message_id, subject, template, size, outcome"
)
"""What the contents of sends are told by."""
_PLACED = REPEATS.index("repeats") + 1
_STAGES = (SENDS, REPEATS[:_PLACED], REPEATS[_PLACED:])
"""No step on the way to a table is read beyond its stage."""
_OF_KINS = ("kins", *REPEATS[REPEATS.index("binned_repeats") : REPEATS.index("recipient_days")])

_TOUCHED = """
create or replace temp table touched as
select distinct source, message_key from events
where at_us <= (select as_of_us from settings)
  and (at_us > (select max(as_of_us) from built_files) or file_id not in (select file_id from built_files))
"""
_LINK = """
with known as (
  select e.source, e.message_id, e.message_key, e.next_key, e.recipient, e.subject, e.template
  from events as e
  semi join touched as t on t.source = e.source and t.message_key = e.message_key
), names as (
  select message_id as name from known union select message_key from known
), ids as (
  select message_key as name from known union select split_part(message_key, ' ', 2) from known
  union select split_part(message_key, '.', 1) from known
), targets as (
  select distinct next_key as name from known where next_key is not null
), rows_without_id as (
  select distinct recipient, coalesce(subject, '') as subject, coalesce(template, '') as template
  from known
  where source = 'plain' and starts_with(message_key, 'row ')
), linked as (
{}
)
insert into touched
select l.source, l.message_key from linked as l
anti join touched as t on t.source = l.source and t.message_key = l.message_key
"""
_BY_NAME = """
  select source, message_key from events where message_id in (select name from names)
  union select source, message_key from events where message_key in (select name from names)
"""
_BY_HAND_OFF = """
  union select source, message_key from events where next_key in (select name from ids)
  union select source, message_key from events where message_key in (select name from targets)
  union select source, message_key from events where split_part(message_key, ' ', 2) in (select name from targets)
  union select source, message_key from events where split_part(message_key, '.', 1) in (select name from targets)
"""
_BY_ROW = """
  union
  select e.source, e.message_key from events as e
  join rows_without_id as r on r.recipient = e.recipient and r.subject = coalesce(e.subject, '')
    and r.template = coalesce(e.template, '')
  where e.source = 'plain' and starts_with(e.message_key, 'row ')
"""
_WAYS = """
select count(next_key) > 0, count(*) filter (
  where source = 'plain' and type in ('delivered', 'deferred', 'bounced') and starts_with(message_key, 'row ')) > 0
from events
"""
"""What a message is told of together with: the same Message-ID; the id that one was handed on under; and, if a table's
rows without ids tell what became of mails, those that say the same of another moment."""
_CAN_GO_ON = """
select count(*) > 0 and count(*) filter (where b.fingerprint <> $fingerprint or b.as_of_us > s.as_of_us) = 0
  and (select count(*) from (select * exclude (fingerprint, as_of_us) from built_files except select * from files)) = 0
  and (select count(*) from archive_addresses) = 0
from built_files as b, settings as s
"""
_SETTINGS = """
select (select infers_archives from settings),
  (select string_agg(domain || ' ' || organization, ' ' order by domain, organization) from organization_domains),
  (select string_agg(domain, ' ' order by domain) from free_mail)
"""


class _NotLocalError(Exception):
    """So much hangs on what the night brought that everything is made anew."""


def refresh(db: Connection, said: Said | None = None) -> bool:
    """Bring all tables up to date with the events and settings; True if it sufficed to make a part of them again."""
    fingerprint, is_part = _fingerprint(db), False
    _let_go(db, SCAFFOLD)
    if _can_go_on(db, fingerprint):
        try:
            with transaction(db):
                _refresh_touched(db, said)
            is_part = True
        except _NotLocalError:
            pass
    if not is_part:
        last_bursts.forget(db)
    db.execute("drop table if exists built_files")
    for stage in (_FROM_ALL,) if is_part else _STAGES:
        build(db, stage, said)
        _let_go(db, SCAFFOLD if is_part else stage)
    db.execute(
        "create table built_files as select f.*, as_of_us, $1 as fingerprint from files as f, settings", [fingerprint]
    )
    return is_part


def _let_go(db: Connection, names: Sequence[str]) -> None:
    """Drop the steps on the way; what they hold of the memory would have to be spilled to disk."""
    db.execute("; ".join(f"drop table if exists temp.{name}" for name in SCAFFOLD if name in names))


def _fingerprint(db: Connection) -> str:
    """Changes with whatever else than events the tables are made of."""
    settings = db.execute(_SETTINGS).fetchall()
    texts = [__version__, repr(settings), *map(read_sql, SENDS + REPEATS)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _can_go_on(db: Connection, fingerprint: str) -> bool:
    """Were the tables made in this way, from files that are all still there, and not of a later time?"""
    tables = db.execute("select count(*) from information_schema.tables where table_name = 'built_files'").fetchall()
    return tables == [(1,)] and db.execute(_CAN_GO_ON, {"fingerprint": fingerprint}).fetchall() == [(True,)]


def _refresh_touched(db: Connection, said: Said | None) -> None:
    """Make again what follows from the messages of new events; without any, the tables and bursts stand as they are."""
    _find_touched(db)
    if not has_rows(db, "touched"):
        return
    last_bursts.forget(db)
    _refresh_sends(db, said)
    _refresh_repeats(db, said)


def _refresh_sends(db: Connection, said: Said | None) -> None:
    """Make the sends of all touched messages again; leave in `changed` for whom of what template, in `sends_before`
    those that were there."""
    db.execute(
        "create or replace temp table part_events as select e.* from events as e "
        "semi join touched as t on t.source = e.source and t.message_key = e.message_key"
    )
    cover(db, "events")
    make(db, [name for name in SENDS if name not in ("archives", "sends")], said)
    uncover(db, ("mails", "riders"))
    db.execute(
        "create or replace temp table touched_mails as "
        "select message_key as mail from part_events union select message_id from part_events"
    )
    put(db, ("mails", "riders"), "touched_mails", "mail")
    make(db, ("archives",), said)
    uncover(db, ("archives",))
    if differ(db, "archives", "sender, recipient"):
        raise _NotLocalError
    put(db, ("archives",))
    make(db, ("sends",), said)
    uncover(db, ("events", *SENDS))
    keys = "select distinct recipient, coalesce(template, '') as template from"
    db.execute(
        "create or replace temp table sends_before as select s.* from sends as s "
        "semi join touched as t on t.source = s.source and t.message_key = s.message_key"
    )
    db.execute(f"create or replace temp table changed as {keys} sends_before union {keys} part_sends")
    put(db, _BY_MESSAGE, "touched", "source message_key")


def _find_touched(db: Connection) -> None:
    """The messages of new events and, step by step, those that they are linked with."""
    db.execute(_TOUCHED)
    ((has_hand_offs, has_rows_without_id),) = db.execute(_WAYS).fetchall()
    link = _LINK.format(_BY_NAME + _BY_HAND_OFF * has_hand_offs + _BY_ROW * has_rows_without_id)
    while True:
        ((is_much,),) = db.execute(
            "select (select count(*) from touched) * $1 > (select count(*) from events)", [_MOST]
        ).fetchall()
        if is_much:
            raise _NotLocalError
        if db.execute(link).fetchall() == [(0,)]:
            return


def _refresh_repeats(db: Connection, said: Said | None) -> None:
    """Make again what follows from the sends of those to whom something has changed."""
    _refresh_contents(db, said)
    made = ("other_contents", "repeats", "binned_repeats", "recipient_days", "recipient_episodes")
    make(db, made, said)
    uncover(db, ("sends", "contents", *made))
    put(db, ("repeats",), "remade", "send_id")
    db.execute(
        "create or replace temp table pairs as select line.recipient, line.template_key from standing "
        "union select recipient, template_key from part_repeats"
    )
    separate(db)
    gather(db, said)
    put(db, ("recipient_days", "recipient_episodes"), "pairs", "recipient template_key")
    build(db, ("kins",), as_part=True)
    if differ(db, "kins"):
        build(db, _OF_KINS, said)
    else:
        recount(db, said)


def _refresh_contents(db: Connection, said: Said | None) -> None:
    """Find what the sends are and which subjects carry references, until nothing more hangs on it; where Message-IDs
    come again, all that a person got is looked at. Leaves in `remade` the sends that are made again."""
    is_whole = has_rows(db, "same_ids")
    while True:
        same = "c.recipient = s.recipient" + (" and c.template = coalesce(s.template, '')" if not is_whole else "")
        uncover(db, ("sends",))
        db.execute(
            f"create or replace temp table part_sends as select {_TELLING} from sends as s "
            f"semi join changed as c on {same}"
        )
        cover(db, "sends")
        db.execute(
            "create or replace temp table remade as "
            "select send_id from part_sends union select send_id from sends_before"
        )
        make(db, ("contents", "masked_mails", "same_ids"), said)
        uncover(db, ("masked_mails", "same_ids", "referring"))
        put(db, ("masked_mails",), "remade", "send_id")
        make(db, ("referring",), said)
        uncover(db, ("referring",))
        is_wider = differ(db, "referring", "masked_name")
        if is_wider:
            _widen(db)
            put(db, ("referring",))
        if has_rows(db, "part_same_ids") and not is_whole:
            is_whole = is_wider = True
        if not is_wider:
            break
    before = _repeating(db)
    put(db, ("same_ids",), "changed", "recipient")
    if _repeating(db) != before:
        raise _NotLocalError


def _widen(db: Connection) -> None:
    """Let everybody count as changed who got a mail that carries a reference now, or no longer."""
    uncover(db, ("sends",))
    db.execute(
        "insert into changed select distinct s.recipient, coalesce(s.template, '') from sends as s "
        "join masked_mails as m on m.send_id = s.send_id where m.masked_name in ("
        "(from referring except from part_referring) union (from part_referring except from referring))"
    )


def _repeating(db: Connection) -> list[tuple[str]]:
    """The senders whose Message-IDs count, as `other_contents` has it."""
    return db.execute(
        "select sender from same_ids group by sender having count(distinct recipient) >= 3 order by sender"
    ).fetchall()
