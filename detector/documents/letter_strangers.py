"""Whom a letter must not point to: the other clients of the incident, of the log and of the config, and any learner.

A name is found as whole words. One that is a single word may be an everyday word too ("Summit", "IT"): only in capitals
inside a sentence is it refused, elsewhere it is pointed at. A mail domain that several share is nobody's.
"""

import re
from collections.abc import Iterator

from detector.documents.desk import others_of
from detector.documents.letter_checking import Checking, Finding
from detector.documents.letter_text import TOKEN

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_SHORT = 3


def strangers(c: Checking) -> Iterator[Finding]:
    """Nothing in a letter to one client points to another one or to any learner."""
    others, learners = others_of(c.case, c.organization), _learners(c)
    domains = _domains(c)
    for number, line in c.lines:
        small = line.casefold()
        addresses = _ADDRESS.findall(small)
        told = next((other for other in others if re.search(rf"(?<!\w){re.escape(other)}(?!\w)", small)), "")
        told = told or next(
            (a for a in addresses if c.desk.neighbours.people.get(a, c.organization) != c.organization), ""
        )
        told = told or next((found for found in _DOMAIN.findall(small) if _ends(found) & domains), "")
        if told:
            yield _another(number, told)
        if any(address in small for address in learners):
            yield Finding(number, "The address of a learner is in it. A letter counts people and names none.")
        elif addresses and not told:
            yield Finding(
                number, f"{addresses[0]}: only an address of yours or the reader's may stay.", is_refused=False
            )
    yield from _names(c)


def _names(c: Checking) -> Iterator[Finding]:
    """The names of clients who have nothing to do with the incident, by line; 0 for one that runs over two lines."""
    lines = [(number, _foreign(line, c)) for number, line in c.lines]
    whole = " ".join(" ".join(line.split()) for _, line in lines)
    small = whole.casefold()
    for name in sorted({*c.desk.neighbours.domains, *c.desk.clients} - set(c.case.incident.organizations)):
        words = " ".join(name.split())
        if not words or words.casefold() not in small:
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)
        places = [(number, found) for number, line in lines for found in pattern.finditer(line)]
        for number, found in places or [(0, found) for found in pattern.finditer(whole)]:
            if _is_everyday(found):
                yield Finding(
                    number, f"“{found[0]}” is also the name of another client. Meant is none?", is_refused=False
                )
            else:
                yield _another(number, found[0])


def _another(number: int, told: str) -> Finding:
    return Finding(number, f"Another client or one of its people is named, {told}. Each client reads only of itself.")


def _is_everyday(found: re.Match[str]) -> bool:
    """One word, and short, in small letters or at the beginning of a sentence."""
    before = found.string[: found.start()].rstrip(" *_“„\"'(")
    begins = not before or before[-1] in ".!?:"
    return found[0].isalpha() and (len(found[0]) <= _SHORT or found[0][0].islower() or begins)


def _foreign(line: str, c: Checking) -> str:
    """The line without what the reader may read: its own names, ours, and the figures, which come from its own mail."""
    client, us = c.desk.client(c.organization), c.desk.sender
    own = (c.organization, client.contact, client.salutation, us.name, us.signatory, *client.teams.values())
    line = TOKEN.sub(" ", line)
    for words in sorted(filter(None, own), key=len, reverse=True):
        line = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "\ue000", line, flags=re.IGNORECASE)
    return line


def _learners(c: Checking) -> set[str]:
    return {row.recipient.casefold() for row in c.case.affected if row.organization == c.organization}


def _domains(c: Checking) -> set[str]:
    """The mail domains of other clients."""
    named = c.desk.neighbours.domains
    found = {domain for name, theirs in named.items() if name != c.organization for domain in theirs}
    found |= {d.casefold() for name, other in c.desk.clients.items() if name != c.organization for d in other.teams}
    return found - {domain.casefold() for domain in c.desk.client(c.organization).teams}


def _ends(domain: str) -> set[str]:
    """a.b.example -> itself, b.example, example."""
    parts = domain.split(".")
    return {".".join(parts[place:]) for place in range(len(parts))}
