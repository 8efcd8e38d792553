"""Whom a letter must not point to: the other clients of the incident, of the log and of the config, and any learner.

A name is found as whole words in any case of letters, whatever without width stands in it, and so is what a mail domain
is called. One that is a single word may be an everyday word too ("Summit", "IT"): only in capitals inside a sentence is
it refused, elsewhere it is pointed at. A mail domain that several share is nobody's.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from detector.documents.apology_letter import render_letter
from detector.documents.desk import others_of, people_of, shared_words
from detector.documents.human import Human
from detector.documents.letter_checking import Checking, Finding
from detector.documents.letter_names import (
    SHORT,
    begins_sentence,
    calendar,
    likenesses,
    parts_of,
    seen,
    stem_of,
    words_of,
)
from detector.documents.letter_text import TOKEN, numbered_lines

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_NAMES_NONE = "A letter counts people and names none."


def strangers(c: Checking) -> Iterator[Finding]:
    """Nothing in a letter to one client points to another one or to any learner."""
    c = replace(c, lines=tuple((number, seen(line)) for number, line in c.lines))
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
            yield Finding(number, f"The address of a learner is in it. {_NAMES_NONE}")
        elif addresses and not told:
            yield Finding(
                number, f"{addresses[0]}: only an address of yours or the reader's may stay.", is_refused=False
            )
    yield from _names(c)
    yield from _likenesses(c)


def _names(c: Checking) -> Iterator[Finding]:
    """The names of clients who have nothing to do with the incident, by line; 0 for one that runs over two lines."""
    lines = [(number, _foreign(line, c)) for number, line in c.lines]
    whole = " ".join(" ".join(line.split()) for _, line in lines)
    small = whole.casefold()
    known = {*c.desk.neighbours.domains, *c.desk.clients}
    stems = _stems(c, known)
    for name in sorted((known - set(c.case.incident.organizations)) | stems | _contacts(c)):
        if not name.strip() or " ".join(name.split()).casefold() not in small:
            continue
        pattern = _whole(name)
        places = [(number, found) for number, line in lines for found in pattern.finditer(line)]
        for number, found in places or [(0, found) for found in pattern.finditer(whole)]:
            if name not in stems and _is_everyday(found):
                yield Finding(
                    number, f"“{found[0]}” is also the name of another client. Meant is none?", is_refused=False
                )
            else:
                yield _another(number, found[0])


def _likenesses(c: Checking) -> Iterator[Finding]:
    """The same names as people write them; what stands there letter by letter has been told."""
    lines = [(number, _foreign(line, c)) for number, line in c.lines]
    told = " ".join(" ".join(line.split()) for _, line in lines)
    known = {*c.desk.neighbours.domains, *c.desk.clients, *c.case.incident.organizations} - {c.organization}
    own = {part for name in (c.organization, c.desk.words(c.organization).name) for part in parts_of(name)}
    known |= _stems(c, known)
    names = sorted(name for name in known if not _whole(name).search(told) and not own & set(parts_of(name)[:1]))
    blank = render_letter(replace(c.case, record=None), c.organization, replace(c.desk, human=Human())).content
    drafted = words_of(numbered_lines(blank))
    words = words_of(lines)
    everyday = calendar() | {word.plain for word in drafted} | own
    is_german = c.language.code == "de"
    for one in likenesses(words, names, everyday, has_capital_nouns=is_german):
        then = "each client reads only of itself." if one.is_sure else "is nobody meant?"
        yield Finding(one.line, f"“{one.written}” points to another client ({one.name}): {then}", one.is_sure)
    people = {tuple(parts_of(address.partition("@")[0])) for address in _learners(c)}
    for first, last in pairwise(words):
        if (first.plain, last.plain) in people:
            text = f"“{first.written} {last.written}” is one of the people hit. {_NAMES_NONE}"
            yield Finding(first.line, text, is_refused=False)


def _whole(name: str) -> re.Pattern[str]:
    """A name as it stands, in any case of letters, also of several or of what is its own."""
    return re.compile(rf"(?<!\w){re.escape(' '.join(name.split()))}(?:['\u2019]?s)?(?!\w)", re.IGNORECASE)


def _stems(c: Checking, names: set[str]) -> set[str]:
    """What the mail domains of others are called, if that is more than a word of some client's name."""
    words = {part for name in (*names, c.organization) for part in parts_of(name)}
    found = {stem_of(domain) for domain in _domains(c)}
    return {stem for stem in found if len(stem) > SHORT and stem not in words}


def _contacts(c: Checking) -> set[str]:
    """Whom we know at other clients, by first and last name."""
    others = {*c.desk.clients, *c.desk.human.clients} - {c.organization}
    names = (c.desk.client(other).contact.partition(",")[0].strip() for other in others)
    return {name for name in names if " " in name}


def _another(number: int, told: str) -> Finding:
    return Finding(number, f"Another client or one of its people is named, {told}. Each client reads only of itself.")


def _is_everyday(found: re.Match[str]) -> bool:
    """One word, and short, in small letters or at the beginning of a sentence."""
    is_small = len(found[0]) <= SHORT or found[0][0].islower()
    return found[0].isalpha() and (is_small or begins_sentence(found))


def _foreign(line: str, c: Checking) -> str:
    """The line without what the reader may read: its own names, ours, and the figures, which come from its own mail."""
    client, us, made = (
        c.desk.client(c.organization),
        c.desk.sender,
        shared_words(c.desk, c.case, c.language.code, c.organization).promises,
    )
    name = c.desk.words(c.organization).name
    theirs = (c.organization, name, client.contact, client.salutation, *client.teams.values())
    own = (*theirs, us.name, us.signatory, us.role, c.desk.human.cause.confirmed_by, *(p.owner for p, _ in made))
    line = TOKEN.sub(" ", line)
    for words in sorted(filter(None, own), key=len, reverse=True):
        line = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "\ue000", line, flags=re.IGNORECASE)
    return line


def _learners(c: Checking) -> set[str]:
    return {row.recipient.casefold() for row in people_of(c.case, c.organization)}


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
