"""Reads from the store what the documents may say: one incident's case, one night's figures. Decides nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detector import copies, kept_apart, portrait, reasons, roster
from detector.documents.figures import SPARED_OF_ALL
from detector.records import AffectedRecipient, CaseFacts, FileTally, Incident, LagProfile, NightFacts, Timeline
from detector.store import Connection, read_sql, utc

_EXTRA_COPIES = "from incident_copies where incident_id = ? and is_extra = 1"


@dataclass(frozen=True)
class _Counted:
    """What was counted of all incidents at once, by incident; nothing of those that have none."""

    usual: Mapping[str, float]
    spared: Mapping[str, int]
    lags: Mapping[str, LagProfile]
    timelines: Mapping[str, Timeline]
    told: Mapping[str, reasons.Told]


def affected(db: Connection, incident_id: str) -> tuple[AffectedRecipient, ...]:
    """The people of an incident, by organization, then most copies first."""
    rows = db.execute(read_sql("questions/people"), {"incident_id": incident_id}).fetchall()
    return tuple(
        AffectedRecipient(
            incident_id=row[0],
            recipient=row[1],
            organization=row[2],
            sends=row[3],
            expected=row[4],
            excess=row[5],
            first_sent_at=utc(row[6]),
            last_sent_at=utc(row[7]),
            first_extra_at=utc(row[8]) if row[8] else None,
        )
        for row in rows
    )


def label(db: Connection, incident_id: str) -> str:
    """What was sent, in words a person knows."""
    ((template, subject, sender, size),) = db.execute(
        "select mode(template order by template), mode(subject order by subject), mode(sender order by sender), "
        f"median(size) {_EXTRA_COPIES}",
        [incident_id],
    ).fetchall()
    if template or subject:
        return str(template or subject)
    return f"mail from {sender}" + (f" of about {size / 1000:.1f} kB" if size else "")


def subject(db: Connection, incident_id: str) -> str:
    """That of most of its mail; "" if the log has none."""
    ((found,),) = db.execute(
        f"select mode(subject order by subject) {_EXTRA_COPIES}",
        [incident_id],
    ).fetchall()
    return found or ""


def case(db: Connection, incident: Incident, complete_through: datetime) -> CaseFacts:
    """Everything the documents of one incident may say."""
    (found,) = cases(db, [incident], complete_through)
    return found


def cases(db: Connection, incidents: Sequence[Incident], complete_through: datetime) -> Iterator[CaseFacts]:
    """The same of several; what counts over the whole log is counted of all of them at once."""
    usual, spared, lags = _usual(db), _spared(db), portrait.lags(db, incidents)
    told = reasons.told(db, lags, [incident.incident_id for incident in incidents])
    counted = _Counted(usual, spared, lags, portrait.timelines(db, incidents), told)
    for incident in incidents:
        yield _case(db, incident, complete_through, counted)


def _case(db: Connection, incident: Incident, complete_through: datetime, counted: "_Counted") -> CaseFacts:
    """One of them, with what was counted of all at once."""
    name = incident.incident_id
    outcomes = db.execute(
        f"select outcome, count(*) as n {_EXTRA_COPIES} group by outcome order by n desc, outcome", [name]
    ).fetchall()
    subjects = db.execute(
        f"select subject {_EXTRA_COPIES} and subject is not null "
        "group by subject order by count(*) desc, subject limit 3",
        [name],
    ).fetchall()
    sources = db.execute(f"select distinct source {_EXTRA_COPIES} order by source", [name]).fetchall()
    ((ids,),) = db.execute(f"select count(distinct message_id) {_EXTRA_COPIES}", [name]).fetchall()
    people, timeline = affected(db, name), counted.timelines[name]
    usual, lags = counted.usual.get(name), counted.lags.get(name)
    return CaseFacts(
        incident=incident,
        affected=people,
        timeline=timeline,
        log_complete_through=complete_through,
        usual_repeats_per_1000=usual,
        spared_recipients=counted.spared.get(name, 0),
        outcomes=tuple((str(outcome), int(n)) for outcome, n in outcomes),
        message_ids=ids,
        sources=tuple(name for (name,) in sources),
        subjects=tuple(subject for (subject,) in subjects),
        evidence=reasons.sentences(db, name, counted.told.get(name), has_other_days=usual is not None),
        example_times=_examples(db, name, people),
        grade=copies.grade(db, name),
        earlier=copies.earlier(db, incident),
        later=copies.later(db, incident),
        heat=portrait.heat(db, name, timeline),
        lags=lags,
    )


def night(
    db: Connection, as_of: datetime, stale_after: timedelta, files: Sequence[FileTally], version: str
) -> NightFacts:
    """The night's figures without its cases, which the caller adds."""
    ((first,),) = db.execute("select min(sent_at) from sends").fetchall()
    ((sends, people, templates, repeats),) = db.execute(
        "select count(*), count(distinct recipient), count(distinct template_key), "
        "count(*) filter (where copies_before > 0) from repeats where grain = 'mail'"
    ).fetchall()
    ((extra,),) = db.execute(
        "select count(*) from repeats where grain = 'mail' and copies_before > 0 "
        "and send_id in (select send_id from incident_repeats)"
    ).fetchall()
    through = complete_through(db)
    return NightFacts(
        as_of=as_of,
        log_complete_from=utc(first) if first else None,
        log_complete_through=through,
        is_stale=through is None or as_of - through > stale_after,
        files=tuple(files),
        sends=sends,
        recipients=people,
        templates=templates,
        repeats=repeats,
        incident_repeats=extra,
        cases=(),
        daily_sends=daily_sends(db),
        version=version,
        enrolments=roster.enrolments(db),
        roster_gaps=roster.gaps(db),
        dropped=kept_apart.dropped(db),
        dropped_most=kept_apart.most_dropped(db),
        archives=kept_apart.archives(db),
        nameless=kept_apart.nameless(db),
    )


