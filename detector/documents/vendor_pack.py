"""vendor-pack/: what turns two hours with a vendor into minutes. Pattern, one sharp question, every copy with its ids.

People, clients and log files are keys; vendor-key.csv, which says who and what they are, lies outside the pack. The
keys are counted off in the order of the first copies: a hash of an address could be undone by guessing addresses, a
number cannot. A file's name is no better than its path: both may be called after a client.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from detector.documents import phrases
from detector.documents.desk import Desk
from detector.documents.escaping import csv_cell, csv_table, slug, visible
from detector.documents.figures import QUERIES, figures
from detector.documents.sentences import CaseWords, cause_in_words
from detector.documents.subject_names import subject_masks
from detector.documents.templates import Safe, render_text, said
from detector.records import CaseFacts, CauseCandidate, Copy, Document

FOLDER = "vendor-pack/"
KEY_NAME = "vendor-key.csv"
MANIFEST = "MANIFEST.sha256"
READ_ME = "00-read-me-first.txt"
TOLD_COPIES = 400
"""Of one person's sequence."""
LOGS_KEPT_DAYS = (3, 30)
"""How long vendors keep their logs: what the short ones and most others say."""
COLUMNS = (
    *("person", "client", "sent_at", "kind", "message_id", "log_id", "subject", "template", "outcome", "attempts"),
    *("log_format", "log_file", "log_record"),
)
_LOGGED = slice(COLUMNS.index("message_id"), COLUMNS.index("log_format") + 1)
"""Of these, what is or comes close to text of a log."""
_OURS = frozenset({"template", "earlier incidents"})
"""Figures that are none of the vendor's business, or text from a log."""
_OF_ONE_CLIENT = re.compile(r" and \(\$organization is null or (?:\w+\.)?organization = \$organization\)")
TEXT_CHARACTERS, NAME_CHARACTERS = 10_000, 200
"""Of a subject as long as a book, the beginning; longer names of clients are no names that a text could give away."""
JOINED_LETTERS = 5
"""A client's name with fewer letters may stand by chance in any id, once its words are joined."""
_BETWEEN_ADDRESSES = re.compile(r"([\s<>\"'(),;:]+)")


@dataclass(frozen=True)
class Keys:
    """Who is called what in the pack."""

    people: Mapping[str, str]
    clients: Mapping[str, str]
    files: Mapping[str, str]
    hide: Callable[[str], str]
    """The text with addresses, client names and client domains replaced by keys."""
    hide_names: Callable[[str, str, str], str]
    """The same of a (subject, template, recipient), without the names of people."""


def render_vendor_pack(case: CaseFacts, copies: Sequence[Copy], desk: Desk) -> tuple[Document, ...]:
    """The pack's files, its manifest last, then the key that stays at home; nothing without copies."""
    if not copies:
        return ()
    keys = _keys(case, copies)
    facts = _facts(case, copies, desk, keys)
    rows = [_row(copy, keys) for copy in copies]
    files = (
        Document(f"{FOLDER}{READ_ME}", render_text("vendor_read_me.txt", facts)),
        Document(f"{FOLDER}01-pattern.txt", render_text("vendor_pattern.txt", facts)),
        Document(f"{FOLDER}02-copies.csv", csv_table(COLUMNS, map(_cells, rows))),
        Document(f"{FOLDER}02-copies.jsonl", "".join(map(_json_line, rows))),
        Document(f"{FOLDER}03-three-people.txt", _three_people(case, copies, keys)),
        Document(f"{FOLDER}04-timeline.csv", _timeline(case)),
        Document(f"{FOLDER}05-queries.sql", _queries(case)),
    )
    return (*files, manifest({file.name: file.content.encode() for file in files}), _key_file(keys))


