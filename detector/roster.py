"""Reads the roster: who enrolled in what and when, which says how many welcomes were due to whom.

The roster is a table (CSV or JSON lines) and is read whole each night; what no one could read is said and left out.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from detector.config import Roster, Source
from detector.errors import InputError, StoreError
from detector.formats import plain
from detector.framings import frame, shown, sniff
from detector.headings import guess_columns
from detector.records import RosterGap
from detector.store import Connection, drop_records, parse_records, spool_table, utc

SYNONYMS = {
    "enrolled_at": "enrolled_at enrolled enrolled_on enrolment_date enrollment_date enrolment_time enrollment_time "
    "created_at created registered_at date timestamp",
    "recipient": "recipient email email_address learner learner_email student_email participant_email user_email "
    "employee_email address",
    "course": "course course_name course_title course_code course_id programme program class training",
    "organization": "organization organisation client client_name company company_name customer employer",
}
"""Our column name -> header words that mean the same, best first."""

_AS_IN_LOGS = {
    "enrolled_at": "timestamp",
    "recipient": "recipient",
    "course": "template",
    "organization": "organization",
}
"""A roster is read as `plain` reads a log: an enrolment has a time, a person, a course in place of the template."""


def read_roster(db: Connection, roster: Roster, scratch: Path) -> tuple[str, ...]:
    """Fill the tables `roster` and `roster_mails`; returns a line for each file that a person should look at."""
    if roster.files:
        db.executemany("insert into roster_mails values (?)", [[_like(mail)] for mail in roster.mails])
    problems = []
    for path in roster.files:
        try:
            problems += _read(db, roster, path, scratch)
        except (InputError, StoreError) as error:
            problems.append(f"roster: {error}")
    return tuple(problems)


def enrolments(db: Connection) -> int | None:
    """How many there are in the roster; None without one."""
    ((enrolments, mails),) = db.execute(
        "select (select count(*) from roster), (select count(*) from roster_mails)"
    ).fetchall()
    return int(enrolments) if mails else None


def gaps(db: Connection) -> tuple[RosterGap, ...]:
    """Where roster and mail disagree."""
    rows = db.execute(
        "select kind, recipient, course, organization, make_timestamp(at_us) from roster_gaps "
        "order by kind, at_us, recipient, course"
    ).fetchall()
    return tuple(RosterGap(kind, recipient, course, client, utc(at)) for kind, recipient, course, client, at in rows)


def _read(db: Connection, roster: Roster, path: Path, scratch: Path) -> list[str]:
    """Add one file's enrolments."""
    head = sniff(path)
    names = plain.column_names(head) if head.framing in plain.FRAMINGS else []
    mapped = dict(roster.columns) or guess_columns(names, SYNONYMS)
    if missing := {"enrolled_at", "recipient"} - mapped.keys():
        raise InputError(
            f"{shown(path)}: is no roster; no column says {' or '.join(sorted(missing))} "
            f"(columns: {', '.join(shown(Path(name)) for name in names[:12]) or 'none'}). "
            "Map them under [roster] columns in the config."
        )
    columns = {_AS_IN_LOGS[ours]: theirs for ours, theirs in mapped.items()}
    source = Source(columns=columns, zone=roster.zone, time_format=roster.time_format)
    with TemporaryDirectory(dir=scratch, prefix="roster-") as folder:
        spool = Path(folder) / "records"
        frame(path, head.framing, spool)
        spool_table(db, spool)
        select = plain.select(head, roster.zone, source)
        parse_records(db, select.sql, dict(select.parameters))
    db.execute(
        "insert into roster select (select count(*) from roster) + row_number() over (order by record_number, part), "
        "at_us, recipient, template, organization from parsed where outcome = 'event'"
    )
    ((rejected, reason),) = db.execute("select count(*), min(reason) from parsed where outcome = 'rejected'").fetchall()
    drop_records(db)
    return [f"{shown(path)}: {rejected} enrolments could not be read ({reason})."] if rejected else []


def _like(glob: str) -> str:
    """A glob as a LIKE pattern, in lower case, with `!` as escape."""
    kept = "".join(f"!{c}" if c in "%_!" else c for c in glob.lower())
    return kept.replace("*", "%").replace("?", "_")
