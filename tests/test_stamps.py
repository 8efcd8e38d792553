"""What a stamp in a table means, however it is written."""

from collections.abc import Iterator

import duckdb
import pytest

from detector.stamps import is_of_unclear_order, moment, order_of_dates


@pytest.fixture(scope="module")
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def read(memory: duckdb.DuckDBPyConnection, *stamps: str, zone: str = "UTC") -> list[str | None]:
    """The moments that a column of stamps means, in UTC."""
    memory.execute("create or replace temp table cells (place integer, stamp varchar)")
    memory.executemany("insert into cells values (?, ?)", list(enumerate(stamps)))
    order = order_of_dates("stamp", "cells", stamps)
    found = memory.execute(
        f"select strftime({moment('stamp', order)}, '%Y-%m-%d %H:%M:%S.%f') from cells order by place",
        {"zone": zone} if "$zone" in moment("stamp") else {},
    ).fetchall()
    return [text and text.removesuffix(".000000") for (text,) in found]


@pytest.mark.parametrize(
    "stamp",
    [
        *("1793124251", "1793124251000", "1793124251000000", "1793124251.0", "1793124251000000000"),
        *("2026-10-27T18:04:11Z", "2026-10-27 18:04:11", "2026-10-27 18:04:11 UTC", "2026-10-27T20:04:11+02:00"),
        *("2026-10-27 20:04:11 +0200", "2026-10-27 20:04:11+02", "2026-10-27 18:04:11,000", "2026/10/27 18:04:11"),
        *("2026-10-27 11:04:11 America/Los_Angeles", "2026/10/27 19:04:11 Europe/Berlin", "2026/10/27 11:04:11 PDT"),
        *("2026-10-27T18:04:11.0000000", "2026-10-27T18:04:11.0000000Z", " 2026-10-27 18:04:11 "),
        *("27.10.2026 18:04:11", "27/10/2026 18:04:11", "10/27/2026 6:04:11 PM", "27-10-2026, 18:04:11"),
        *("10/27/2026 18:04:11", "10/27/2026, 6:04:11 pm", "27/10/2026 20:04:11 CEST", "27.10.2026 20:04:11 +02:00"),
        *("Oct 27, 2026, 6:04:11 PM", "Oct 27, 2026 18:04:11", "27 Oct 2026 18:04:11", "27 October 2026 18:04:11"),
        *("Tue, 27 Oct 2026 18:04:11 GMT", "Tue, 27 Oct 2026 20:04:11 +0200", "Tue Oct 27 18:04:11 2026"),
        *("Oct 27, 2026, 7:04:11 PM GMT+1", "2026-10-27 20:04:11 UTC+2", "2026-10-27 6:04:11 PM"),
    ],
)
def test_a_stamp_is_understood(memory, stamp):
    assert read(memory, stamp) == ["2026-10-27 18:04:11"]


@pytest.mark.parametrize(
    "stamp",
    [
        *("yesterday", "", "18:04", "2026-02-30 10:00:00", "31/31/2026", "2026-10-27 18:04:11 Mars/Olympus", "12345"),
        *("2026-10-27 18:04:11 XYZ", "27/10/26 18:04:11", "Octember 27, 2026", "now", "'; drop table cells; --"),
        *("2026-10-27 18:04:11 +99", "0000-00-00 00:00:00", "NaN", "1e9"),
    ],
)
def test_what_is_no_stamp_is_nothing_and_no_error(memory, stamp):
    assert read(memory, stamp) == [None]


def test_a_stamp_without_a_zone_is_in_the_zone_of_the_config_and_one_with_a_zone_is_not(memory):
    stamps = ("27.10.2026 19:04:11", "2026-10-27 19:04:11", "2026-10-27T18:04:11Z", "10/27/2026 7:04:11 PM")
    assert read(memory, *stamps, zone="Europe/Berlin") == ["2026-10-27 18:04:11"] * 4


def test_whether_the_day_or_the_month_comes_first_is_told_by_the_whole_column(memory):
    assert read(memory, "05/10/2026 08:00", "13/10/2026 08:00") == ["2026-10-05 08:00:00", "2026-10-13 08:00:00"]
    assert read(memory, "05/10/2026 08:00", "05/13/2026 08:00") == ["2026-05-10 08:00:00", "2026-05-13 08:00:00"]


def test_one_odd_stamp_does_not_cost_the_others(memory):
    days = [f"{day}/10/2026 08:00" for day in range(1, 32)] * 2  # 38 of them tell: no month is a 13th to a 31st
    found = read(memory, *days, "05/13/2026 08:00", "13/13/2026 08:00")
    assert None not in found[:-2]
    assert found[-2:] == [None, None]


def test_a_column_that_does_not_tell_or_contradicts_itself_is_not_guessed_at(memory):
    assert read(memory, "05/10/2026 08:00", "06/10/2026 08:00") == [None, None]
    assert read(memory, "05/13/2026 08:00", "13/05/2026 08:00", "2026-10-27") == [None, None, "2026-10-27 00:00:00"]
    (unclear,) = memory.execute(f"select {is_of_unclear_order('stamp', 'null::varchar')} from cells limit 1").fetchone()
    assert unclear
