"""What is sent, and what becomes of it: a mail is the content for somebody, a message one submission of it.

Every random number is drawn with `random()`, `randrange`, `choice`, `sample` or `getrandbits`: integers and one
division, no logarithm or cosine whose last bit depends on the C library, so the bytes are the same on every machine.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from detector.simulate.academy import TEMPLATES, Course, Person, Template
from detector.simulate.invented import ACADEMY_DOMAIN

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
"""Milliseconds: all times of the simulator are whole milliseconds since 1970, UTC."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The content for these people: handing it over twice is sending the same mail twice."""

    template: Template
    subject: str
    size: int
    to: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One submission: what every log format tells about it in its own way, and the label that no log has."""

    message_id: str
    sent_at_ms: int
    sender: str
    recipients: tuple[str, ...]
    subject: str
    template: str
    organization: str
    size: int
    host: str
    """The application machine that handed it over."""
    outcome: str
    """"delivered" or "bounced", in the end."""
    deferred_after_ms: tuple[int, ...]
    """Attempts that were put off, in milliseconds after `sent_at_ms`."""
    settled_after_ms: int
    """The last attempt."""
    burst: str = ""
    """Name of the burst it belongs to, rightful first copies included; never written to a log."""
    same_as: str = ""
    """What it is a copy of, where the subject does not tell; never written to a log either."""
    logged_again_after_ms: int = 0
    """The events of this message reach the log twice, the second time so much later; 0 if only once."""


def mail_to(person: Person, template: str, subject: str, *, course: Course | None = None, more_bytes: int = 0) -> Mail:
    """A mail to one person; its length depends on the name and the course, as in real life."""
    kind = TEMPLATES[template]
    size = kind.size + 2 * len(person.name) + (course.outline_bytes if course else 0) + more_bytes
    return Mail(kind, subject, size, (person,))


def submit(mail: Mail, sent_at_ms: int, rng: Random, *, host: str = "", burst: str = "") -> Message:
    """Hand the mail over once. Two copies differ in message id and by at most two bytes (the Received header)."""
    host = host or mail.template.host
    outcome, deferred, settled = _fate(rng, is_gone=mail.to[0].is_gone)
    return Message(
        message_id=f"{sent_at_ms:x}.{rng.getrandbits(40):010x}@{host}.{ACADEMY_DOMAIN}",
        sent_at_ms=sent_at_ms,
        sender=mail.template.sender,
        recipients=tuple(person.address for person in mail.to),
        subject=mail.subject,
        template=mail.template.name,
        organization=mail.to[0].client,
        size=mail.size + rng.getrandbits(8) % 3,
        host=host,
        outcome=outcome,
        deferred_after_ms=deferred,
        settled_after_ms=settled,
        burst=burst,
    )


def _fate(rng: Random, *, is_gone: bool) -> tuple[str, tuple[int, ...], int]:
    """(outcome, deferred attempts, last attempt). The first attempt is always made within ten seconds."""
    chance = rng.random()
    first = int((250 + 650 * rng.random()) * (9 if chance < 0.03 else 1))
    if is_gone:
        return "bounced", (), first
    if chance < 0.985:
        return "delivered", (), first
    attempts = [first]
    for _ in range(rng.randrange(1, 4)):
        attempts.append(attempts[-1] + 5 * MINUTE * 2 ** (len(attempts) - 1) + rng.randrange(40 * SECOND))
    return "delivered", tuple(attempts[:-1]), attempts[-1]


def weekday_of(moment_ms: int) -> int:
    """0 for a Monday. The first of January 1970 was a Thursday."""
    return (moment_ms // DAY + 3) % 7


def uuid_of(rng: Random) -> str:
    """Shaped like a UUID."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def at_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 time with zone."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000


def iso(moment_ms: int) -> str:
    """`2026-10-27T18:04:11.123Z`."""
    second = datetime.fromtimestamp(moment_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{second}.{moment_ms % 1_000:03d}Z"
