"""The laws of reading and of making again that tests and the fuzzer hold any input to."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from conftest import AS_OF, NO_CONFIG, emptied, ingest, rows
from histories import START, WAYS, Night, file_of, history, records_of, true_stream, truth, way_of

from detector import tables
from detector.records import FileTally
from detector.refresh import refresh
from detector.store import Connection

LONGEST_PROBLEM = 400
KEPT = [name for name in tables.SENDS + tables.REPEATS if name not in tables.SCAFFOLD]
LOGS = 3


def is_told_well(tally: FileTally) -> bool:
    """One line that any terminal can show, of bearable length beyond the name of the file."""
    problem = tally.problem or ""
    return (tally.name + problem).isprintable() and len(problem) <= LONGEST_PROBLEM + len(tally.name)


def sends_after(db: Connection, nights: list[Night]) -> dict[str, list[dict[str, Any]]]:
    """The sends of each log after these nights, from an empty store on; in all columns but where they were read."""
    emptied(db)
    with TemporaryDirectory() as folder:
        for night in nights:
            for name, content in night:
                Path(folder, name).write_bytes(content)
            ingest(db, *(Path(folder, name) for name, _ in night))
    tables.build(db, tables.SENDS)
    found: dict[str, list[dict[str, Any]]] = {}
    for send in rows(db, "select file, * exclude (file, record_number) from sends"):
        found.setdefault(way_of(send.pop("file")), []).append(send)
    return {name: sorted(sends, key=str) for name, sends in found.items()}


def sends_of_wholes(
    db: Connection, seeds: dict[str, int], known: dict[tuple[str, int], list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """The sends of one file each that holds all records of a true stream, read once: what really happened. Files that
    are not `known` from an earlier call lie side by side, for what is done once a night takes longer than to read."""
    mails = {name: true_stream(Random(seed)) for name, seed in seeds.items() if (name, seed) not in known}
    files = [(f"{name}-whole", file_of(WAYS[name], records_of(WAYS[name], stream))) for name, stream in mails.items()]
    sends = sends_after(db, [files]) if files else {}
    for name, stream in mails.items():
        found = Counter((send["sent_at"], send["recipient"]) for send in sends.get(name, []))
        assert found == truth(stream), f"{name} of stream {seeds[name]}: {found} is not {truth(stream)}"
        known[name, seeds[name]] = sends[name]
    return {name: known[name, seed] for name, seed in seeds.items()}


def costs_beyond(
    db: Connection, path: Path, pieces: list[bytes], bad: dict[int, dict[str, bytes]]
) -> list[tuple[str, tuple[Any, ...]]]:
    """(damage, send) of each send that is lost or changed when one record, pieces[k], is damaged to bad[k][damage],
    although neither the whole log nor the one without this record tells of it in any other way."""
    whole, messages = sends_of(db, path, pieces), {k: messages_of(db, k + 1) for k in bad}
    lost: list[tuple[str, tuple[Any, ...]]] = []
    for k, damages in bad.items():
        certain = whole & sends_of(db, path, pieces[:k] + pieces[k + 1 :])
        for name, damaged in damages.items():
            found = sends_of(db, path, [*pieces[:k], damaged, *pieces[k + 1 :]])
            lost += [(name, send) for send in certain - found if send[0] not in messages[k]]
            lost += [(name, send) for send in who(certain) - who(found)]
    return lost


def sends_of(db: Connection, path: Path, pieces: list[bytes]) -> Counter[tuple[Any, ...]]:
    """The sends of a file of these records, however often each is there: message, recipient and all that was said; of
    a mailbox not the size, for what stands between two messages belongs to the first."""
    path.write_bytes(b"".join(pieces))
    ingest(emptied(db), path)
    tables.build(db, tables.SENDS)
    said = "message_key, recipient, sent_at, sender, subject, template, organization, outcome, attempts"
    return Counter(tuple(send.values()) for send in rows(db, f"select {said} from sends"))


def messages_of(db: Connection, record_number: int) -> set[str]:
    """What the record is about, in the file that was read last."""
    found = rows(db, f"select message_key from events where record_number = {record_number}")
    return {event["message_key"] for event in found}


def who(sends: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Message and recipient alone."""
    return Counter(send[:2] for send in sends.elements())


def refreshed_history(db: Connection, rng: Random) -> set[str]:
    """The tables that are not as they would be if they were made at once, after nights of a drawn history of a few logs
    each of which made a part of them again, however much of so small a log it touched."""
    told = rng.sample(sorted(WAYS), LOGS)
    logs = {name: (WAYS[name], records_of(WAYS[name], true_stream(Random(rng.random())))) for name in told}
    is_late = rng.random() < 0.3
    with TemporaryDirectory() as folder, patch("detector.refresh._MOST", 0):
        fresh(db)
        for number, files in enumerate(history(rng, logs)):
            for name, content in files:
                Path(folder, name).write_bytes(content)
            ingest(db, *(Path(folder, name) for name, _ in files))
            as_of = START + timedelta(seconds=200 * number) if is_late else AS_OF
            tables.save_settings(db, NO_CONFIG, as_of)
            refresh(db)
    return unlike_anew(db)


def fresh(db: Connection) -> Connection:
    """The store as if nothing had been read or made."""
    return emptied(db).execute("drop table if exists built_files")


def unlike_anew(db: Connection) -> set[str]:
    """The tables that are not as they would be if nothing had been made before."""
    found = digests(db)
    db.execute("drop table built_files")
    assert not refresh(db)
    anew = digests(db)
    return {name for name in KEPT if found[name] != anew[name]}


def digests(db: Connection) -> dict[str, object]:
    """What each table holds, whatever its order."""
    return {name: rows(db, f"select count(*) as n, sum(hash(t)) as h from {name} as t") for name in KEPT}
