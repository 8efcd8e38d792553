"""Facts with sensible defaults: the founding night, 51 people, 70 copies each, 3,570 sends, 3,519 of them extra."""

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from detector.records import (
    AffectedRecipient,
    CaseFacts,
    CauseCandidate,
    Copy,
    FileTally,
    Heat,
    Incident,
    LagProfile,
    NightFacts,
    Timeline,
)

GOLDEN = Path(__file__).parent / "golden"
FIRST_COPY = datetime(2026, 10, 27, 18, 2, 30, tzinfo=UTC)
GAP = timedelta(seconds=104)
COPIES = 70
PEOPLE = 51
LOG_END = datetime(2026, 10, 28, 6, 0, tzinfo=UTC)

_NAMES = (
    *("ana", "ben", "carla", "dmitri", "elif", "farid", "grace", "henrik", "ines", "jamal", "kira", "liam", "maya"),
    *("nils", "olga", "pavel", "quinn", "rosa", "samir", "tessa", "umar", "vera", "wei", "xenia", "yusuf", "zoe"),
)


def recipients(people: int = PEOPLE, domain: str = "harbor-freightways.example") -> list[str]:
    """Addresses that look like people, all different."""
    return [f"{_NAMES[n % 26]}.{'abcdefgh'[n // 26]}@{domain}" for n in range(people)]


def affected(
    people: int = PEOPLE,
    copies: int = COPIES,
    organization: str | None = "Harbor Freightways",
    domain: str = "harbor-freightways.example",
    incident_id: str = "INC-7F3K",
) -> tuple[AffectedRecipient, ...]:
    """One row per person, a second apart."""
    return tuple(
        AffectedRecipient(
            incident_id=incident_id,
            recipient=recipient,
            organization=organization,
            sends=copies,
            expected=1,
            excess=copies - 1,
            first_sent_at=FIRST_COPY + timedelta(seconds=n),
            last_sent_at=FIRST_COPY + (copies - 1) * GAP + timedelta(seconds=n),
            first_extra_at=FIRST_COPY + GAP + timedelta(seconds=n),
        )
        for n, recipient in enumerate(recipients(people, domain))
    )


def incident(**changes: Any) -> Incident:
    """The founding incident, over and quiet since; say what is different."""
    facts: dict[str, Any] = {
        "incident_id": "INC-7F3K",
        "state": "quiet",
        "severity": "grave",
        "template": "Welcome to Safety Basics",
        "rung": "template+subject",
        "sender": "enrollment@academy.example",
        "organizations": ("Harbor Freightways",),
        "started_at": FIRST_COPY + GAP,
        "ended_at": FIRST_COPY + (COPIES - 1) * GAP + timedelta(seconds=PEOPLE - 1),
        "detected_at": FIRST_COPY + GAP + timedelta(seconds=21),
        "first_sent_at": FIRST_COPY,
        "ongoing": False,
        "recipients": PEOPLE,
        "sends": PEOPLE * COPIES,
        "excess": PEOPLE * (COPIES - 1),
        "copies_min": COPIES,
        "copies_median": float(COPIES),
        "copies_max": COPIES,
        "median_gap_seconds": GAP.total_seconds(),
        "cause": "whole-group-loop",
        "cause_candidates": (
            CauseCandidate(
                "whole-group-loop",
                supporting=(
                    "70 pulses, each of which covers all 51 people.",
                    "Everybody has the same number of copies (70), and each copy has a message id of its own.",
                ),
                contradicting=("The log shows no enrolment events to line the pulses up with.",),
                first_question="Who is iterated inside the loop that sends?",
                how_to_stop="Stop the job that enrols this group.",
                meaning="Inside a loop over a group stands another loop over the same group.",
            ),
            CauseCandidate(
                "status-not-saved",
                supporting=("The same people are in every pulse.",),
                contradicting=("The pauses between pulses vary more than a scheduler's would.",),
            ),
        ),
    }
    return Incident(**(facts | changes))


