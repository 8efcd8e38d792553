"""Random damage and random histories without end: `python3 dev.py fuzz [--seconds 60] [--seed N]`.

Each turn draws from its own seed what it does to the shipped samples or to a true stream of mail, and holds the result
to the laws. When one is broken, the turn's seed and folder are printed: `--seed THAT --seconds 0` is the same turn
again. Exit code 1 then.
"""

import argparse
import faulthandler
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random, SystemRandom
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import alert_nights
import test_nightly
from conftest import AS_OF, emptied, ingest, one_store_for_many, rows
from damages import RECORD_DAMAGES, TEXT_DAMAGES, damaged_parquet, put, records, samples
from histories import WAYS, Night, Way, history, records_of, true_stream
from laws import costs_beyond, is_told_well, refreshed_history, sends_after, sends_of_wholes
from outboxes import drawn_outbox, found_incidents, written

from detector.config import Config, Logs
from detector.formats import load_formats
from detector.nightly import nightly
from detector.store import Connection

SAMPLES = samples()
FORMATS = load_formats()
LONGEST_TURN_SECONDS = 60
HANGS_SECONDS = 300
LONGEST_LOOK_SECONDS = 10
"""Twenty threads of Python on the processor of a night; a look itself takes milliseconds."""
MOST_FOUND = 20
LAST_STEP = 150
"""Of a small night on the disk, or a few beyond it."""
SAMPLE_LOGS = Path(__file__).resolve().parent.parent / "sample_logs"
LOOK_LIKE_NO_TABLE = ("exchange.log", "mbox.mbox")
"""A header of several lines; records of several lines."""


@dataclass
class Turn:
    """What a turn has to do with: a store, choices, and a folder for the files that it tries."""

    db: Connection
    rng: Random
    folder: Path


def histories_of_true_streams(turn: Turn) -> None:
    """A few logs of drawn streams, side by side."""
    seeds = {name: turn.rng.randrange(10**9) for name in turn.rng.sample(list(WAYS), 3)}
    logs = {name: (WAYS[name], records_of(WAYS[name], true_stream(Random(seed)))) for name, seed in seeds.items()}
    nights = history(turn.rng, logs)
    keep(turn.folder, nights)
    found = sends_after(turn.db, nights)
    for name, whole in sends_of_wholes(turn.db, seeds, {}).items():
        if found.get(name, []) != whole:
            raise AssertionError(f"the sends of {name} are not those of the whole file; its stream: {seeds[name]}")


def histories_night_by_night(turn: Turn) -> None:
    """The tables after nights that made a part of them again are those that are made at once."""
    if differing := refreshed_history(turn.db, turn.rng):
        raise AssertionError(f"made again in parts, these tables are others: {sorted(differing)}")


def history_of_a_sample(turn: Turn) -> None:
    """A shipped sample in pieces; of a provider, or of a table with ids, in any order."""
    name = turn.rng.choice([name for name in SAMPLES if name not in LOOK_LIKE_NO_TABLE])
    format_ = name.partition(".")[0]
    module = FORMATS["postfix" if format_ == "journald" else format_]
    lines = [record.decode().removesuffix("\n") for record in records(name, SAMPLES[name])]
    lines = [line.lstrip("[").rstrip(",]") if name.endswith("json") else line for line in lines]
    header = f"{lines.pop(0)}\n" if name.endswith(".csv") else ""
    again = (lambda record, _: record) if module.IDENTITY == "event_id" else None
    way = Way(lambda _: iter(()), Path(name).suffix, header, again, has_ids=module.IDENTITY != "export")
    lines = [line for line in lines if line]
    nights = history(turn.rng, {format_: (way, lines)})
    keep(turn.folder, nights)
    whole = sends_after(turn.db, [[(f"{format_}-whole", (header + "\n".join(lines) + "\n").encode())]])
    if sends_after(turn.db, nights) != whole:
        raise AssertionError(f"the sends of {name} in pieces are not those of the whole file")


