"""What a night makes again of the derived tables is what making everything anew gives, row for row."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from conftest import AS_OF, NO_CONFIG, ingest, one_store_for_many, rows
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from laws import fresh, refreshed_history, unlike_anew

from detector import tables
from detector.config import Config
from detector.refresh import refresh
from detector.store import Connection

HISTORIES = 8
"""`dev.py fuzz --game histories_night_by_night` plays them without end."""
HEAD = "timestamp,event,message_id,sender,recipient,subject,template"


@pytest.fixture(scope="module")
def one_store(tmp_path_factory) -> Iterator[Connection]:
    with one_store_for_many(tmp_path_factory.mktemp("refreshed")) as db:
        yield db


def night(db: Connection, folder: Path, *lines: str, config: Config = NO_CONFIG) -> bool:
    """Read these rows as a file of their own; was a part enough?"""
    path = folder / f"{len(rows(db, 'from files'))}.csv"
    path.write_text("\n".join((HEAD, *lines)) + "\n", encoding="utf-8")
    ingest(db, path)
    tables.save_settings(db, config, AS_OF)
    return refresh(db)


@pytest.mark.timeout(600)
@settings(max_examples=HISTORIES, deadline=None, derandomize=True, phases=[Phase.generate])
@given(rng=st.randoms(use_true_random=False, note_method_calls=False))
def test_any_history_gives_night_by_night_what_it_gives_at_once(one_store, rng):
    assert refreshed_history(one_store, rng) == set()


def many(day: int, *, people: int = 40) -> list[str]:
    """A day of mail: a digest to everybody, single mails, some twice."""
    rng = Random(day)
    found = []
    for person in range(people):
        to = f"p{person}@client{person % 4}.example"
        found.append(f"2026-10-{day:02}T08:00:{person:02}Z,sent,d{day}-{person},app@x.example,{to},Your week,digest")
        if rng.random() < 0.3:
            found.append(f"2026-10-{day:02}T09:{person:02}:00Z,sent,c{day}-{person},app@x.example,{to},Code {person},")
            found.append(f"2026-10-{day:02}T09:{person:02}:09Z,sent,C{day}-{person},app@x.example,{to},Code {person},")
    return found


def test_a_night_after_many_makes_a_part_again(one_store, tmp_path):
    db = fresh(one_store)
    made = [night(db, tmp_path, *many(day)) for day in range(1, 9)]
    assert made[0] is False
    assert made[-3:] == [True, True, True]
    assert unlike_anew(db) == set()


def after_eight_nights(one_store, tmp_path):
    """A store that has read the mail of eight days at once."""
    db = fresh(one_store)
    night(db, tmp_path, *(line for day in range(1, 9) for line in many(day)))
    return db


def test_subjects_that_turn_out_to_carry_references_are_looked_at_again(one_store, tmp_path):
    db = after_eight_nights(one_store, tmp_path)
    tickets = [
        f"2026-10-09T10:00:{n:02}Z,sent,t{n},desk@x.example,p{n % 9}@client1.example,Ticket {n} closed,"
        for n in range(60)
    ]
    night(db, tmp_path, *tickets[:15])
    assert rows(db, "from referring where masked_name like '%ticket%'") == []
    assert night(db, tmp_path, *tickets[15:])
    assert rows(db, "from referring where masked_name like '%ticket%'") != []
    assert unlike_anew(db) == set()


def test_message_ids_that_come_again_are_looked_at_whoever_got_them(one_store, tmp_path):
    db = after_eight_nights(one_store, tmp_path)
    again = [
        f"2026-10-09T1{k}:00:00Z,sent,same{n},app@x.example,p{n}@client1.example,Hello {k},hello{k}"
        for n in range(1, 6) for k in (0, 1)
    ]  # fmt: skip
    for lines in (again[:1], again[1:2], again[2:4], again[4:8], again[8:]):
        night(db, tmp_path, *lines)
        assert unlike_anew(db) == set()
    assert night(db, tmp_path, *many(10))
    assert unlike_anew(db) == set()


def test_times_at_which_a_group_got_mail_again_come_and_go_with_what_is_read(one_store, tmp_path):
    """Six people got it at ten, and again at half past three: four of them, as one file says, two, as the next.
    The last one says that these two got it at noon as well: to them it is no longer five hours and a half.
    """
    db = after_eight_nights(one_store, tmp_path)

    def read(hour: str, people: range) -> int:
        lines = [
            f"2026-10-09T{hour}:{n:02}Z,sent,{hour}-{n},app@x.example,p{n}@client1.example,Moved,forum" for n in people
        ]
        assert night(db, tmp_path, *lines)
        assert unlike_anew(db) == set()
        return len(rows(db, "from odd_times"))

    assert read("10:00", range(6)) == 0
    assert read("15:30", range(4)) == 0
    assert read("15:30", range(4, 6)) == 1
    assert read("12:00", range(4, 6)) == 0


@pytest.mark.parametrize("change", ["a domain", "an earlier time", "a file that is gone"])
def test_what_changes_everything_makes_everything_anew(one_store, tmp_path, change):
    db = after_eight_nights(one_store, tmp_path)
    night(db, tmp_path, *many(9, people=4))
    assert night(db, tmp_path)
    config = Config()
    if change == "a domain":
        config = Config.model_validate({"organizations": {"domains": {"client1.example": "Harbor"}}})
    tables.save_settings(db, config, AS_OF - timedelta(days=20 * (change == "an earlier time")))
    if change == "a file that is gone":
        db.execute("delete from files where file_id = 2")
        db.execute("delete from events where file_id = 2")
    assert not refresh(db)
    assert unlike_anew(db) == set()
