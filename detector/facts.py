"""Reads from the store what the documents may say: one incident's case, one night's figures. Decides nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from detector import copies, evidence_in_words, kept_apart, portrait, roster
from detector.documents.figures import QUERIES
from detector.evidence_in_words import Batch
from detector.parts import cover, uncover
from detector.records import AffectedRecipient, CaseFacts, FileTally, Incident, NightFacts
from detector.store import Connection, read_sql, utc


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


@contextmanager
def only_copies(db: Connection) -> Iterator[None]:
    """Let questions about the copies of incidents find no other sends: each would look through the whole log."""
    db.execute(
        "create or replace temp table part_sends as "
        "select s.* from sends as s semi join incident_copies as c on c.send_id = s.send_id"
    )
    cover(db, "sends")
    try:
        yield
    finally:
        uncover(db, ("sends",))


def label(db: Connection, incident_id: str) -> str:
    """What was sent, in words a person knows."""
    ((template, subject, sender, size),) = db.execute(
        "select mode(s.template order by s.template), mode(s.subject order by s.subject), mode(s.sender "
        "order by s.sender), "
        "median(s.size) from incident_repeats as r join sends as s on s.send_id = r.send_id where r.incident_id = ?",
        [incident_id],
    ).fetchall()
    if template or subject:
        return str(template or subject)
    return f"mail from {sender}" + (f" of about {size / 1000:.1f} kB" if size else "")


def sentences(db: Connection, incident_id: str, *, has_other_days: bool) -> tuple[str, ...]:
    """Why this is an incident: one sentence per number, the strongest batch first."""
    rows = db.execute(
        "select a.template_key, a.cut_by, a.organization, a.scope, a.window_start_us, a.window_us, a.lag_bin, "
        "a.is_again, a.exposed, a.repeated, a.log10, a.company "
        "from batch_alarms as a left join lag_bins as b on b.lag_bin = a.lag_bin "
        "join (select min(sent_at_us) as first_us, max(sent_at_us) as last_us from incident_repeats "
        "where incident_id = $id) as i on a.window_start_us between i.first_us - 691200000000 and i.last_us "
        "and a.window_start_us + a.window_us + coalesce(b.until_us, 691200000000) > i.first_us "
        "where a.template_key in (select template_key from incident_bursts where incident_id = $id) "
        "order by a.log10 desc, a.window_start_us, a.lag_bin limit 1",
        {"id": incident_id},
    ).fetchall()
    said = []
    for row in rows:
        batch = Batch(*row)
        said.append(evidence_in_words.batch(batch, _sent_it(db, batch) if batch.is_again else 0))
        if batch.company > 1:
            said.append(f"In the same quarter of an hour, {batch.company} kinds of mail came again like that.")
        said.append(evidence_in_words.judged(batch, has_other_days=has_other_days))
    return tuple(said) or _alone(db, incident_id)


def _sent_it(db: Connection, batch: Batch) -> int:
    """People of the batch's organization who were sent its mail in the day before, or in the window itself."""
    ((people,),) = db.execute(
        "select count(distinct recipient) from repeats where template_key = $key and sent_at_us >= $from_us "
        "and sent_at_us < $until_us and ($organization::varchar is null or organization = $organization)",
        {
            "key": batch.template_key,
            "from_us": batch.window_start_us - 86_400_000_000,
            "until_us": batch.window_start_us + batch.window_us,
            "organization": batch.organization,
        },
    ).fetchall()
    return int(people)


def _of_many(sends: int, alike: int, started_us: int, ended_us: int) -> tuple[str, ...]:
    """The same for what came to a whole group at once, or by a clock."""
    group = f"{alike} people were sent the same mail, one of them {sends} times,"
    if ended_us - started_us <= 3_600_000_000:
        return (f"{group} within an hour.", "No kind of mail is sent to a whole group so often by nature.")
    if started_us % 60_000_000 < 10_000_000:
        return (
            f"{group} at the same time of day, of the same size to the byte each time.",
            "News would differ in size, and of a reminder's readers some would have dropped out.",
        )
    return (
        f"{group} days apart and each time from {_clock(started_us)} UTC on, to the second.",
        "No timetable begins at such a second; a timer does that somebody's mail has started. Nobody else is "
        "sent this kind of mail like that.",
    )


