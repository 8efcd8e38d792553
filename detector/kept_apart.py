"""Mail that is in the log and counts for nothing: copies to archives, and what was dropped before it left."""

from datetime import datetime

from detector.records import Archive
from detector.store import Connection, utc

_WORTH_A_WORD = 10
"""Mails dropped for one person in one day; as many sends would be an incident."""


def archives(db: Connection) -> tuple[Archive, ...]:
    """The addresses whose copies of other people's mail are not counted, most mail first."""
    rows = db.execute(
        "select recipient, sender, mails, is_named from archives order by mails desc, recipient, sender"
    ).fetchall()
    return tuple(Archive(*row) for row in rows)


def dropped(db: Connection) -> int:
    """How many mails were dropped before they left."""
    ((mails,),) = db.execute("select count(*) from sends where outcome = 'dropped'").fetchall()
    return int(mails)


def nameless(db: Connection) -> int:
    """How many sends have no subject, template or size that could be the same as another's."""
    ((mails,),) = db.execute(
        "select count(*) from sends "
        "where outcome <> 'dropped' and subject is null and template is null and size is null"
    ).fetchall()
    return int(mails)


def most_dropped(db: Connection) -> tuple[str, int, datetime] | None:
    """(recipient, mails, day): whose mails were dropped most in one day, if that is worth a word."""
    rows = db.execute(
        "select recipient, count(*) as mails, date_trunc('day', sent_at) as day from sends where outcome = 'dropped' "
        "group by recipient, day having count(*) >= ? order by mails desc, day, recipient limit 1",
        [_WORTH_A_WORD],
    ).fetchall()
    if not rows:
        return None
    ((recipient, mails, day),) = rows
    return recipient, mails, utc(day)