def manifest(files: Mapping[str, bytes], changed: Sequence[str] = ()) -> Document:
    """MANIFEST.sha256: the sum of each file as whoever gets the pack will find it; and which of them people changed."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name.removeprefix(FOLDER)}\n" for name, content in files.items()]
    edited = ", ".join(name.removeprefix(FOLDER) for name in changed)
    by_hand = [f"# edited by hand since the detector wrote it: {edited}\n"] if edited else []
    return Document(f"{FOLDER}{MANIFEST}", "".join([*lines, *by_hand]))


def contact_line(incident_id: str, desk: Desk) -> Safe:
    """Whom to ask about it, and under which numbers: all that people say in the pack."""
    us, ticket = desk.sender, desk.human.vendor.ticket
    names = ", ".join(visible(name) for name in (us.signatory, us.name, us.phone) if name)
    contact = visible(names) if names else said("H16", "", "name, telephone")
    theirs = f" Your ticket: {visible(ticket)}." if ticket else ""
    return Safe(f"Contact: {contact}. Our reference: {incident_id}.{theirs}")


def _keys(case: CaseFacts, copies: Sequence[Copy]) -> Keys:
    """Numbers in the order of the first copies; then, should the list be cut, whoever is left."""
    order = dict.fromkeys([*(c.recipient for c in copies), *(row.recipient for row in case.affected)])
    width = max(2, len(str(len(order))))
    people = {recipient: f"person-{number:0{width}}" for number, recipient in enumerate(order, start=1)}
    clients = {name: f"client-{number}" for number, name in enumerate(case.incident.organizations, start=1)}
    files = {name: f"file-{number}" for number, name in enumerate(dict.fromkeys(c.file for c in copies), start=1)}
    known = {recipient.casefold(): key for recipient, key in people.items()}
    telling = {spelling: key for name, key in clients.items() for spelling in _spellings(name)}
    for row in case.affected:
        if row.organization in clients:
            telling[row.recipient.rpartition("@")[2].casefold()] = clients[row.organization]
    short = sorted((name for name in telling if 0 < len(name) <= NAME_CHARACTERS), key=len, reverse=True)
    names = re.compile("|".join(map(re.escape, short)) or r"(?!)", re.IGNORECASE)

    @cache
    def hide(text: str) -> str:
        if len(text) > TEXT_CHARACTERS:
            text = f"{text[:TEXT_CHARACTERS]}\u2026 ({len(text):,} characters)"
        words = (known.get(word.casefold(), word) for word in _BETWEEN_ADDRESSES.split(text))
        return names.sub(lambda found: telling.get(found[0].casefold(), "client"), "".join(words))

    masked = subject_masks(copies, order)

    @cache
    def hide_names(subject: str, template: str, recipient: str) -> str:
        return hide(masked(subject[: TEXT_CHARACTERS + 1], template, recipient))

    return Keys(people, clients, files, hide, hide_names)


def _spellings(name: str) -> frozenset[str]:
    """A client's name as texts have it, and as ids and templates do: Acme Corp, acme-corp, acme_corp, acmecorp."""
    words = slug(name, NAME_CHARACTERS).split("-")
    joined = {between.join(words) for between in "-_."} | {"".join(words)}
    return frozenset({name.casefold(), *(joined if sum(map(len, words)) >= JOINED_LETTERS else ())} - {""})


def _facts(case: CaseFacts, copies: Sequence[Copy], desk: Desk, keys: Keys) -> dict[str, Any]:
    incident = case.incident

    hidden = _hidden(copies, keys)
    words = CaseWords(case, hidden, hidden, str)
    told = words.candidates
    question = next((c.first_question for c in told if c.first_question), "which job or call made these copies?")
    people = phrases.counted(incident.recipients, "person", "people")
    excess = phrases.counted(incident.excess, "extra copy", "extra copies")
    lines = (
        f"{people}, {excess}, {words.copies}",
        f"first extra copy {phrases.instant(incident.started_at)}, last {phrases.instant(incident.ended_at)}",
        f"one every {phrases.duration(incident.median_gap_seconds)} to the same person (median)",
        *words.known,
        words.identity,
        f"sender {hidden(incident.sender) or 'not in the log'}; template "
        + ("not in the log" if incident.rung == "sender+size" else hidden(incident.template)),
    )
    return {
        "incident": incident,
        "people": people,
        "excess": excess,
        "span": phrases.span(incident.started_at, incident.ended_at),
        "through": phrases.minute(case.log_complete_through),
        "question": hidden(question),
        "side": _side(copies),
        "hurry": _hurry(case),
        "contact_line": contact_line(incident.incident_id, desk),
        "counted_lines": lines,
        "candidates": [_candidate(candidate, hidden) for candidate in told],
        "cut": ""
        if len(copies) >= incident.sends
        else f"Listed are the first {len(copies):,} of {incident.sends:,} copies.",
    }


def _hidden(copies: Sequence[Copy], keys: Keys) -> Callable[[object], str]:
    """What may stand in a sentence: a subject as it is in the list of copies, any other text without whole names."""
    subjects = {copy.subject: keys.hide_names(copy.subject, copy.template, copy.recipient) for copy in copies}
    return lambda value: visible(subjects.get(str(value)) or keys.hide_names(str(value), "", ""))


def _hurry(case: CaseFacts) -> str:
    """How long whoever is asked may still have a log of it, as of the end of ours; days that are over name no date."""
    short, most = (case.incident.started_at + timedelta(days=days) for days in LOGS_KEPT_DAYS)
    if case.log_complete_through < short:
        return (
            f"Please look soon: some services keep their logs for {LOGS_KEPT_DAYS[0]} days (until "
            f"{phrases.day(short)}), many for {LOGS_KEPT_DAYS[1]} (until {phrases.day(most)})."
        )
    if case.log_complete_through < most:
        return (
            f"Please look soon: many services keep their logs for {LOGS_KEPT_DAYS[1]} days, until {phrases.day(most)}."
        )
    return f"It is more than {LOGS_KEPT_DAYS[1]} days ago: please say first which logs of that day you still have."


def _candidate(candidate: CauseCandidate, hidden: Callable[[object], str]) -> dict[str, object]:
    texts = {name: hidden(getattr(candidate, name)) for name in ("cause", "meaning", "first_question", "how_to_stop")}
    lists = {name: list(map(hidden, getattr(candidate, name))) for name in ("supporting", "contradicting")}
    return {"name": cause_in_words(texts["cause"]), **texts, **lists}


