"""Ordinary mail: one function per habit, each giving the messages that begin on one day.

The habits hold everything that looks like a burst and is none: cohorts, sign-in codes asked for again and again, forum
threads, digests by the clock, role inboxes, people in six courses at once. Each habit draws from a generator of its
own, so that changing one leaves the mail of the others as it was.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from detector.simulate.academy import TEMPLATES, Academy, Client, Course, Person
from detector.simulate.invented import ANNOUNCEMENTS, TOPICS
from detector.simulate.messages import DAY, HOUR, MINUTE, SECOND, Mail, Message, mail_to, submit

WORKING_HOURS = (7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11, 12, 13, 13, 14, 14, 14, 15, 15, 15, 16, 16, 17)
WAKING_HOURS = (*WORKING_HOURS, 5, 6, 6, 7, 12, 17, 18, 18, 19, 19, 20, 20, 21, 22)


@dataclass(frozen=True, slots=True)
class Cohort:
    """People of a client, all enrolled in one course within an hour."""

    day: int
    client: str
    people: int
    course: int
    """Index into `Academy.courses`."""
    first: int = 0
    """Index of the first of them among the client's people."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How much ordinary mail there is; counts per day are those of a working day."""

    clients: int
    private_people: int
    cohorts: tuple[Cohort, ...]
    enrollments_per_day: int
    many_courses_per_day: int
    sign_ins_per_day: int
    resets_per_day: int
    receipts_per_day: int
    certificates_per_day: int
    starters_per_day: int
    enquiries_per_day: int
    digest_readers: int
    reminded_people: int
    news_readers: int
    forum_groups: int
    posts_per_day: int


@dataclass(frozen=True, slots=True)
class Today:
    """One day of the month, and what the habits need to know on it."""

    academy: Academy
    volume: Volume
    number: int
    starts_at_ms: int
    weekday: int
    """0 is Monday."""

    def about(self, working_day: int, rng: Random) -> int:
        """A count near that of a working day; a third of it at the weekend."""
        share = 0.85 + 0.3 * rng.random()
        return int(working_day * share * (0.35 if self.weekday > 4 else 1) + rng.random())

    def moment(self, rng: Random, hours: tuple[int, ...] = WAKING_HOURS) -> int:
        """Some moment in one of these hours."""
        return self.starts_at_ms + rng.choice(hours) * HOUR + rng.randrange(HOUR)


Habit = Callable[[Today, Random], Iterator[Message]]


def welcome(person: Person, course: Course) -> Mail:
    """The mail of this story."""
    return mail_to(person, "welcome", f"Welcome to {course.title}", course=course)


def enrollments(today: Today, rng: Random) -> Iterator[Message]:
    """Single enrollments; the office gets a notice of each. Some people ask for the mail again, some enroll again."""
    for _ in range(today.about(today.volume.enrollments_per_day, rng)):
        mail = welcome(rng.choice(today.academy.people), rng.choice(today.academy.courses))
        moment = today.moment(rng, WORKING_HOURS)
        yield submit(mail, moment, rng)
        notice = mail_to(today.academy.office, "enrollment-notice", "New enrollment", more_bytes=rng.randrange(40))
        yield submit(notice, moment + rng.randrange(200, 900), rng)
        chance = rng.random()
        if chance < 0.006:
            yield submit(mail, moment + rng.randrange(20 * MINUTE, 30 * HOUR), rng)
        elif chance < 0.015:
            yield submit(mail, moment + rng.randrange(DAY, 12 * DAY), rng)


def many_courses(today: Today, rng: Random) -> Iterator[Message]:
    """One person, six courses, one minute."""
    for _ in range(today.about(today.volume.many_courses_per_day, rng)):
        person, moment = rng.choice(today.academy.people), today.moment(rng, WORKING_HOURS)
        for course in rng.sample(today.academy.courses, 6):
            yield submit(welcome(person, course), moment, rng)
            moment += rng.randrange(400, 9 * SECOND)