def damaged_file(turn: Turn) -> None:
    """A sample that suffered once or several times."""
    name = turn.rng.choice(list(SAMPLES))
    data = SAMPLES[name]
    for _ in range(turn.rng.choice((1, 1, 2, 3))):
        data = TEXT_DAMAGES[turn.rng.choice(list(TEXT_DAMAGES))](data or b"\n", turn.rng)
    stops_nothing(turn, turn.folder / name, data)


def damaged_table(turn: Turn) -> None:
    """A Parquet file with a few bytes changed."""
    path, kind = turn.folder / "mail.parquet", turn.rng.choice(("snappy", "gzip", "zstd", "uncompressed"))
    said = "select '2026-10-27T18:00:00Z' as timestamp, 'p' || i || '@harbor.example' as recipient, i as size"
    turn.db.execute(f"copy ({said} from range(300) as t(i)) to '{path}' (format parquet, compression {kind})")
    stops_nothing(turn, path, damaged_parquet(path.read_bytes(), turn.rng))


def stops_nothing(turn: Turn, bad: Path, data: bytes) -> None:
    """The bad file is told well, and the good one behind it is read, once."""
    good = turn.folder / "good.csv"
    bad.write_bytes(data)
    good.write_bytes(b"timestamp,recipient\n2026-10-27T18:00:00Z,good@harbor.example\n")
    emptied(turn.db)
    for _ in range(2):  # the second night knows what the first has read
        tallies = ingest(turn.db, bad, good)
        if not all(is_told_well(tally) for tally in tallies):
            raise AssertionError(f"not told well: {tallies[0]}")
    ((found,),) = turn.db.execute("select count(*) from events where recipient = 'good@harbor.example'").fetchall()
    if found != 1:
        raise AssertionError(f"the good file gave {found} events")
    if rows(turn.db, "select file_id, record_number, part from events group by all having count(*) > 1"):
        raise AssertionError("an event stands twice in the store")


def damaged_record(turn: Turn) -> None:
    """One record of a sample damaged in a drawn way, or by a few drawn bytes."""
    name = turn.rng.choice(list(SAMPLES))
    pieces = records(name, SAMPLES[name])
    k = turn.rng.randrange(6 if len(pieces) > 12 else 1, len(pieces))
    at, noise = turn.rng.randrange(len(pieces[k])), turn.rng.randbytes(turn.rng.randint(1, 8))
    damage = turn.rng.choice(list(RECORD_DAMAGES))
    damages = {
        damage: RECORD_DAMAGES[damage](pieces[k]),
        f"{noise!r} at {at}": put(pieces[k], at, noise.replace(b"\n", b"\r")),
    }
    if beyond := costs_beyond(turn.db, turn.folder / name, pieces, {k: damages}):
        raise AssertionError(f"record {k + 1} of {name} cost more than itself: {beyond[:3]}")


def nights_of_alerts(turn: Turn) -> None:
    """Incidents, channels and runs of which each may fail anywhere: no mail twice, nothing lost, every unknown said."""
    alert_nights.play(turn.folder, turn.rng)


def bursts_of_a_drawn_outbox(turn: Turn) -> None:
    """Whatever is found adds up, and was to be found, to the minute, when it is said to have been."""
    mails = drawn_outbox(turn.rng)
    emptied(turn.db)
    ends = mails[-1][0] + timedelta(days=1) if mails else AS_OF
    ingest(turn.db, written(turn.folder, mails), as_of=ends)
    for incident, people in found_incidents(turn.db, ends):
        sums = (len(people), sum(person.sends for person in people), sum(person.excess for person in people))
        if sums != (incident.recipients, incident.sends, incident.excess):
            raise AssertionError(f"{incident} does not add up to its people: {sums}")
        if not incident.started_at <= incident.detected_at <= ends or incident.ended_at < incident.started_at:
            raise AssertionError(f"{incident} is out of order in time")
        told = incident.detected_at + timedelta(minutes=1)
        named = {person.recipient for person in people}
        if not any(named & {person.recipient for person in then} for _, then in found_incidents(turn.db, told)):
            raise AssertionError(f"{incident} was not to be found at the moment of its detection")