def daily_sends(db: Connection) -> tuple[tuple[datetime, int, int], ...]:
    """(day, sends, extra copies of incidents) of the last 62 days on which anything was sent."""
    days = db.execute(
        "with mails as (select sent_at_us // 86400000000 as day, count(*) as sends from sends "
        "where outcome <> 'dropped' group by day), extras as (select sent_at_us // 86400000000 as day, "
        "count(distinct send_id) as extras from incident_repeats group by day) "
        "select make_timestamp(m.day * 86400000000), m.sends, coalesce(e.extras, 0) from mails as m "
        "left join extras as e on e.day = m.day order by m.day desc limit 62"
    ).fetchall()
    return tuple((utc(day), sends, extra) for day, sends, extra in reversed(days))


def ledger(db: Connection) -> str:
    """A line that changes whenever a file brought something into the store."""
    rows = db.execute(
        "select md5(string_agg(sha256 || settings || from_record, ' ' order by sha256, settings, from_record)) "
        "from files"
    ).fetchall()
    return str(rows[0][0])


def complete_through(db: Connection) -> datetime | None:
    """The newest moment the log knows of, up to as-of; None for an empty store."""
    ((last,),) = db.execute(
        "select make_timestamp(max(at_us)) from events where at_us <= (select as_of_us from settings)"
    ).fetchall()
    return utc(last) if last else None


def _usual(db: Connection) -> dict[str, float]:
    """Of 1,000 sends of an incident's templates on ordinary days, how many were repeats; where there is such a day."""
    rows = db.execute(read_sql("questions/usual_repeats")).fetchall()
    return {incident_id: round(1000 * repeats / sends, 2) for incident_id, sends, repeats in rows}


def _spared(db: Connection) -> dict[str, int]:
    """People of the organizations hit who were sent the very mail in an incident's days, each of them once; if any."""
    return dict(db.execute(SPARED_OF_ALL).fetchall())


def _examples(
    db: Connection, incident_id: str, people: Sequence[AffectedRecipient]
) -> tuple[tuple[str, tuple[datetime, ...]], ...]:
    """The first extra copies of up to three people: the first, the middle and the last of those hit."""
    chosen = sorted({0, len(people) // 2, len(people) - 1})
    examples = []
    for place in chosen:
        rows = db.execute(
            "select make_timestamp(sent_at_us) from incident_repeats where incident_id = ? and recipient = ? "
            "order by sent_at_us limit 12",
            [incident_id, people[place].recipient],
        ).fetchall()
        examples.append((people[place].recipient, tuple(utc(sent_at) for (sent_at,) in rows)))
    return tuple(examples)
