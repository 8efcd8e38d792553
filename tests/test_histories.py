"""However a log is delivered, the store holds what really happened: the same sends as one whole file read once, with
every true duplicate and no copy that only the transport made.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from conftest import one_store_for_many, rows
from histories import WAYS, history, records_of, shown, true_stream
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from laws import sends_after, sends_of_wholes

from detector.store import Connection

NIGHTS, STREAMS = 63, 8
"""63 examples of 8 logs that lie side by side, each with a history of its own, are 504 histories; of a handful of
streams a log, for a whole file costs as much to read as a history."""


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("histories")) as db:
        yield db


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, int], list[dict[str, Any]]]:
    """The sends of whole files that were read before: of a log, and of the stream with a number."""
    return {}


@pytest.mark.timeout(600)
@settings(max_examples=NIGHTS, deadline=None, derandomize=True, phases=[Phase.generate])
@given(rng=st.randoms(use_true_random=False, note_method_calls=False))
def test_mail_is_counted_as_it_happened_however_its_logs_are_delivered(one_store, known, rng):
    seeds = {name: rng.randint(1, STREAMS) for name in WAYS}
    logs = {name: (WAYS[name], records_of(WAYS[name], true_stream(Random(seed)))) for name, seed in seeds.items()}
    nights = history(rng, logs)
    found = sends_after(one_store, nights)
    assert rows(one_store, "from rejects") == []
    for name, whole in sends_of_wholes(one_store, seeds, known).items():
        assert found[name] == whole, shown(nights, name)
