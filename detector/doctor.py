"""Looks at one log file as a night would, and says what it sees: format, five events, counts, assumptions.

For a table that no format knows it proposes a mapping, from the names of the columns and what stands in them.
"""

import fnmatch
import json
import re
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from detector import ingest, kept_apart, tables
from detector.config import Config
from detector.examined import Examined
from detector.formats import load_formats, plain
from detector.framings import Head, shown, sniff
from detector.store import Connection, locked, open_store

_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[/.]\d\d?[/.]\d{2,4}|^\d{9,19}(\.\d+)?$|\d\d:\d\d")
_FOREIGN = {
    "subject": r"subj|betreff|objet|asunto|oggetto|onderwerp|assunto|^title|^titel|^titre",
    "event": r"status$|^status|^zustand|^etat|^\u00e9tat|^estado|^stato$",
    "sender": r"absender|exp[e\u00e9]diteur|remitente|mittente|afzender|^from",
    "template": r"template|vorlage|mod[e\u00e8]le|plantilla",
    "organization": r"^firma|^mandant|^kunde|^client|^entreprise|^empresa|^company",
}
"""What columns may be called that no night takes for granted; a proposal is checked by a person."""
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
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


def examine(path: Path, config: Config, as_of: datetime) -> Examined:
    """Read one file into a store of its own that is thrown away. Raises InputError if it is no text at all."""
    head = sniff(path)
    formats = load_formats()
    counts = {name: module.claims(head) for name, module in formats.items() if head.framing in module.FRAMINGS}
    mapping = next((name for name, s in config.sources.items() if fnmatch.fnmatch(path.name, s.files)), None)
    only = config.model_copy(update={"logs": config.logs.model_copy(update={"paths": (path,)})})
    with TemporaryDirectory(prefix="doctor-") as folder, locked(Path(folder)), open_store(Path(folder)) as db:
        (tally,) = ingest.read_new_logs(db, only, as_of, Path(folder))
        tables.save_settings(db, config, as_of)
        tables.build(db, tables.SENDS)
        return Examined(
            name=shown(path),
            framing=head.framing,
            claims=tuple(sorted(((n, c) for n, c in counts.items() if c), key=lambda claim: -claim[1])),
            looked_at=len(head.records),
            mapping=mapping,
            tally=tally,
            proposal="" if tally.format else propose_mapping(path, head),
            **_found(db),
        )


def _found(db: Connection) -> dict[str, Any]:
    """What the store of one file holds."""
    ((sends, recipients),) = db.execute(
        "select count(*), count(distinct recipient) from sends where outcome <> 'dropped'"
    ).fetchall()
    return {
        "sends": sends,
        "recipients": recipients,
        "dropped": kept_apart.dropped(db),
        "archives": kept_apart.archives(db),
        "sources": tuple(
            db.execute("select source, count(*) from events group by source order by 2 desc, 1").fetchall()
        ),
        "rows": tuple(
            db.execute(
                "select strftime(make_timestamp(at_us), '%Y-%m-%d %H:%M:%S'), cast(type as varchar), "
                "coalesce(recipient, ''), coalesce(sender, ''), coalesce(subject, ''), coalesce(template, '') "
                "from events order by record_number, part limit 5"
            ).fetchall()
        ),
        "rejects": tuple(
            db.execute(
                "select min(record_number), reason, count(*) from rejects group by reason order by 3 desc, 1 limit 5"
            ).fetchall()
        ),
    }


