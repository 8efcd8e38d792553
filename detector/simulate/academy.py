"""The academy: its learners, its clients, its courses and the kinds of mail it sends."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from detector.simulate import invented


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an address; `is_gone` means the mailbox no longer exists and every mail to it bounces."""

    name: str
    address: str
    client: str = ""
    """Name of the organization; empty for private people."""
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """An organization that enrolls its people; `contacts` are the role inboxes that get its weekly report."""

    name: str
    domain: str
    people: tuple[Person, ...]
    contacts: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A course; `outline_bytes` is what its outline adds to a mail, different for each course."""

    title: str
    outline_bytes: int


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of mail: who sends it, from which machine, and how long it is before anything personal."""

    name: str
    sender: str
    size: int
    host: str = "app1"


@dataclass(frozen=True, slots=True)
class Academy:
    """Everyone and everything the scenarios draw from."""

    clients: tuple[Client, ...]
    private_people: tuple[Person, ...]
    people: tuple[Person, ...]
    """All learners, employees and private, in an order that means nothing."""
    quiet_people: tuple[Person, ...]
    """Private learners whom ordinary mail never reaches: victims for bursts that need exact numbers."""
    courses: tuple[Course, ...]
    new_courses: tuple[Course, ...]
    office: Person
    """The academy's own role inbox, which gets many notices of the same subject."""

    def client(self, name: str) -> Client:
        """The client of that name; KeyError if there is none."""
        for client in self.clients:
            if client.name == name:
                return client
        raise KeyError(name)


_PEOPLE_PER_DOMAIN = 10_000


def _template(name: str, local_part: str, size: int, host: str = "app1") -> Template:
    return Template(name, f"{local_part}@{invented.ACADEMY_DOMAIN}", size, host)


TEMPLATES = {
    template.name: template
    for template in (
        _template("course-start", "noreply", 2_870, "jobs1"),
        _template("sign-in-code", "noreply", 3_412),
        _template("password-reset", "noreply", 3_940),
        _template("certificate-expiry", "noreply", 4_480, "jobs1"),
        _template("lesson-reminder", "noreply", 4_910, "jobs1"),
        _template("welcome", "noreply", 5_220),
        _template("certificate", "noreply", 9_640, "jobs1"),
        _template("receipt", "billing", 6_130),
        _template("forum-notice", "forum", 4_050, "jobs1"),
        _template("daily-digest", "digest", 8_300, "jobs1"),
        _template("announcement", "news", 14_700, "jobs1"),
        _template("weekly-report", "reports", 11_200, "jobs1"),
        _template("enrollment-notice", "office", 2_310),
        _template("enquiry-notice", "office", 2_640),
    )
}


def build_academy(seed: int, *, clients: int, private_people: int) -> Academy:
    """The same academy for the same seed and sizes; the hand-made clients come first, further ones are generated."""
    rng = Random(f"{seed}/academy")
    built = tuple(_client(rng, *facts) for facts in _client_facts(rng, clients))
    private = tuple(_private_people(rng, private_people + 5))
    people = [person for client in built for person in client.people] + list(private[5:])
    rng.shuffle(people)
    titles = invented.COURSES + invented.NEW_COURSES
    courses = tuple(Course(title, 97 * n + 13 * (n % 5)) for n, title in enumerate(titles))
    return Academy(
        clients=built,
        private_people=private[5:],
        people=tuple(people),
        quiet_people=private[:5],
        courses=courses[: len(invented.COURSES)],
        new_courses=courses[len(invented.COURSES) :],
        office=Person("Enrollment office", f"info@{invented.ACADEMY_DOMAIN}", "Academy"),
    )


def _private_people(rng: Random, size: int) -> Iterator[Person]:
    """Learners without a client, at as many mail providers as it takes."""
    for domain in invented.PRIVATE_DOMAINS:
        here, size = min(size, _PEOPLE_PER_DOMAIN), max(0, size - _PEOPLE_PER_DOMAIN)
        yield from _people(rng, here, domain, "")


def _client_facts(rng: Random, clients: int) -> Iterator[tuple[str, str, int]]:
    """(name, domain, number of people) for each client."""
    yield from invented.CLIENTS[:clients]
    words = list(product(invented.CLIENT_FIRST_WORDS, invented.CLIENT_SECOND_WORDS))
    for first, second in rng.sample(words, max(0, clients - len(invented.CLIENTS))):
        yield f"{first} {second}", f"{first}-{second}.example".lower(), rng.randrange(20, 180)


def _client(rng: Random, name: str, domain: str, size: int) -> Client:
    contacts = (
        Person("Training desk", f"training@{domain}", name),
        Person("Personnel", f"hr@{domain}", name),
    )
    return Client(name, domain, tuple(_people(rng, size, domain, name)), contacts)


def _people(rng: Random, size: int, domain: str, client: str) -> Iterator[Person]:
    """People with different names, so that no two of a domain share an address. One in 200 has left."""
    surnames = len(invented.SURNAMES)
    for number in rng.sample(range(len(invented.GIVEN_NAMES) * surnames), size):
        given, surname = invented.GIVEN_NAMES[number // surnames], invented.SURNAMES[number % surnames]
        address = f"{given}.{surname}@{domain}".lower()
        yield Person(f"{given} {surname}", address, client, is_gone=rng.random() < 0.005)