def _alone(db: Connection, incident_id: str) -> tuple[str, ...]:
    """The same for what was found by looking at one person."""
    of_incident = (
        "recipient in (select recipient from incident_repeats where incident_id = $1) and content_key in "
        "(select content_key from incident_repeats where incident_id = $1)"
    )
    episodes = db.execute(
        "select copies, most_elsewhere, alike, started_us, ended_us, server_us > 0 from episode_alarms "  # noqa: S608
        f"where {of_incident} order by alike desc, copies desc, started_us limit 1",
        [incident_id],
    ).fetchall()
    for sends, most, alike, started_us, ended_us, is_one_server in episodes:
        if is_one_server:
            return (
                f"{alike} people of one organization got mail of several kinds again, after the same pause to a tenth.",
                "Hardly anybody else got mail again after such a pause then, and of theirs it was a third or more.",
            )
        if alike > 1:
            return _of_many(sends, alike, started_us, ended_us)
        others = f"more than {most} copies of such a mail" if most > 1 else "such a mail twice"
        return (
            f"One person was sent {sends} copies of the same mail, never more than three days apart.",
            f"Nobody else who has been sent this kind of mail got {others} like that, shared inboxes left out.",
        )
    ((most_in_a_day,),) = db.execute(
        f"select max(exposed) from recipient_alarms where {of_incident}",  # noqa: S608
        [incident_id],
    ).fetchall()
    if not most_in_a_day:
        return ()
    return (
        f"One person was sent {most_in_a_day} copies of the same mail in one day, which this person never got before.",
    )


def _clock(us: int) -> str:
    """The time of day in UTC."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%H:%M:%S}"


def case(db: Connection, incident: Incident, complete_through: datetime) -> CaseFacts:
    """Everything the documents of one incident may say."""
    (found,) = cases(db, [incident], complete_through)
    return found


def cases(db: Connection, incidents: Sequence[Incident], complete_through: datetime) -> Iterator[CaseFacts]:
    """The same of several; what counts over the whole log is counted of all of them at once."""
    usual, lags = _usual(db), portrait.lags(db, incidents)
    with only_copies(db):
        for incident in incidents:
            found = _case(db, incident, complete_through, usual.get(incident.incident_id))
            yield replace(found, lags=lags.get(incident.incident_id))


def _case(db: Connection, incident: Incident, complete_through: datetime, usual: float | None) -> CaseFacts:
    """One of them, but for its lags."""
    db.execute(
        "create or replace temp table case_sends as "
        "select s.outcome, s.subject, s.source, s.message_id from sends as s "
        "join incident_repeats as r on r.send_id = s.send_id where r.incident_id = ?",
        [incident.incident_id],
    )
    outcomes = db.execute(
        "select outcome, count(*) as n from case_sends group by outcome order by n desc, outcome"
    ).fetchall()
    subjects = db.execute(
        "select subject from case_sends where subject is not null group by subject "
        "order by count(*) desc, subject limit 3"
    ).fetchall()
    sources = db.execute("select distinct source from case_sends order by source").fetchall()
    ((ids,),) = db.execute("select count(distinct message_id) from case_sends").fetchall()
    people = affected(db, incident.incident_id)
    timeline = portrait.timeline(db, incident)
    return CaseFacts(
        incident=incident,
        affected=people,
        timeline=timeline,
        log_complete_through=complete_through,
        usual_repeats_per_1000=usual,
        spared_recipients=_spared(db, incident.incident_id),
        outcomes=tuple((str(outcome), int(n)) for outcome, n in outcomes),
        message_ids=ids,
        sources=tuple(name for (name,) in sources),
        subjects=tuple(subject for (subject,) in subjects),
        evidence=sentences(db, incident.incident_id, has_other_days=usual is not None),
        example_times=_examples(db, incident.incident_id, people),
        grade=copies.grade(db, incident.incident_id),
        earlier=copies.earlier(db, incident),
        later=copies.later(db, incident),
        heat=portrait.heat(db, incident.incident_id, timeline),
    )


def night(
    db: Connection, as_of: datetime, stale_after: timedelta, files: Sequence[FileTally], version: str
) -> NightFacts:
    """The night's figures without its cases, which the caller adds."""
    ((first, sends, people),) = db.execute(
        "select min(sent_at), count(*) filter (where outcome <> 'dropped'), "
        "count(distinct recipient) filter (where outcome <> 'dropped') from sends"
    ).fetchall()
    ((templates, repeats),) = db.execute(
        "select count(distinct template_key), count(*) filter (where copies_before > 0) from repeats "
        "where grain = 'mail'"
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
        "select date_trunc('day', s.sent_at) as day, count(*), count(r.send_id) from sends as s "
        "left join (select distinct send_id from incident_repeats) as r on r.send_id = s.send_id "
        "where s.outcome <> 'dropped' "
        "group by day order by day desc limit 62"
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


def _spared(db: Connection, incident_id: str) -> int:
    """People of the organizations hit who were sent the very mail in the incident's days, and each of them once."""
    ((people,),) = db.execute(QUERIES["people spared"], {"incident_id": incident_id}).fetchall()
    return int(people)


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