def propose_mapping(path: Path, head: Head) -> str:
    """TOML for `[sources.NAME]` from names and values of a table's columns; empty for anything but a table."""
    if head.framing not in plain.FRAMINGS:
        return ""
    names = plain.column_names(head)
    values = _values(head, names)
    guessed = _guessed(names, values)
    source = re.sub(r"[^a-z]+", "_", path.name.split(".")[0].lower()).strip("_") or "my_table"
    lines = [f"[sources.{source}]", f"files = {_quoted(_glob(path.name))}"]
    lines += ['zone = "UTC"  # of stamps that carry none']
    lines += _time_format(values.get(guessed.get("timestamp", ""), []))
    lines += _words(values.get(guessed.get("event", ""), []))
    lines += ["", f"[sources.{source}.columns]"]
    lines += [f"{ours} = {_quoted(guessed[ours])}" for ours in plain.SYNONYMS if ours in guessed]
    for ours in ("timestamp", "recipient"):
        if ours not in guessed:
            lines.append(f'{ours} = ""  # required: one of {", ".join(_quoted(name) for name in names[:30])}')
    if not {"subject", "template"} & guessed.keys():
        lines.append('# subject = ""  # or template: without both, all mails of a size to a person are one mail')
    unused = [_quoted(name) for name in names if name not in guessed.values()]
    lines += [f"# not used: {', '.join(unused[:30])}"] if unused else []
    return "\n".join(lines)


def _guessed(names: list[str], values: dict[str, list[str]]) -> dict[str, str]:
    """Our name -> the column that may mean it: by its usual name, by what stands in it, or by its name elsewhere."""
    guessed = plain.guess_columns(names)
    for ours, kind in (("recipient", _ADDRESS), ("timestamp", _TIME)):
        if ours not in guessed:
            fitting = [n for n in names if n not in guessed.values() and _share(values[n], kind) >= 0.5]
            guessed.update((ours, theirs) for theirs in fitting[:1])
    for ours, pattern in _FOREIGN.items():
        if ours not in guessed:
            alike = [n for n in names if n not in guessed.values() and re.search(pattern, n.lower())]
            guessed.update((ours, theirs) for theirs in alike[:1])
    return guessed


def _time_format(stamps: list[str]) -> list[str]:
    """The setting for stamps that are neither ISO 8601 nor an epoch, if one of the usual ways of writing fits all."""
    fitting = [f"{day}{clock}" for day in _DAYS for clock in _CLOCKS if _all_fit(stamps, f"{day}{clock}")]
    if not stamps or not fitting:
        return []
    other = f"  # or {_quoted(fitting[1])}: both fit" if len(fitting) > 1 else ""
    return [f"time_format = {_quoted(fitting[0])}{other}"]


def _all_fit(stamps: list[str], pattern: str) -> bool:
    try:
        return all(datetime.strptime(stamp, pattern) for stamp in stamps)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False


def _words(events: list[str]) -> list[str]:
    """The setting for words of the event column that `plain` does not know, if there are any."""
    known = {word for text in plain.WORDS.values() for word in text.split()}
    unknown = sorted({word for word in events if re.sub(r"[ -]", "_", word.lower()) not in known})[:12]
    seen = ", ".join(f'{_quoted(word)} = ""' for word in unknown)
    meanings = "sent, queued, delivered, deferred, bounced, dropped or ignored"
    return [f"words = {{ {seen} }}  # say of each: {meanings}"] if unknown else []


def _values(head: Head, names: list[str]) -> dict[str, list[str]]:
    """The first values of each column."""
    if head.framing == "csv":
        rows = [dict(zip(names, record.split("\x1f"), strict=False)) for record in head.records[1:]]
    else:
        rows = [row for record in head.records if isinstance(row := _json(record), dict)]
    return {name: [str(row[name]).strip() for row in rows if row.get(name) not in (None, "")] for name in names}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _share(values: list[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for value in values if pattern.search(value)) / len(values) if values else 0.0


def _quoted(text: str) -> str:
    """A string of TOML, in letters that can be read, unless some in it could hide what it says."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _glob(name: str) -> str:
    """The file's name with what changes from export to export (dates, numbers) starred."""
    return re.sub(r"[0-9]([0-9_.:-]*[0-9])?", "*", re.sub(r"[*?\[\]]", "?", name))
