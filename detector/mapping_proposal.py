"""Proposes `[sources.NAME]` for a table that nobody knows, from the names of its columns and what stands in them.

What the proposal cannot know, it says in a comment: a person checks it before it is used.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from shlex import quote

from detector.config import Source
from detector.formats import plain
from detector.framings import Head, shown
from detector.headings import SYNONYMS, guess_columns, names_recipient, names_sender, names_sending

_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[/.]\d\d?[/.]\d{2,4}|^\d{9,19}(\.\d+)?$|\d\d:\d\d")
_CLOCK = re.compile(r"^\d\d?:\d\d(:\d\d)?( ?[AaPp][Mm])?$")
_EXCEL = re.compile(r"^4\d{4}([.,]\d+)?$")
"""A day between 2009 and 2036 as a spreadsheet counts them, which no log does."""
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_FOREIGN = {
    "subject": r"subj|betreff|objet|asunto|oggetto|onderwerp|assunto|^title|^titel|^titre",
    "event": r"status$|^status|^zustand|^etat|^\u00e9tat|^estado|^stato$",
    "template": r"template|vorlage|mod[e\u00e8]le|plantilla",
    "organization": r"^firma|^mandant|^kunde|^client|^entreprise|^empresa|^company",
}
"""What columns may be called that no night takes for granted."""
_DAYS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y")
_CLOCKS = (
    " %H:%M",
    " %H:%M:%S",
    ", %H:%M",
    ", %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %I:%M %p",
    ", %I:%M:%S %p",
    "",
)
_SHOWN = 30
"""Columns named in one comment."""
_WORDS_SHOWN = 12

Values = Mapping[str, Sequence[str]]


def propose_zone(path: Path, zone: str, taken: Container[str] = ()) -> str:
    """TOML for `[sources.NAME]` that says of which zone a log's stamps are, and those of the logs that it continues."""
    log = re.sub(r"([.-][0-9]+)*([.](gz|bz2|xz|zst))?$", "", path.name)
    lines = [*_beginning(path, taken), f"files = {_quoted(_glob(log).rstrip('*') + '*')}"]
    if zone == "UTC" or zone.endswith(":00"):
        return "\n".join([*lines, f'zone = "{zone}"  # or the name of the place, which knows of summer time, too'])
    return "\n".join([*lines, f'zone = ""  # UTC{zone}: the name of the place, such as "Asia/Kolkata"'])


def propose_mapping(path: Path, head: Head, taken: Container[str] = ()) -> str:
    """TOML for `[sources.NAME]`, ready to paste, under a name that is not taken; empty for anything but a table."""
    if head.framing not in plain.FRAMINGS:
        return ""
    rows = _rows(head)
    if inner := _list_of_rows(rows):
        return _unpack_first(path, inner)
    values = _values(rows)
    guessed = _guessed(values)
    lines = [*_beginning(path, taken), f"files = {_quoted(_glob(path.name))}"]
    lines += ['zone = "UTC"  # of stamps that carry none']
    lines += _time_format(_stamps(values, guessed))
    lines += _words(values.get(guessed.get("event", ""), []))
    lines += ["", lines[0].replace("]", ".columns]"), *_columns(values, guessed)]
    return "\n".join(lines)


def _beginning(path: Path, taken: Container[str]) -> list[str]:
    """The table's name, and how to use the config that it stands in."""
    stem = re.sub(r"[^a-z0-9]+", "_", _glob(path.name.split(".")[0].lower())).strip("_") or "my_table"
    names = (f"{stem}_{n}" if n > 1 else stem for n in count(1))
    use = f"detector nightly {quote(shown(path))} --config detector.toml"
    return [
        f"[sources.{next(name for name in names if name not in taken)}]",
        f"# read with the config that this stands in:  {use}",
    ]


