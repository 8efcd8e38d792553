"""human.toml: what only people know about an incident, read strictly. Every field may stay empty; nothing is guessed.

One place for each of it: the promises (H8), when it was stopped and when a client was told stand in the incident's
journal, the fixed data of a client in detector.toml; all else here.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from detector.errors import ConfigError


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Day = Annotated[date | None, BeforeValidator(_empty_is_none)]


class Part(BaseModel):
    """One table of human.toml; immutable, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cause(Part):
    """H1."""

    status: Literal["", "confirmed", "suspected", "unknown"] = ""
    statement: str = ""
    confirmed_by: str = ""
    confirmed_on: Day = None


class Responsibility(Part):
    """H2."""

    whose: Literal["", "ours", "vendor", "shared"] = ""


class Stopped(Part):
    """H3, in words for the client; when and by whom stands in the journal."""

    what: str = ""
    checked: str = ""


class Repair(Part):
    """H7; a client's own table may say otherwise."""

    offer: str = ""
    approved_by: str = ""


class Update(Part):
    """H9."""

    on: Day = None
    by: str = ""


class Learners(Part):
    """H10 and H11."""

    contacted: str = ""
    keep: str = ""


class Review(Part):
    """H12 and H13."""

    privacy: str = ""
    legal: str = ""


class Vendor(Part):
    """H14."""

    name: str = ""
    ticket: str = ""
    answer: str = ""


class Severity(Part):
    """H15."""

    override: Literal["", "info", "minor", "serious", "grave"] = ""
    reason: str = ""


class Letter(Part):
    """H16."""

    date: Day = None
    sender: str = ""
    signatory: str = ""
    role: str = ""
    phone: str = ""


class German(Part):
    """The words of the letters in German: a person translates, and puts a name to it."""

    cause: str = ""
    stopped: str = ""
    checked: str = ""
    offer: str = ""
    keep: str = ""
    promises: dict[str, str] = Field(default_factory=dict)
    """number of a promise -> its German words."""
    translated_by: str = ""


class ClientWords(Part):
    """H4 to H7 for one client; the words to it are in its language. When it was called stands in the journal."""

    name: str = ""
    contact: str = ""
    salutation: str = ""
    phone: str = ""
    call: str = ""
    meaning: str = ""
    offer: str = ""


class Human(Part):
    """The whole of human.toml."""

    cause: Cause = Cause()
    responsibility: Responsibility = Responsibility()
    stopped: Stopped = Stopped()
    repair: Repair = Repair()
    next_update: Update = Update()
    learners: Learners = Learners()
    review: Review = Review()
    vendor: Vendor = Vendor()
    severity: Severity = Severity()
    letter: Letter = Letter()
    german: German = German()
    clients: dict[str, ClientWords] = Field(default_factory=dict)

    def client(self, organization: str) -> ClientWords:
        """What people know about one client."""
        return self.clients.get(organization, ClientWords())


def read_human(text: str, where: str, organizations: Sequence[str]) -> Human:
    """The fields of human.toml; `where` is what to call the file.

    Raises ConfigError that names the line and the nearest key of each mistake.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_unreadable(where, text, str(error))) from error
    try:
        human = Human.model_validate(raw)
    except ValidationError as error:
        problems = (_explained(where, text, problem) for problem in error.errors())
        raise ConfigError("\n".join(problems)) from error
    for name in human.clients:
        if name not in organizations:
            line = _line(text, ("clients", name))
            raise ConfigError(
                f"{where}, line {line}: {name!r} is no client of this incident.{_near(name, organizations)}"
            )
    return human


def prose(human: Human, organization: str, code: str) -> dict[str, str]:
    """What people typed of which a letter to this client in this language is made: where it stands -> the words."""
    client = human.client(organization)
    theirs = {"meaning": client.meaning, "offer": client.offer}
    if code == "de":
        told = human.german.model_dump(include={"cause", "stopped", "checked", "offer", "keep"})
        ours = {f"{name} in [german]": words for name, words in told.items()}
    else:
        ours = {
            "statement in [cause]": human.cause.statement,
            "what in [stopped]": human.stopped.what,
            "checked in [stopped]": human.stopped.checked,
            "offer in [repair]": human.repair.offer,
            "keep in [learners]": human.learners.keep,
        }
    return ours | {f"{name} in [clients]": words for name, words in theirs.items()}


def words_in(human: Human) -> str:
    """All that people wrote, in one text: numbers in it were put there by a person on purpose."""
    return " ".join(text for _, text in _leaves(human.model_dump()))


def fields_for(human: Human, organization: str) -> dict[str, str]:
    """All that people wrote but for the tables of other clients: where it stands, "phone in [letter]" -> the words."""
    shared = {name: table for name, table in human.model_dump().items() if name != "clients"}
    tables = shared | {"clients": human.client(organization).model_dump()}
    return {f"{' '.join(key)} in [{table}]": text for (table, *key), text in _leaves(tables)}


def _leaves(value: Any, *path: str) -> list[tuple[tuple[str, ...], str]]:
    """(keys that lead there, text) of each field with something in it."""
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in _leaves(item, *path, key)]
    return [(path, value.isoformat() if isinstance(value, date) else str(value))] if value else []


def _unreadable(where: str, text: str, error: str) -> str:
    """What is wrong in the line at which TOML gave up: a day that is none, or text without its marks."""
    place = re.search(r" \(at line (\d+), column \d+\)$", error)
    number = int(place[1]) if place else text.count("\n") + 1
    lines = text.split("\n")[:number]
    key, _, value = (part.strip() for part in lines[-1].partition("="))
    table = next((found[1] for line in reversed(lines) if (found := re.match(r"\s*\[(.*?)\]", line))), "")
    field = f" {table}.{key}:" if value else ""
    if re.match(r"\d{4}-\d|\d{1,2}[./]\d", value):
        day = value.partition("#")[0].strip()
        return f"{where}, line {number}:{field} {day} is no day. Write one such as 2026-10-28, without quotation marks."
    said = error[: place.start()] if place else error
    return f"{where}, line {number}:{field} is not valid TOML: {said}. Text stands between quotation marks."


def _explained(where: str, text: str, problem: Any) -> str:
    """One line for one mistake."""
    location = tuple(str(part) for part in problem["loc"])
    line = _line(text, location)
    name = ".".join(location)
    if problem["type"] == "extra_forbidden":
        return f"{where}, line {line}: {name} is no field.{_near(location[-1], _known(location[:-1]))}"
    said = problem["msg"].removeprefix("Value error, ")
    if problem["type"].startswith(("date", "datetime")):
        said = "write a date without quotation marks, such as 2026-10-28"
    return f"{where}, line {line}: {name}: {said}."


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Nearest: {near[0]}." if near else f" There are: {', '.join(known)}."


def _known(section: Sequence[str]) -> list[str]:
    """The keys of the table that a path leads to."""
    if section and section[0] == "clients":
        return sorted(ClientWords.model_fields)
    table = Human.model_fields[section[0]].annotation if section else Human
    return sorted(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else []


def _line(text: str, location: Sequence[str]) -> int:
    """The line of a key, found again in the text, for TOML forgets it; of its table if it has none of its own."""
    *section, key = location
    table, found = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*(.*?)\s*\]+\s*(#.*)?$", line):
            table = ".".join(part.strip("\"' ") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', header[1]))
            if table in (".".join(section), ".".join(location)):
                found = number
        elif table == ".".join(section) and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found
