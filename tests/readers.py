"""Twenty people who open the newest snapshot again and again: `python tests/readers.py STATE STOP [READERS]`.

Each looks whether all that it sees is of one night. The first look leaves a file `begun` beside STOP; they go on
until STOP is there, then print as JSON how often they looked, the longest wait in seconds, how many nights they saw,
and whatever went wrong.
"""

import json
import sys
import threading
import time
from pathlib import Path

import detector

_ONE_NIGHT = """
select (select epoch_us(as_of) from settings), (select coalesce(sum(excess), 0) from incidents),
  (select coalesce(sum(excess), 0) from affected)
"""


def read(state: Path, stop: Path, found: dict[str, list[object]]) -> None:
    """Look until told to stop."""
    newest = 0
    while not stop.exists():
        begun = time.monotonic()
        try:
            with detector.open_snapshot(state) as db:
                ((as_of, by_incident, by_person),) = db.execute(_ONE_NIGHT).fetchall()
        except Exception as error:  # noqa: BLE001 - whatever it is, a reader must not see it
            found["errors"].append(f"{type(error).__name__}: {error}")
            return
        found["waits"].append(time.monotonic() - begun)
        found["nights"].append(as_of)
        if by_incident != by_person:
            found["errors"].append(f"of two nights: {by_incident} extra copies by incident, {by_person} by person")
        if as_of < newest:
            found["errors"].append(f"the night of {as_of} after that of {newest}")
        newest = as_of
        stop.with_name("begun").touch()
        time.sleep(0.25)  # twenty who never pause take a whole core from the nights that they are to read


def main() -> None:
    """Let them read."""
    state, stop = Path(sys.argv[1]), Path(sys.argv[2])
    found: dict[str, list[object]] = {"errors": [], "waits": [], "nights": []}
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    readers = [threading.Thread(target=read, args=(state, stop, found)) for _ in range(count)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    told = {"looks": len(found["waits"]), "longest": max(found["waits"], default=0.0), "errors": found["errors"][:5]}
    print(json.dumps(told | {"nights": len(set(found["nights"]))}))


if __name__ == "__main__":
    main()