def _columns(values: Values, guessed: Mapping[str, str]) -> list[str]:
    """A line for each of our columns: what it is called in the file, or what is missing."""
    lines = [f"{ours} = {_quoted(guessed[ours])}{_or(ours, values, guessed)}" for ours in SYNONYMS if ours in guessed]
    unused = [name for name in values if name not in guessed.values()]
    named = ", ".join(map(_quoted, unused[:_SHOWN]))
    if "timestamp" not in guessed:
        lines.append(f'timestamp = ""  # required: {_no_time(values)}')
    if "recipient" not in guessed:
        other = f"; what tells people apart will do, if one does: {named}" if unused else ""
        lines.append(
            f'recipient = ""  # required, and no column holds addresses; without people no copies can be counted{other}'
        )
    if not {"subject", "template"} & guessed.keys():
        lines.append(
            '# subject = ""  # or template: without both, only mails of one size to a person pass for the same'
        )
    return lines + ([f"# not used: {named}"] if unused else [])


def _or(ours: str, values: Values, guessed: Mapping[str, str]) -> str:
    """The other columns that hold times, for a person may know better which of them is meant."""
    others = [n for n in values if n not in guessed.values() and _share(values[n], _TIME) >= 0.5]
    return f"  # or {', '.join(map(_quoted, others[:3]))}: times as well" if ours == "timestamp" and others else ""


def _no_time(values: Values) -> str:
    """Why there is no column for the time, and what to do about it."""
    counted = [name for name in values if _share(values[name], _EXCEL) >= 0.5]
    if counted:
        return f"{_quoted(counted[0])} counts days as spreadsheets do; format it as date and time, and export again"
    return "no column holds times; without any no repeat can be told, so export the table with one"


def _guessed(values: Values) -> dict[str, str]:
    """Our name -> the column that may mean it: by its usual name, by what stands in it, or by its name elsewhere."""
    plainly = {_in_words(name): name for name in reversed(list(values))}
    guessed = {ours: plainly[theirs] for ours, theirs in guess_columns(list(reversed(plainly))).items()}
    likely = {
        "sender": sorted(filter(_is_called_sender, values), key=lambda n: _share(values[n], _ADDRESS) < 0.5),
        "recipient": _people(values),
        "timestamp": sorted((n for n in values if _share(values[n], _TIME) >= 0.5), key=_is_unlikely),
    }
    for ours, names in likely.items():
        if ours not in guessed:
            guessed.update((ours, theirs) for theirs in [n for n in names if n not in guessed.values()][:1])
    for ours, pattern in _FOREIGN.items():
        if ours not in guessed:
            alike = [n for n in values if n not in guessed.values() and re.search(pattern, _in_words(n).lower())]
            guessed.update((ours, theirs) for theirs in alike[:1])
    return guessed | _clock(values, guessed)


def _people(values: Values) -> list[str]:
    """Columns of addresses, first those called like recipients, then those with most people; never one of senders."""
    fitting = [n for n in values if _share(values[n], _ADDRESS) >= 0.5 and not _is_called_sender(n)]
    return sorted(fitting, key=lambda n: (not names_recipient(_in_words(n)), -len(set(values[n]))))


def _is_called_sender(name: str) -> bool:
    return names_sender(_in_words(name))


def _is_unlikely(name: str) -> bool:
    """Of several times the one is meant at which a mail was sent."""
    return not names_sending(name)


def _clock(values: Values, guessed: Mapping[str, str]) -> dict[str, str]:
    """The column with the time of day, if the one with the day has none."""
    days = values.get(guessed.get("timestamp", ""), [])
    if "time" in guessed or not days or any(":" in day or day.isdecimal() for day in days):
        return {}
    clocks = [name for name in values if name not in guessed.values() and _share(values[name], _CLOCK) >= 0.5]
    return {"time": clocks[0]} if clocks else {}


def _stamps(values: Values, guessed: Mapping[str, str]) -> list[str]:
    """What will be read as time."""
    days, clocks = (values.get(guessed.get(ours, ""), []) for ours in ("timestamp", "time"))
    return [f"{day} {clock}" for day, clock in zip(days, clocks, strict=False)] if clocks else list(days)