def cohorts(today: Today, rng: Random) -> Iterator[Message]:
    """Whole groups enrolled within an hour: much mail, and not one repeat."""
    for cohort in today.volume.cohorts:
        if cohort.day == today.number:
            course = today.academy.courses[cohort.course]
            people = today.academy.client(cohort.client).people[cohort.first :][: cohort.people]
            moment, step = today.moment(rng, (8, 9, 13)), 50 * MINUTE // len(people)
            for person in people:
                yield submit(welcome(person, course), moment, rng)
                moment += rng.randrange(step // 3, 5 * step // 3)


def sign_in_codes(today: Today, rng: Random) -> Iterator[Message]:
    """Codes: often two to four identical mails in a minute, and a few people who always need many."""
    impatient = today.academy.people[: 3 + len(today.academy.people) // 400]
    for _ in range(today.about(today.volume.sign_ins_per_day, rng)):
        is_impatient = rng.random() < 0.03
        person = rng.choice(impatient if is_impatient else today.academy.people)
        moment, mail = today.moment(rng), mail_to(person, "sign-in-code", "Your sign-in code")
        for _ in range(rng.randrange(3, 9) if is_impatient else rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4))):
            yield submit(mail, moment, rng)
            moment += rng.randrange(7 * SECOND, 95 * SECOND)


def password_resets(today: Today, rng: Random) -> Iterator[Message]:
    """Resets, asked for again while the first mail is still on its way."""
    for _ in range(today.about(today.volume.resets_per_day, rng)):
        mail = mail_to(rng.choice(today.academy.people), "password-reset", "Reset your password")
        moment = today.moment(rng)
        for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 5))):
            yield submit(mail, moment, rng)
            moment += rng.randrange(20 * SECOND, 8 * MINUTE)


def receipts(today: Today, rng: Random) -> Iterator[Message]:
    """Numbered receipts to private learners; one in fifty is asked for again."""
    for order in range(today.about(today.volume.receipts_per_day, rng)):
        person, moment = rng.choice(today.academy.private_people), today.moment(rng)
        mail = mail_to(person, "receipt", f"Your receipt {today.number:02d}{order:04d}", more_bytes=rng.randrange(300))
        yield submit(mail, moment, rng)
        if rng.random() < 0.02:
            yield submit(mail, moment + rng.randrange(5 * MINUTE, 5 * HOUR), rng)


def certificates(today: Today, rng: Random) -> Iterator[Message]:
    """A certificate at the end of a course, once."""
    for _ in range(today.about(today.volume.certificates_per_day, rng)):
        person, course = rng.choice(today.academy.people), rng.choice(today.academy.courses)
        mail = mail_to(person, "certificate", f"Your certificate: {course.title}", course=course)
        yield submit(mail, today.moment(rng), rng)


def course_starts(today: Today, rng: Random) -> Iterator[Message]:
    """The words "starts tomorrow" for the learners of the day's courses, at three in the afternoon."""
    moment = today.starts_at_ms + 15 * HOUR + rng.randrange(3 * SECOND)
    for person in rng.sample(today.academy.people, today.about(today.volume.starters_per_day, rng)):
        course = rng.choice(today.academy.courses)
        yield submit(mail_to(person, "course-start", f"Starts tomorrow: {course.title}", course=course), moment, rng)
        moment += rng.randrange(90, 700)


def enquiries(today: Today, rng: Random) -> Iterator[Message]:
    """The website's contact form: the same subject to the same inbox, many times a day."""
    for _ in range(today.about(today.volume.enquiries_per_day, rng)):
        office = today.academy.office
        mail = mail_to(office, "enquiry-notice", "New enquiry from the website", more_bytes=rng.randrange(700))
        yield submit(mail, today.moment(rng), rng)


def digests(today: Today, rng: Random) -> Iterator[Message]:
    """A digest every morning by the clock, of ever different length, to those who had any news."""
    moment = today.starts_at_ms + 6 * HOUR + rng.randrange(2 * SECOND)
    for person in today.academy.people[-today.volume.digest_readers :]:
        if rng.random() < 0.96:
            mail = mail_to(person, "daily-digest", "Your daily digest", more_bytes=rng.randrange(1_400))
            yield submit(mail, moment, rng)
        moment += rng.randrange(40, 260)


