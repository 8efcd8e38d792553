"""However a log is delivered, the store holds what really happened: the same sends as one whole file read once, with
every true duplicate and no copy that only the transport made.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from conftest import emptied, ingest, one_store_for_many, rows
from histories import WAYS, Night, file_of, history, records_of, shown, true_stream, truth, way_of
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from detector import tables
from detector.store import Connection

NIGHTS, STREAMS = 63, 8
"""63 examples of 8 logs that lie side by side, each with a history of its own, are 504 histories; of a handful of
streams a log, for a whole file costs as much to read as a history."""


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("histories")) as db:
        yield db


def sends_after(db: Connection, nights: list[Night]) -> dict[str, list[dict]]:
    """The sends of each log after these nights, from an empty store on; in all columns but where they were read."""
    emptied(db)
    with TemporaryDirectory() as folder:
        for night in nights:
            for name, content in night:
                Path(folder, name).write_bytes(content)
            ingest(db, *(Path(folder, name) for name, _ in night))
    tables.build(db, tables.SENDS)
    sends = rows(db, "select file, * exclude (file, record_number) from sends order by all")
    found = {name: [] for name in WAYS}
    for send in sends:
        found[way_of(send.pop("file"))].append(send)
    return {name: sorted(sends, key=str) for name, sends in found.items()}


@cache
def sends_of_whole(db: Connection, name: str, seed: int) -> list[dict]:
    """The sends of one file that holds all records, read once: what really happened."""
    mails = true_stream(Random(seed))
    sends = sends_after(db, [[(f"{name}-whole", file_of(WAYS[name], records_of(WAYS[name], mails)))]])[name]
    assert Counter((send["sent_at"], send["recipient"]) for send in sends) == truth(mails)
    return sends


@pytest.mark.timeout(300)
@settings(max_examples=NIGHTS, deadline=None, derandomize=True, phases=[Phase.generate])
@given(rng=st.randoms(use_true_random=False, note_method_calls=False))
def test_mail_is_counted_as_it_happened_however_its_logs_are_delivered(one_store, rng):
    seeds = {name: rng.randint(1, STREAMS) for name in WAYS}
    nights = history(rng, {name: records_of(WAYS[name], true_stream(Random(seeds[name]))) for name in WAYS})
    found = sends_after(one_store, nights)
    assert rows(one_store, "from rejects") == []
    for name, seed in seeds.items():
        assert found[name] == sends_of_whole(one_store, name, seed), shown(nights, name)