def _time_format(stamps: Sequence[str]) -> list[str]:
    """The setting for stamps that are neither ISO 8601 nor an epoch, if one of the usual ways of writing fits all."""
    fitting = [f"{day}{clock}" for day in _DAYS for clock in _CLOCKS if _all_fit(stamps, f"{day}{clock}")]
    if not stamps or not fitting:
        return []
    other = f"  # or {_quoted(fitting[1])}: both fit" if len(fitting) > 1 else ""
    return [f"time_format = {_quoted(fitting[0])}{other}"]


def _all_fit(stamps: Sequence[str], pattern: str) -> bool:
    try:
        return all(datetime.strptime(stamp, pattern) for stamp in stamps)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False


def _words(events: Sequence[str]) -> list[str]:
    """The setting for words of the event column that `plain` does not know, if there are any."""
    known = {word for text in plain.WORDS.values() for word in text.split()}
    unknown = sorted({word for word in events if re.sub(r"[ -]", "_", word.lower()) not in known})
    return [_words_line({}, unknown)] if unknown else []


def propose_words(head: Head, source: Source, rejected: Sequence[str]) -> str:
    """The setting `words` of a mapping that there is, with those of the rejected records that it lacks."""
    column = (source.columns or guess_columns(plain.column_names(head))).get("event", "")
    title = head.records[:1] if head.framing == "csv" else ()
    values = _values(_rows(replace(head, records=(*title, *rejected))))
    unknown = sorted(set(values.get(column, [])))
    return _words_line(source.words, unknown) if unknown else ""


def _words_line(given: Mapping[str, str], unknown: Sequence[str]) -> str:
    said = {**given, **dict.fromkeys(unknown[:_WORDS_SHOWN], "")}
    seen = ", ".join(f"{_quoted(word)} = {_quoted(meaning)}" for word, meaning in said.items())
    meanings = "sent, queued, delivered, deferred, bounced, dropped or ignored"
    return f"words = {{ {seen} }}  # say of each: {meanings}"


def _rows(head: Head) -> list[dict[str, object]]:
    """The first rows, column by column; those of objects in an object under both names."""
    if head.framing == "csv":
        names = plain.column_names(head)
        return [dict(zip(names, record.split("\x1f"), strict=False)) for record in head.records[1:]] or [
            dict.fromkeys(names)
        ]
    return [_flat(row) for record in head.records if isinstance(row := _json(record), dict)]


def _flat(row: dict[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in row.items():
        inner = {f"{name}.{key}": below for key, below in value.items()} if isinstance(value, dict) else {name: value}
        flat.update(inner)
    return flat


def _values(rows: Sequence[Mapping[str, object]]) -> dict[str, list[str]]:
    """The first values of each column."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [str(row[name]).strip() for row in rows if row.get(name) not in (None, "")] for name in names}


def _list_of_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """The key under which all rows lie, if the file is one object around them."""
    lists = (n for row in rows for n, value in row.items() if isinstance(value, list) and _is_row(value))
    return next(lists, "") if len(rows) == 1 else ""


def _is_row(value: Sequence[object]) -> bool:
    return bool(value) and all(isinstance(each, dict) for each in value)


def _unpack_first(path: Path, inner: str) -> str:
    """What makes lines of the rows that lie in one object; a comment, for it is nothing to paste."""
    name = shown(path)
    keys = "".join(f"[{_quoted(key)}]" for key in inner.split("."))
    command = f"jq -c {quote(f'.{keys}[]')} {quote(name)} > {quote(name + 'l')}"
    return f"# the rows lie inside {_quoted(inner)}; make lines of them, then ask again:  {command}"


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _in_words(name: str) -> str:
    """`attributes.sentAt` as `sent_At`: what a column of JSON is called, in words as the tables of others have them."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2])


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for value in values if pattern.search(value)) / len(values) if values else 0.0


def _quoted(text: str) -> str:
    """A string of TOML, in letters that can be read, unless some in it could hide what it says."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _glob(name: str) -> str:
    """The file's name with what changes from export to export starred: dates, and numbers of three digits or more."""
    return re.sub(r"[0-9](?:[_.:-]*[0-9]){2,}", "*", re.sub(r"[*?\[\]]", "?", name))
