"""What the documents of a case know beside the log: the config's clients and us, and what people filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from detector.case_record import Promise
from detector.config import Client, Us
from detector.documents.escaping import slug
from detector.documents.human import ClientWords, Human
from detector.documents.languages import Language
from detector.documents.templates import one_line
from detector.records import AffectedRecipient, CaseFacts


@dataclass(frozen=True)
class Neighbours:
    """The clients of the whole log, so that a letter to one names none of the others."""

    domains: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Client -> the mail domains that are its own alone."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Address in a domain that several share -> client."""


@dataclass(frozen=True)
class Desk:
    """Everything that is not from a log; empty, it leaves every human part open."""

    clients: Mapping[str, Client] = field(default_factory=dict)
    us: Us = field(default_factory=Us)
    human: Human = field(default_factory=Human)
    is_read: bool = True
    """Whether human.toml could be read; if not, nobody knows what it says, and `human` is empty."""
    neighbours: Neighbours = field(default_factory=Neighbours)
    """For `letter check` alone."""

    def client(self, organization: str) -> Client:
        """The config's data of one client; what human.toml says of the person there wins."""
        known, words = self.clients.get(organization, Client()), self.human.client(organization)
        said = {"contact": words.contact, "salutation": words.salutation, "phone": words.phone}
        return known.model_copy(update={name: value for name, value in said.items() if value})

    def words(self, organization: str) -> ClientWords:
        """What people filled in about one client."""
        return self.human.client(organization)

    def language(self, organization: str) -> Language:
        """The language and the zone of one client's letter."""
        client = self.clients.get(organization, Client())
        return Language(client.language, client.zone)

    @property
    def sender(self) -> Us:
        """Who writes: the config, unless human.toml says otherwise for this one letter."""
        letter = self.human.letter
        said = {"name": letter.sender, "signatory": letter.signatory, "role": letter.role, "phone": letter.phone}
        return self.us.model_copy(update={name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class SharedWords:
    """What people say to every client of the incident, in one language."""

    cause: str
    stopped: str
    """What stopped it, in words for the client."""
    checked: str
    offer: str
    keep: str
    promises: tuple[tuple[Promise, str], ...]


def shared_words(desk: Desk, case: CaseFacts, code: str, organization: str) -> SharedWords:
    """The shared words in a language, with what this client is promised; in German only what a person has translated,
    never the English ones."""
    human = desk.human
    made = [
        promise
        for promise in (case.record.promises if case.record else ())
        if promise.is_to(organization) and promise.withdrawn_at is None and not promise.follows
    ]
    if code == "de":
        words = human.german
        promises = tuple((p, one_line(words.promises.get(str(p.number), ""))) for p in made)
        texts = (words.cause, words.stopped, words.checked, words.offer, words.keep)
    else:
        promises = tuple((p, one_line(p.text)) for p in made)
        stop = human.stopped
        texts = (human.cause.statement, stop.what, stop.checked, human.repair.offer, human.learners.keep)
    cause, stopped, checked, offer, keep = map(one_line, texts)
    promises = tuple((promise, words.rstrip(". ")) for promise, words in promises)
    return SharedWords(cause, stopped.rstrip(". "), checked, offer, keep, promises)


def client_folders(organizations: Sequence[str]) -> dict[str, str]:
    """Organization -> "" for one client, whose files lie open; "clients/<slug>/" for each of several."""
    if len(organizations) == 1:
        return {organizations[0]: ""}
    taken: dict[str, int] = {}
    folders = {}
    for organization in organizations:
        name = slug(organization) or "client"
        taken[name] = taken.get(name, 0) + 1
        folders[organization] = f"clients/{name if taken[name] == 1 else f'{name}-{taken[name]}'}/"
    return folders


def people_of(case: CaseFacts, organization: str) -> list[AffectedRecipient]:
    """The people of one client who were hit, most copies first."""
    return [row for row in case.affected if row.organization == organization]


def others_of(case: CaseFacts, organization: str) -> frozenset[str]:
    """What would point to other clients or their people, in small letters: names, domains, addresses."""
    rows = [row for row in case.affected if row.organization != organization]
    own = {row.recipient.casefold().rpartition("@")[2] for row in people_of(case, organization)}
    names = {other.casefold() for other in case.incident.organizations if other != organization}
    addresses = {row.recipient.casefold() for row in rows}
    domains = {address.rpartition("@")[2] for address in addresses} - own
    return frozenset(filter(None, names | addresses | domains))
