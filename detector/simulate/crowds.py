"""Who is hit by what: drawn at random, so that no two affairs of the same cause look alike.

Hit are people of one client, of several, or from everywhere; by a mail that the academy has always sent, or by one that
nobody has ever seen before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from detector.simulate.academy import TEMPLATES, Course, Person, Template
from detector.simulate.bursts import Stage
from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import DAY, HOUR, Mail, Message

PHRASES = {
    "welcome": "Welcome to {}",
    "certificate": "Your certificate: {}",
    "course-start": "Starts tomorrow: {}",
    "announcement": "News about {}",
    "certificate-expiry": "Your certificate runs out: {}",
    "receipt": "Your receipt for {}",
}
"""What people should get once, and its subject."""
NEW_PHRASES = {
    "welcome-kit": "Welcome to {}",
    "login-details": "Your login details for {}",
    "exam-invitation": "You are invited to the exam: {}",
    "seat-confirmation": "Your seat is confirmed: {}",
    "trainer-introduction": "Meet your trainer of {}",
    "material-ready": "Your material is ready: {}",
    "platform-move": "We are moving {} to a new platform",
    "group-assignment": "Your group in {}",
    "policy-update": "Please read before you start {}",
}
"""Mail of templates that no log has seen before the affair."""
HOSTS = ("jobs1", "jobs2", "jobs3", "app1")
NEW_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of mail about a course."""

    template: Template
    phrase: str
    course: Course
    more_bytes: int

    def mail(self, *people: Person) -> Mail:
        """The mail to one person, or one mail to several."""
        size = self.template.size + 2 * len(people[0].name) + self.course.outline_bytes + self.more_bytes
        return Mail(self.template, self.phrase.format(self.course.title), size, people)


def draw_kind(stage: Stage, *, known: Sequence[str] = tuple(PHRASES)) -> Kind:
    """A usual kind of mail or, about every third time, a brand-new one."""
    rng = stage.rng
    course = rng.choice(stage.academy.courses + stage.academy.new_courses)
    if rng.random() < NEW_SHARE:
        name = list(NEW_PHRASES)[stage.place % len(NEW_PHRASES)]
        template = Template(name, f"noreply@{ACADEMY_DOMAIN}", rng.randrange(2_500, 16_000), rng.choice(HOSTS[:2]))
        return Kind(template, NEW_PHRASES[name], course, 0)
    name = rng.choice(known)
    return Kind(TEMPLATES[name], PHRASES[name], course, rng.randrange(2_000) if name == "announcement" else 0)


def draw_people(stage: Stage, low: int, high: int, *, one_client: bool = False) -> list[Person]:
    """Between `low` and `high` people with a mailbox, small groups as often as large ones, in the order of a list."""
    rng, number = stage.rng, low
    while number < high and rng.random() < 0.82:
        number += 1 + number * rng.randrange(15, 45) // 100
    number, where = min(number, high), rng.random()
    if one_client or where < 0.6:
        pool = _reachable(_client_people(stage, 1, number))
        first = rng.randrange(max(1, len(pool) - number))
        return pool[first : first + number]
    if where < 0.8:
        several = _reachable(_client_people(stage, rng.randrange(2, 5), number))
        return rng.sample(several, min(number, len(several)))
    return rng.sample(_reachable(stage.academy.people), number)


def draw_person(stage: Stage) -> Person:
    """Somebody."""
    return stage.rng.choice(_reachable(stage.academy.people))


def _client_people(stage: Stage, clients: int, at_least: int) -> list[Person]:
    """People of so many clients, and of more if they are too few; each affair begins at another client."""
    order = list(stage.academy.clients)
    people: list[Person] = []
    for number in range(len(order)):
        if number >= clients and len(people) >= at_least:
            break
        people += order[(stage.place * 5 + 3 + number) % len(order)].people
    return people


def _reachable(people: Sequence[Person]) -> list[Person]:
    return [person for person in people if not person.is_gone]


def pass_over(
    stage: Stage, mails: Sequence[Mail], moment: int, *, step: tuple[int, int] = (90, 330), host: str = ""
) -> Iterator[Message]:
    """One labelled copy of each mail, one after the other, `step` milliseconds apart."""
    for mail in mails:
        yield stage.send(mail, moment, host=host)
        moment += stage.rng.randrange(*step)


def earlier(stage: Stage, rng: Random, *, most_days: int) -> int:
    """A moment in working hours one to so many days before the affair, within the log."""
    days = min(most_days, (stage.starts_at_ms - stage.log_starts_at_ms) // DAY - 1)
    midnight = stage.starts_at_ms - stage.starts_at_ms % DAY
    return midnight - rng.randrange(1, max(2, days)) * DAY + rng.randrange(8 * HOUR, 16 * HOUR)