def timeline(buckets: int = 80, bucket_seconds: int = 120) -> Timeline:
    """From before the first copy to after the last, in step with the founding incident."""
    width = timedelta(seconds=bucket_seconds)
    start = datetime(2026, 10, 27, 17, 40, tzinfo=UTC)
    starts = tuple(start + n * width for n in range(buckets))
    first = [0] * buckets
    extra = [0] * buckets
    for row in affected():
        for copy in range(COPIES):
            bucket = (row.first_sent_at + copy * GAP - start) // width
            if bucket < buckets:
                (extra if copy else first)[bucket] += 1
    ordinary = [n % 5 // 3 for n in range(buckets)]
    return Timeline(bucket_seconds, starts, tuple(f + o for f, o in zip(first, ordinary, strict=True)), tuple(extra))


def heat() -> Heat:
    """51 people, 12 columns of ten minutes from 18:00 on; 10 minutes hold 5 or 6 copies to each."""
    starts = tuple(FIRST_COPY.replace(minute=0, second=0) + n * timedelta(minutes=10) for n in range(13))
    copies = tuple(
        sum(start <= FIRST_COPY + n * GAP < start + timedelta(minutes=10) for n in range(COPIES)) for start in starts
    )
    return Heat(600, starts, tuple((recipient, copies) for recipient in recipients()))


def lags() -> LagProfile:
    """Every extra copy came 104 seconds after the one before; of 2,000 others, two came again days later."""
    return LagProfile(PEOPLE * COPIES, (0, 0, 0, PEOPLE * (COPIES - 1), *[0] * 7), 2_000, (*[0] * 9, 2, 0))


def case(**changes: Any) -> CaseFacts:
    """The founding case; changes to its incident go in as incident=incident(...)."""
    rows = changes.pop("affected", affected())
    facts: dict[str, Any] = {
        "incident": incident(),
        "affected": rows,
        "timeline": timeline(),
        "log_complete_through": LOG_END,
        "usual_repeats_per_1000": 0.4,
        "spared_recipients": 3,
        "outcomes": (("delivered", 3_561), ("deferred", 9)),
        "message_ids": 3_570,
        "sources": ("postfix",),
        "subjects": ("Welcome to Safety Basics",),
        "evidence": (
            "3,519 of 3,570 mails went to somebody who already had the same mail.",
            "All 51 people of the batch got it again; on ordinary days none of 51 would.",
            "The evidence stands at 10 to the power of 412, where the alarm line is 10 to the power of 6.",
        ),
        "example_times": tuple(
            (row.recipient, tuple(row.first_sent_at + n * GAP for n in range(12))) for row in rows[:3]
        ),
        "heat": heat(),
        "lags": lags(),
    }
    return CaseFacts(**(facts | changes))


def copies(facts: CaseFacts) -> tuple[Copy, ...]:
    """Every copy to everybody of a case, each with a message id of its own, in the order of time."""
    made = (
        Copy(
            recipient=row.recipient,
            organization=row.organization,
            sent_at=row.first_sent_at + number * GAP,
            message_id=f"{number}.{place}@app.academy.example",
            log_key=f"mx1 4F{place:03}{number:03}",
            subject=facts.subjects[0] if facts.subjects else "",
            template=facts.incident.template,
            source="postfix",
            file="logs/mail.log",
            record_number=1 + 10 * place + number,
            outcome="delivered",
            attempts=1,
            is_extra=number > 0,
        )
        for place, row in enumerate(facts.affected)
        for number in range(row.sends)
    )
    return tuple(sorted(made, key=lambda copy: (copy.sent_at, copy.recipient)))


def two_clients(**changes: Any) -> CaseFacts:
    """One cause, two clients: 51 people at Harbor Freightways and 8 at Birchwood Clinics, 12 copies each there."""
    rows = (
        *affected(),
        *affected(8, 12, "Birchwood Clinics", "birchwood.example"),
        *affected(2, 5, None, "mail.example"),
    )
    both = incident(
        organizations=("Harbor Freightways", "Birchwood Clinics"),
        recipients=61,
        sends=3_570 + 96 + 10,
        excess=3_519 + 88 + 8,
        copies_min=5,
        **changes,
    )
    return case(incident=both, affected=rows, outcomes=(("delivered", 3_676),))


def going(facts: CaseFacts) -> CaseFacts:
    """The same case seen earlier: its last copy is 40 seconds before the end of the log."""
    changed = dataclasses.replace(facts.incident, ongoing=True, state="active")
    end = facts.incident.ended_at + timedelta(seconds=40)
    return dataclasses.replace(facts, incident=changed, log_complete_through=end)


def files() -> tuple[FileTally, ...]:
    """Two good files and one that needs a look, all of them balanced."""
    return (
        FileTally(
            "logs/mail.log.1", "postfix", 48_210, 40_112, 8_090, 0, 8, 0, 0, ("no year in the stamps: read as 2026",)
        ),
        FileTally("logs/mail.log", "postfix", 21_406, 17_922, 3_477, 3, 3, 1, 1_204),
        FileTally("logs/export.xlsx", problem="logs/export.xlsx: no format claims this file; save the sheet as CSV."),
    )


def days(
    last: datetime = datetime(2026, 10, 27, tzinfo=UTC), extra: int = 3_519
) -> tuple[tuple[datetime, int, int], ...]:
    """Four weeks of ordinary mail, quieter at week-ends, with the burst on the last day."""
    month = [last - timedelta(days=n) for n in range(27, -1, -1)]
    usual = [690 + 37 * (n * n % 7) - (420 if day.weekday() > 4 else 0) for n, day in enumerate(month)]
    extras = [0] * 27 + [extra]
    return tuple((day, mails + more, more) for day, mails, more in zip(month, usual, extras, strict=True))


def night(**changes: Any) -> NightFacts:
    """The founding night; night(cases=()) is a quiet one."""
    cases = changes.pop("cases", (case(),))
    facts: dict[str, Any] = {
        "as_of": datetime(2026, 10, 28, 6, 15, tzinfo=UTC),
        "log_complete_from": datetime(2026, 9, 30, 0, 2, 11, tzinfo=UTC),
        "log_complete_through": LOG_END,
        "is_stale": False,
        "files": files(),
        "sends": 23_117,
        "recipients": 6_204,
        "templates": 14,
        "repeats": 3_548 if cases else 29,
        "incident_repeats": 3_519 if cases else 0,
        "cases": cases,
        "daily_sends": days(extra=3_519 if cases else 0),
        "version": "0.1.0",
    }
    return NightFacts(**(facts | changes))


def with_text(facts: Any, text: str, keep: frozenset[str] = frozenset()) -> Any:
    """The same facts with `text` in every string, however deep, except in fields named in `keep`."""
    if isinstance(facts, str):
        return text
    if isinstance(facts, tuple):
        return tuple(with_text(item, text, keep) for item in facts)
    if not dataclasses.is_dataclass(facts) or isinstance(facts, type):
        return facts
    names = [f.name for f in dataclasses.fields(facts) if f.name not in keep]
    return dataclasses.replace(facts, **{name: with_text(getattr(facts, name), text, keep) for name in names})


def assert_golden(text: str, path: str) -> None:
    """The text is what a person has once read and accepted; ACCEPT=1 writes it, and a missing file fails."""
    file = GOLDEN / path
    if os.environ.get("ACCEPT") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    assert file.exists(), f"{path} is missing: run the test once with ACCEPT=1 and read what it writes"
    assert text == file.read_bytes().decode()