def _side(copies: Sequence[Copy]) -> str:
    """What the ids say about whose side it is; vendors ask this first."""
    extra = [copy for copy in copies if copy.is_extra and copy.message_id]
    distinct = len({(copy.recipient, copy.message_id) for copy in extra})
    if not extra:
        return (
            "The log holds no Message-IDs, so it cannot tell whether copies were made or one mail was delivered again."
        )
    if distinct == len(extra):
        own = f"All {phrases.counted(distinct, 'extra copy', 'extra copies')} have a Message-ID of their own."
        if (ids := len({copy.message_id for copy in extra})) < distinct:
            several = f"are {phrases.counted(ids, 'mail', 'mails')} to several people at once"
            own = f"The {phrases.number(distinct)} extra copies {several}; nobody got one Message-ID twice."
        return (
            f"{own} That points to the side that makes the mail (application, scheduler, job queue): a relay that "
            "repeats a mail keeps its id."
        )
    return (
        f"{phrases.number(len(extra))} extra copies share {phrases.number(distinct)} Message-IDs. That points to the "
        "side that delivers the mail (relay, forwarding, retry): whoever makes a new mail gives it a new id."
    )


def _row(copy: Copy, keys: Keys) -> tuple[object, ...]:
    return (
        keys.people[copy.recipient],
        keys.clients.get(copy.organization or "", ""),
        phrases.iso(copy.sent_at),
        "extra" if copy.is_extra else "due",
        *(keys.hide(copy.message_id), keys.hide(copy.log_key)),
        keys.hide_names(copy.subject, copy.template, copy.recipient),
        keys.hide_names(copy.template, "", ""),
        copy.outcome,
        copy.attempts,
        copy.source,
        keys.files[copy.file],
        copy.record_number,
    )


def _cells(row: tuple[object, ...]) -> tuple[object, ...]:
    """The row for a table: what the log says, made harmless; keys, times and places are ours."""
    return (*row[: _LOGGED.start], *map(csv_cell, row[_LOGGED]), *row[_LOGGED.stop :])


def _json_line(row: tuple[object, ...]) -> str:
    return json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n"


def _three_people(case: CaseFacts, copies: Sequence[Copy], keys: Keys) -> str:
    """The whole sequence for the person with most copies, one in the middle, and the one with fewest."""
    by_copies = sorted(case.affected, key=lambda row: (-row.sends, row.recipient))
    chosen = [by_copies[place].recipient for place in sorted({0, len(by_copies) // 2, len(by_copies) - 1})]
    parts = ["Times in UTC; the pause since the copy before in brackets."]
    for recipient in chosen:
        theirs = [copy for copy in copies if copy.recipient == recipient]
        parts.append(f"\n{keys.people[recipient]}: {phrases.counted(len(theirs), 'copy', 'copies')}")
        parts.extend(_sequence(theirs[:TOLD_COPIES], keys))
        parts += [f"  and {len(theirs) - TOLD_COPIES:,} more in 02-copies.csv"] if len(theirs) > TOLD_COPIES else []
    return "\n".join(parts) + "\n"


def _sequence(copies: Sequence[Copy], keys: Keys) -> Iterator[str]:
    before = None
    for number, copy in enumerate(copies, start=1):
        pause = phrases.between(before, copy.sent_at) if before else "first"
        shown = keys.hide(copy.message_id or copy.log_key) or "no id"
        kind = "extra" if copy.is_extra else "due"
        sent = f"{phrases.instant(copy.sent_at)}  [{pause}]"
        yield f"  {number:>4}  {sent}  {kind}  {visible(copy.outcome, 40)}  {visible(shown, 160)}"
        before = copy.sent_at


def _timeline(case: CaseFacts) -> str:
    timeline = case.timeline
    rows = zip(timeline.starts_at, timeline.extra_copies, timeline.first_copies, strict=True)
    cells = ((phrases.iso(start), timeline.bucket_seconds, extra, first) for start, extra, first in rows)
    return csv_table(("from_utc", "seconds", "extra_copies", "first_copies_to_anybody"), cells)


def _queries(case: CaseFacts) -> str:
    """The figures of the incident as SQL for a snapshot; the only value in it is our own id."""
    parts = ["-- For a snapshot of the detector (current.duckdb); each gives one value."]
    for figure in figures(case):
        if figure.name in _OURS:
            continue
        query = _OF_ONE_CLIENT.sub("", QUERIES[figure.name])
        query = query.replace("$incident_id", f"'{case.incident.incident_id}'")
        parts.append(f"-- {figure.code} {figure.name}: {json.dumps(figure.value)[:60]} ({figure.unit})\n{query};")
    return "\n\n".join(parts) + "\n"


def _key_file(keys: Keys) -> Document:
    rows = [(key, named) for kind in (keys.clients, keys.people, keys.files) for named, key in kind.items()]
    return Document(KEY_NAME, csv_table(("key", "who"), ((key, csv_cell(who)) for key, who in rows)))
