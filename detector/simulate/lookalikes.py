"""Ordinary mail that looks like a burst, one function each, to run over a whole log; nobody should be alarmed by it.

Like `faults`, each draws its own people, sizes and times; unlike them it carries no label. The academy's own habits
hold milder forms of some of these. `deliberate-resend` is a look-alike too: labelled, and marked as no fault.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random

from detector.simulate.academy import Person, Template
from detector.simulate.bursts import Burst, Stage
from detector.simulate.invented import ACADEMY_DOMAIN, TOPICS
from detector.simulate.messages import DAY, HOUR, MINUTE, SECOND, Mail, Message, submit, weekday_of

Groups = list[tuple[str, list[Person]]]
"""(subject, people)."""
WORK = (8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 16)


def _template(name: str, size: int, sender: str = "noreply", host: str = "app1") -> Template:
    return Template(name, f"{sender}@{ACADEMY_DOMAIN}", size, host)


def _mail(template: Template, subject: str, person: Person, more_bytes: int = 0) -> Mail:
    return Mail(template, subject, template.size + 2 * len(person.name) + more_bytes, (person,))


def _days(stage: Stage) -> Iterator[tuple[int, int]]:
    """(midnight, weekday) of every day of the log."""
    for midnight in range(stage.log_starts_at_ms, stage.log_ends_at_ms, DAY):
        yield midnight, weekday_of(midnight)


def _some(stage: Stage, low: int, high: int) -> list[Person]:
    people = stage.academy.people
    return stage.rng.sample(people, min(stage.rng.randrange(low, high), len(people)))


def _moment(midnight: int, rng: Random) -> int:
    return midnight + rng.choice(WORK) * HOUR + rng.randrange(HOUR)


def _to_all(mails: Iterable[Mail], moment: int, rng: Random, step: tuple[int, int]) -> Iterator[Message]:
    """One mail after the other, `step` milliseconds apart."""
    for mail in mails:
        yield submit(mail, moment, rng)
        moment += rng.randrange(*step)


def digests(stage: Stage) -> Iterator[Message]:
    """Every day at the same minute, always the same subject; some days are skipped when there is no news."""
    rng, readers, hour = stage.rng, _some(stage, 40, 160), stage.rng.randrange(4, 20)
    template, varies, is_weekly = _template("activity-digest", 7_400, "digest"), rng.random() < 0.5, rng.random() < 0.2
    for midnight, weekday in _days(stage):
        if is_weekly and weekday != 1:
            continue
        moment = midnight + hour * HOUR + rng.randrange(3 * SECOND)
        for person in readers:
            if rng.random() < 0.93:
                yield submit(_mail(template, "What is new for you", person, varies * rng.randrange(2_000)), moment, rng)
            moment += rng.randrange(40, 200)


def reminder_series(stage: Stage) -> Iterator[Message]:
    """The same reminder every few days to those who have not finished; fewer each time."""
    rng, template = stage.rng, _template("finish-reminder", 4_400, host="jobs1")
    every, hour = rng.choice((1, 2, 3, 7)), rng.randrange(6, 18)
    open_cases: list[tuple[Person, int]] = []
    for number, (midnight, _) in enumerate(_days(stage)):
        open_cases += [(person, number % every) for person in _some(stage, 3, 14)]
        moment = midnight + hour * HOUR + rng.randrange(2 * SECOND)
        for person, day in open_cases:
            if number % every == day:
                yield submit(_mail(template, "You have not finished your course", person), moment, rng)
                moment += rng.randrange(60, 300)
        open_cases = [case for case in open_cases if number % every != case[1] or rng.random() < 0.72]


def password_resets(stage: Stage) -> Iterator[Message]:
    """Asked for again and again while the first is on its way; after an outage by many people at once."""
    rng, template = stage.rng, _template("reset-link", 3_700)
    for midnight, _ in _days(stage):
        for person in _some(stage, 8, 30):
            mails = [_mail(template, "Reset your password", person)] * rng.choice((1, 1, 1, 2, 2, 3, 4, 8))
            step = (15 * SECOND, rng.choice((1, 6, 20)) * MINUTE)
            yield from _to_all(mails, _moment(midnight, rng), rng, step)


def one_time_codes(stage: Stage) -> Iterator[Message]:
    """Codes by the dozen a day to the same people, several a minute from those who are in a hurry."""
    rng, template = stage.rng, _template("login-code", 3_100)
    users = _some(stage, 60, 200)
    hasty = set(users[:6])
    for midnight, _ in _days(stage):
        for person in users:
            for _ in range(rng.choice((0, 0, 1, 1, 2))):
                copies = rng.randrange(2, 9) if person in hasty else rng.choice((1, 1, 1, 1, 2, 3))
                mails = [_mail(template, "Your login code", person)] * copies
                yield from _to_all(mails, _moment(midnight, rng), rng, (6 * SECOND, 80 * SECOND))


def forum_notices(stage: Stage) -> Iterator[Message]:
    """Each post mails its whole group under one subject that never changes; on lively days one after the other."""
    template = _template("new-post", 3_900, "forum", "jobs1")
    groups = [(f"New post in group {number + 1}", _some(stage, 12, 45)) for number in range(stage.rng.randrange(2, 6))]
    yield from _posts(stage, template, lambda _: groups)


def forum_threads(stage: Stage) -> Iterator[Message]:
    """The same with the subject of the thread: a new one every few days."""
    template = _template("thread-reply", 4_300, "forum", "jobs1")
    groups = [_some(stage, 12, 45) for _ in range(stage.rng.randrange(2, 6))]

    def threads(day: int) -> Groups:
        age = day // 4
        return [(f"Re: {TOPICS[(n * 3 + age) % len(TOPICS)]} ({age + 1})", people) for n, people in enumerate(groups)]

    yield from _posts(stage, template, threads)


def _posts(stage: Stage, template: Template, groups_on: Callable[[int], Groups]) -> Iterator[Message]:
    rng = stage.rng
    for day, (midnight, _) in enumerate(_days(stage)):
        groups = groups_on(day)
        for _ in range(rng.choice((0, 0, 1, 2, 3, 3, 5, 11))):
            (subject, people), length = rng.choice(groups), rng.randrange(100, 2_200)
            mails = [_mail(template, subject, person, length) for person in people]
            yield from _to_all(mails, _moment(midnight, rng), rng, (30, 180))


def six_courses(stage: Stage) -> Iterator[Message]:
    """One person, or a few of a client, enrolled in up to six courses at once, each mail under the same subject."""
    rng, template = stage.rng, _template("enrollment", 5_000)
    outlines = [course.outline_bytes for course in stage.academy.courses]
    for midnight, _ in _days(stage):
        for _ in range(rng.randrange(6, 16)):
            client = rng.choice(stage.academy.clients)
            people = rng.sample(client.people, rng.choice((1, 1, 1, 1, 1, 2, 4, 9)))
            courses = rng.choice((1, 1, 1, 2, 3, 4, 6, 6))
            both = ((person, outline) for person in people for outline in rng.sample(outlines, courses))
            mails = [_mail(template, "You have been enrolled", person, outline) for person, outline in both]
            yield from _to_all(mails, _moment(midnight, rng), rng, (200, 4 * SECOND))


_NOTICES = ("New booking", "Booking changed", "New message from a learner")


def role_inboxes(stage: Stage) -> Iterator[Message]:
    """Shared inboxes of the academy and of its clients, which get notices of one subject all day."""
    rng, template = stage.rng, _template("booking-notice", 2_500, "office")
    inboxes = [stage.academy.office, *(contact for client in stage.academy.clients[:6] for contact in client.contacts)]
    busy = [(inbox, rng.randrange(2, 40)) for inbox in rng.sample(inboxes, 5)]
    for midnight, weekday in _days(stage):
        for inbox, usual in busy:
            for _ in range(rng.randrange(usual // 2, 2 * usual) // (3 if weekday > 4 else 1)):
                mail = _mail(template, rng.choice(_NOTICES), inbox, rng.randrange(90))
                yield submit(mail, _moment(midnight, rng), rng)


def bcc_archive(stage: Stage) -> Iterator[Message]:
    """A copy of every mail of one kind goes to the archive: two recipients, one message."""
    rng, template = stage.rng, _template("invoice", 21_000, "billing")
    archive = Person("Archive", f"archive@{ACADEMY_DOMAIN}", "Academy")
    for midnight, _ in _days(stage):
        for person in _some(stage, 10, 60):
            mail = _mail(template, "Your invoice", person, rng.randrange(600))
            yield submit(replace(mail, to=(person, archive)), _moment(midnight, rng), rng)


def monitoring_mail(stage: Stage) -> Iterator[Message]:
    """Machines that report by mail: a heartbeat all day, and on bad days the same alarm every few minutes for hours."""
    rng, template = stage.rng, _template("monitoring", 1_300, "monitor", "jobs1")
    team = [Person(name, f"{name}@{ACADEMY_DOMAIN}", "Academy") for name in ("ops", "oncall", "dev")]
    heartbeat = rng.choice((10, 15, 60)) * MINUTE
    for midnight, _ in _days(stage):
        for moment in range(midnight, midnight + DAY, heartbeat):
            yield submit(_mail(template, "OK: backup queue", team[0]), moment + rng.randrange(900), rng)
        if rng.random() < 0.25:
            moment, subject = _moment(midnight, rng), rng.choice(("CRITICAL: disk on db1", "CRITICAL: load on app1"))
            mails = [_mail(template, subject, person) for person in team]
            for number in range(rng.randrange(5, 60)):
                yield from _to_all(mails, moment + number * 5 * MINUTE, rng, (50, 400))


def newsletters(stage: Stage) -> Iterator[Message]:
    """Once or twice a week, the same subject and template to all subscribers, within an hour."""
    rng, template = stage.rng, _template("newsletter", 24_000, "news", "jobs1")
    readers, weekdays = _some(stage, 150, 500), rng.choice(((2,), (1, 4)))
    for midnight, weekday in _days(stage):
        if weekday in weekdays:
            moment, length = _moment(midnight, rng), rng.randrange(9_000)
            for person in readers:
                yield submit(_mail(template, "This week at the academy", person, length), moment, rng)
                moment += rng.randrange(500, 4 * SECOND)


def calendar_updates(stage: Stage) -> Iterator[Message]:
    """An invitation, and an update to all who were invited whenever the trainer moves it: within minutes, or days."""
    rng, template = stage.rng, _template("calendar", 6_200, "calendar")
    for number, (midnight, weekday) in enumerate(_days(stage)):
        for group in range(rng.randrange(4) if weekday < 5 else 0):
            people, moment = _some(stage, 5, 30), _moment(midnight, rng)
            subject = f"Live session {number + 1}-{group + 1}"
            for update in range(rng.choice((1, 1, 2, 2, 3, 5))):
                title, more = f"{'Updated: ' if update else ''}{subject}", rng.randrange(200)
                yield from _to_all([_mail(template, title, p, more) for p in people], moment, rng, (30, 160))
                moment += rng.randrange(3 * MINUTE, rng.choice((1, 5, 50)) * HOUR)


def survey_reminders(stage: Stage) -> Iterator[Message]:
    """A survey, and the same mail again after three and after seven days to those who have not answered."""
    rng, template = stage.rng, _template("survey", 4_700, "survey", "jobs1")
    for number, (midnight, weekday) in enumerate(_days(stage)):
        if weekday > 4 or rng.random() < 0.55:
            continue
        people, hour = _some(stage, 15, 90), rng.randrange(8, 16)
        for day in (0, 3, 7):
            moment = midnight + day * DAY + hour * HOUR
            for person in people:
                yield submit(_mail(template, f"How was your course? ({number % 9 + 1})", person), moment, rng)
                moment += rng.randrange(60, 400)
            people = [person for person in people if rng.random() < 0.7]


def cohort(stage: Stage) -> Iterator[Message]:
    """Up to five hundred people enrolled within an hour, several times: much mail, and not one repeat."""
    rng, template = stage.rng, _template("cohort-welcome", 5_600)
    for number, (midnight, weekday) in enumerate(_days(stage)):
        if weekday == 1 or (weekday < 5 and rng.random() < 0.1):
            moment, people = _moment(midnight, rng), _some(stage, 120, 520)
            for person in people:
                yield submit(_mail(template, f"Welcome to your group of day {number + 1}", person), moment, rng)
                moment += rng.randrange(2 * HOUR // len(people))


def ab_variants(stage: Stage) -> Iterator[Message]:
    """A campaign under two subjects for a tenth each, and hours later the better one to everybody else."""
    rng = stage.rng
    for midnight, weekday in _days(stage):
        if weekday != 3:
            continue
        template, people = _template("campaign", 18_000 + rng.randrange(4_000), "news", "jobs1"), _some(stage, 100, 400)
        subjects, tenth = ("Learn something new", "Five minutes for your future"), len(people) // 10
        moment = midnight + 9 * HOUR + rng.randrange(HOUR)
        for number, person in enumerate(people):
            if number == 2 * tenth:
                moment += rng.randrange(2, 6) * HOUR
            subject = subjects[number % 2 if number < 2 * tenth else 1]
            yield submit(_mail(template, subject, person), moment, rng)
            moment += rng.randrange(40, 250)


def redelivered_events(stage: Stage) -> Iterator[Message]:
    """A webhook that delivers events twice, the second time hours later: one mail, two records of it."""
    rng, template = stage.rng, _template("course-access", 4_900)
    for midnight, _ in _days(stage):
        for person in _some(stage, 10, 50):
            message = submit(_mail(template, "Your course is open", person), _moment(midnight, rng), rng)
            if rng.random() < 0.5:
                message = replace(message, logged_again_after_ms=rng.randrange(SECOND, 9 * HOUR))
            yield message


def deferrals(stage: Stage) -> Iterator[Message]:
    """Servers that put every first attempt off: one mail, up to nine attempts."""
    rng, template = stage.rng, _template("statement", 6_800, "billing")
    for midnight, _ in _days(stage):
        for person in _some(stage, 10, 60):
            message = submit(_mail(template, "Your statement", person), _moment(midnight, rng), rng)
            attempts = [message.settled_after_ms]
            for wait in range(rng.choice((0, 1, 2, 4, 8))):
                attempts.append(attempts[-1] + 5 * MINUTE * (1 + wait) + rng.randrange(30 * SECOND))
            yield replace(message, deferred_after_ms=tuple(attempts[:-1]), settled_after_ms=attempts[-1])


LOOK_ALIKES: Mapping[str, Burst] = {
    "digests": digests,
    "reminder-series": reminder_series,
    "password-resets": password_resets,
    "one-time-codes": one_time_codes,
    "forum-notices": forum_notices,
    "forum-threads": forum_threads,
    "six-courses": six_courses,
    "role-inboxes": role_inboxes,
    "bcc-archive": bcc_archive,
    "monitoring-mail": monitoring_mail,
    "newsletters": newsletters,
    "calendar-updates": calendar_updates,
    "survey-reminders": survey_reminders,
    "cohort": cohort,
    "ab-variants": ab_variants,
    "redelivered-events": redelivered_events,
    "deferrals": deferrals,
}
"""All but `deliberate-resend`, which the truth lists as a burst that is no fault."""
