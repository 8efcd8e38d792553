"""Faults that send the same mail again, one function each, and one re-send that is no fault.

A burst function yields every copy it causes, the rightful first ones included, so that the truth can be counted from
its messages alone: of each mail to each person one copy was right. How to add one: write a function on a `Stage`, name
its cause in `CAUSES`, use it in a scenario.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from detector.simulate.academy import Academy, Person
from detector.simulate.habits import Volume, news_readers, welcome
from detector.simulate.messages import DAY, HOUR, MINUTE, SECOND, Mail, Message, mail_to, submit


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a burst plays: its name, who there is, when it begins, and its own source of chance."""

    name: str
    academy: Academy
    volume: Volume
    starts_at_ms: int
    rng: Random
    place: int = 0
    """Which burst of its scenario it is, so that two need not hit the same people."""
    log_starts_at_ms: int = 0
    log_ends_at_ms: int = 0

    def people(self, client: str, count: int) -> list[Person]:
        """The first `count` people of a client whose mailbox exists: a victim must have got what is counted."""
        return [person for person in self.academy.client(client).people if not person.is_gone][:count]

    def send(self, mail: Mail, moment: int, *, host: str = "") -> Message:
        """One copy, labelled."""
        return submit(mail, moment, self.rng, host=host, burst=self.name)


Burst = Callable[[Stage], Iterator[Message]]


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often a loop goes round: full rounds over all its people, then one that is cut off after `last_people`."""

    full: int
    last_people: int
    minutes: int
    """From the beginning of the first round to about the end of the last."""


def whole_group_loop(stage: Stage, *, groups: dict[str, int], rounds: Rounds) -> Iterator[Message]:
    """Each member added makes the code mail the whole group: the founding night.

    The enrollment itself comes first and is right: everyone gets one welcome. Then follow the rounds, each over all the
    people in the same order, at irregular times (as the retried member-added jobs come), until somebody stops the loop.
    """
    people = [person for name, count in groups.items() for person in stage.people(name, count)]
    mails = [welcome(person, stage.academy.new_courses[0]) for person in people]
    moment = stage.starts_at_ms
    for mail in mails:
        yield stage.send(mail, moment)
        moment += stage.rng.randrange(300, 1_100)
    first_round = stage.starts_at_ms + 90 * SECOND
    step = rounds.minutes * MINUTE // (rounds.full + 1)
    for number in range(rounds.full + 1):
        moment = first_round + number * step + stage.rng.randrange(-step * 4 // 10, step * 4 // 10) * (number > 0)
        for mail in islice(mails, rounds.last_people if number == rounds.full else None):
            yield stage.send(mail, moment)
            moment += stage.rng.randrange(90, 330)


def replicated_scheduler(stage: Stage, *, hosts: int = 3, ticks: int = 3, people: int = 20) -> Iterator[Message]:
    """Every replica runs the timetable: as many copies as hosts, within two seconds, at each tick."""
    course = stage.academy.new_courses[1]
    crowd = stage.people("Ostervale Rail Works", ticks * people)
    for tick in range(ticks):
        for number, person in enumerate(crowd[tick * people : (tick + 1) * people]):
            mail = mail_to(person, "course-start", f"Starts tomorrow: {course.title}", course=course)
            moment = stage.starts_at_ms + tick * HOUR + number * 250
            for host in range(hosts):
                yield stage.send(mail, moment + stage.rng.randrange(1_400), host=f"jobs{host + 1}")


def redelivery_timer(stage: Stage, *, people: int = 30, extra: int = 7) -> Iterator[Message]:
    """A job that takes longer than the queue's patience is handed out again, every hour on the second."""
    course = stage.academy.new_courses[2]
    for number, person in enumerate(stage.people("Kestrel Home Care", people)):
        mail = mail_to(person, "certificate", f"Your certificate: {course.title}", course=course)
        for run in range(1 + extra):
            moment = stage.starts_at_ms + run * HOUR + number * 400 + stage.rng.randrange(250)
            yield stage.send(mail, moment, host="jobs1")