def readers_while_nights_run(turn: Turn) -> None:
    """Three real nights over a log that grows, twenty readers beside them: no error, no two nights mixed, no wait."""
    state, stop, log = turn.folder / "state", turn.folder / "stop", turn.folder / "mail.csv"
    header, *lines = (SAMPLE_LOGS / "plain" / "2026-10-29.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    cuts = sorted(turn.rng.sample(range(1, len(lines)), 2))
    command = [sys.executable, Path(__file__).parent / "readers.py", state, stop]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    readers = None
    try:
        for number, cut in enumerate([*cuts, len(lines)]):
            log.write_text(header + "".join(lines[:cut]), encoding="utf-8")
            config = Config(logs=Logs(paths=(log,)))
            nightly(config, state=state, as_of=AS_OF + timedelta(days=number), talk=lambda _: None)
            readers = readers or subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    finally:
        stop.touch()
        told = json.loads(readers.communicate(timeout=60)[0]) if readers else {"errors": ["no reader"]}
    if told["errors"] or told["longest"] > LONGEST_LOOK_SECONDS or not told["looks"]:
        raise AssertionError(f"readers: {told}")


def night_that_dies(turn: Turn) -> None:
    """A night that is killed at a drawn step on the disk, and run again, ends like one that was not."""
    whole, killed = turn.folder / "whole", turn.folder / "killed"
    log = test_nightly.write_small_log(turn.folder / "mail.csv")
    test_nightly.night(whole, log, as_of=test_nightly.AFTER)
    test_nightly.night_that_dies(killed, log, turn.rng.randint(1, LAST_STEP))
    test_nightly.night(killed, log, as_of=test_nightly.AFTER)
    if differing := test_nightly.differing(killed, test_nightly.digest(whole)):
        raise AssertionError(f"the night after the kill left others of these: {differing}")


GAMES: tuple[Callable[[Turn], None], ...] = (
    histories_of_true_streams,
    histories_night_by_night,
    history_of_a_sample,
    damaged_file,
    damaged_table,
    damaged_record,
    nights_of_alerts,
    bursts_of_a_drawn_outbox,
    readers_while_nights_run,
    night_that_dies,
)


def keep(folder: Path, nights: list[Night]) -> None:
    """Lay down what arrived, night by night."""
    for number, night in enumerate(nights, 1):
        for place, (name, content) in enumerate(night, 1):
            (folder / f"night{number}-{place}-{name}").write_bytes(content)


def play(db: Connection, seed: int, folder: Path, only: str = "") -> str:
    """One turn; what was wrong, or "". Whatever is raised is a finding."""
    rng = Random(seed)
    game = rng.choice([game for game in GAMES if only in {"", game.__name__}])
    faulthandler.dump_traceback_later(HANGS_SECONDS, exit=True)
    begun = perf_counter()
    try:
        game(Turn(db, rng, folder))
    except Exception as error:  # noqa: BLE001 - to find what is raised is what this is for
        return f"{game.__name__}: {type(error).__name__}: {str(error)[:2000]}"
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = perf_counter() - begun
    return f"{game.__name__}: took {seconds:.0f} seconds" if seconds > LONGEST_TURN_SECONDS else ""


def main() -> int:
    """Play until the time is over; at least one turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--game", default="", choices=[game.__name__ for game in GAMES], help="Only this one.")
    arguments = parser.parse_args()
    print(f"fuzz: --seed {arguments.seed}", flush=True)
    place = Path(tempfile.mkdtemp(prefix="fuzz-"))
    begun, turns, found = perf_counter(), 0, 0
    with tempfile.TemporaryDirectory() as state, one_store_for_many(Path(state)) as db:
        while not turns or (perf_counter() - begun < arguments.seconds and found < MOST_FOUND):
            seed = arguments.seed + turns
            folder = place / str(seed)
            folder.mkdir()
            turns += 1
            if problem := play(db, seed, folder, arguments.game):
                found += 1
                print(f"\nfuzz: --seed {seed} --seconds 0    {folder}\n{problem}", flush=True)
                continue
            shutil.rmtree(folder)
    if not found:
        place.rmdir()
    print(f"fuzz: {turns:,} turns in {perf_counter() - begun:.0f} s, {found} laws broken")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