def lesson_reminders(today: Today, rng: Random) -> Iterator[Message]:
    """On Mondays, the same reminder as last week to those who have not finished."""
    if today.weekday != 0:
        return
    moment = today.starts_at_ms + 8 * HOUR + rng.randrange(2 * SECOND)
    for number, person in enumerate(today.academy.people[: today.volume.reminded_people]):
        course = today.academy.courses[number % len(today.academy.courses)]
        if rng.random() < 0.9:
            subject = f"You have unfinished lessons in {course.title}"
            mail = mail_to(person, "lesson-reminder", subject, more_bytes=rng.randrange(40))
            yield submit(mail, moment, rng)
        moment += rng.randrange(60, 300)


def weekly_reports(today: Today, rng: Random) -> Iterator[Message]:
    """On Mondays, one message per client to both of its contacts."""
    if today.weekday != 0:
        return
    moment = today.starts_at_ms + 7 * HOUR + rng.randrange(20 * SECOND)
    for client in today.academy.clients:
        yield submit(_report(client, today.starts_at_ms, rng), moment, rng)
        moment += rng.randrange(300, 2 * SECOND)


def _report(client: Client, day_ms: int, rng: Random) -> Mail:
    template, day = TEMPLATES["weekly-report"], datetime.fromtimestamp(day_ms // SECOND, UTC)
    month = ("September", "October", "November")[day.month - 9]  # not %B, which follows the machine's locale
    subject, size = f"Training report, week of {day.day} {month}", template.size + rng.randrange(6_000)
    return Mail(template, subject, size, client.contacts)


def announcements(today: Today, rng: Random) -> Iterator[Message]:
    """News to all subscribers, once, about every eighth day."""
    if today.number % 8 != 2:
        return
    subject = ANNOUNCEMENTS[today.number // 8]
    moment, length = today.moment(rng, (9, 10, 11)), rng.randrange(9_000)
    for person in news_readers(today.academy, today.volume):
        yield submit(mail_to(person, "announcement", subject, more_bytes=length), moment, rng)
        moment += rng.randrange(50, 280)


def news_readers(academy: Academy, volume: Volume) -> tuple[Person, ...]:
    """Subscribers of the announcements."""
    middle = len(academy.people) // 3
    return academy.people[middle : middle + volume.news_readers]


def forum_posts(today: Today, rng: Random) -> Iterator[Message]:
    """Each post goes to the whole group under the subject of its thread: on lively days many with one "Re:" to all."""
    groups = today.volume.forum_groups
    lively = rng.sample(range(groups), 1 + groups // 8)
    for _ in range(today.about(today.volume.posts_per_day, rng) * rng.choice((0, 0, 1, 1, 1, 3))):
        group = rng.choice(lively) if rng.random() < 0.6 else rng.randrange(groups)
        course = today.academy.courses[group % len(today.academy.courses)]
        topic = TOPICS[(group + today.number // 3) % len(TOPICS)]
        moment, length = today.moment(rng), rng.randrange(150, 2_400)
        for person in _group(today.academy, group):
            mail = mail_to(person, "forum-notice", f"Re: [{course.title}] {topic}", more_bytes=length)
            yield submit(mail, moment, rng)
            moment += rng.randrange(30, 200)


def _group(academy: Academy, number: int) -> tuple[Person, ...]:
    """Members of a forum group: 20 to 39 people; groups overlap."""
    first = (number * 29) % (len(academy.people) - 40)
    return academy.people[first : first + 20 + number * 7 % 20]


HABITS: tuple[Habit, ...] = (
    enrollments,
    many_courses,
    cohorts,
    sign_in_codes,
    password_resets,
    receipts,
    certificates,
    course_starts,
    enquiries,
    digests,
    lesson_reminders,
    weekly_reports,
    announcements,
    forum_posts,
)