def restart_from_top(stage: Stage, *, people: int = 80, stops: tuple[int, ...] = (31, 52, 17, 64)) -> Iterator[Message]:
    """A mailing that breaks off and begins again at the first name: the top of the list gets most copies."""
    course = stage.academy.new_courses[3]
    subject = f"Your group starts {course.title} in November"
    length, moment = stage.rng.randrange(9_000), stage.starts_at_ms
    crowd = stage.people("Pinecrest School District", people)
    for stop in (*stops, people):
        for person in crowd[:stop]:
            yield stage.send(mail_to(person, "announcement", subject, more_bytes=length), moment)
            moment += stage.rng.randrange(300, 900)
        moment += stage.rng.randrange(3 * MINUTE, 9 * MINUTE)


def join_fan_out(stage: Stage, *, people: int = 45, batches: int = 2) -> Iterator[Message]:
    """A join without DISTINCT: one copy per role a person has, all in one second, the same people each time."""
    crowd = stage.people("Elmgate Hotels", people)
    roles = [stage.rng.choice((1, 1, 2, 2, 3, 4)) for _ in crowd]
    for batch in range(batches):
        course, moment = stage.academy.new_courses[4 + batch], stage.starts_at_ms + batch * 2 * HOUR
        for person, copies in zip(crowd, roles, strict=True):
            for _ in range(copies):
                yield stage.send(welcome(person, course), moment + stage.rng.randrange(600))
            moment += stage.rng.randrange(700, 1_500)


def daily_drip(stage: Stage, *, people: int = 20, days: int = 18) -> Iterator[Message]:
    """A flag that is not kept: the notice that should come once comes every night at the same time."""
    course = stage.academy.new_courses[3]
    subject = f"Your certificate runs out on 30 November: {course.title}"
    for number, person in enumerate(stage.people("Quillon Energy", people)):
        mail = mail_to(person, "certificate-expiry", subject, course=course)
        for day in range(days):
            yield stage.send(mail, stage.starts_at_ms + day * DAY + number * 350 + stage.rng.randrange(2 * SECOND))


def single_recipient_flood(stage: Stage, *, copies: int = 400) -> Iterator[Message]:
    """Somebody leans on a form: one address, hundreds of copies, at uneven intervals."""
    mail, moment = mail_to(stage.academy.quiet_people[0], "password-reset", "Reset your password"), stage.starts_at_ms
    for _ in range(copies):
        yield stage.send(mail, moment)
        moment += stage.rng.randrange(2 * SECOND, stage.rng.choice((12, 25, 60, 240)) * SECOND)


def deliberate_resend(stage: Stage, *, subject: str, hours_later: int = 3) -> Iterator[Message]:
    """Someone at the academy sends the news again because its link was broken: true repeats, and no fault."""
    length, readers = stage.rng.randrange(9_000), news_readers(stage.academy, stage.volume)
    mails = [mail_to(person, "announcement", subject, more_bytes=length) for person in readers]
    for moment in (stage.starts_at_ms, stage.starts_at_ms + hours_later * HOUR + 25 * MINUTE):
        for mail in mails:
            yield stage.send(mail, moment)
            moment += stage.rng.randrange(50, 280)


CAUSES: dict[str, str] = {
    whole_group_loop.__name__: "whole-group-loop",
    replicated_scheduler.__name__: "replicated-scheduler",
    redelivery_timer.__name__: "redelivery-timer",
    restart_from_top.__name__: "restart-from-top",
    join_fan_out.__name__: "per-subscription-loop",
    daily_drip.__name__: "scheduled-repeat",
    single_recipient_flood.__name__: "single-recipient-flood",
    deliberate_resend.__name__: "deliberate-resend",
}
"""Cause slug of each burst function; `deliberate-resend` is the one that is no fault."""
