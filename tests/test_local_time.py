"""Stamps without a zone mean what the zone's clock said: also in the hour that comes twice, and in the one that never
was."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from conftest import AS_OF, emptied, ingest, rows

from detector.config import Config

BERLIN = Config.model_validate({"logs": {"zone": "Europe/Berlin"}})
NEW_YORK = Config.model_validate({"logs": {"zone": "America/New_York"}})


def log(tmp_path, *stamps):
    """A Postfix log with one delivery per stamp, in this order, of queue ids that count up."""
    path = tmp_path / "mail.log"
    path.write_text(
        "".join(
            f"{stamp} mx1 postfix/smtp[1]: 4CF{number:07}: to=<ann@harbor.example>, "
            "relay=mx.harbor.example[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)\n"
            for number, stamp in enumerate(stamps)
        ),
        encoding="utf-8",
    )
    return path


def read(db, path, config, as_of=AS_OF):
    """(UTC hour and minute of each event, what was assumed of the hour)."""
    (tally,) = ingest(db, path, config=config, as_of=as_of)
    found = rows(db, "select strftime(make_timestamp(at_us), '%H:%M') as at from events order by record_number")
    return [row["at"] for row in found], [said for said in tally.assumptions if "came twice" in said]


def test_the_hour_that_comes_twice_is_told_apart_by_the_step_back(db, tmp_path):
    # Berlin is UTC+2 until 03:00 on 25 October 2026, when the clock goes back to 02:00 and the zone is UTC+1.
    stamps = [f"Oct 25 {clock}" for clock in ("01:59:00", "02:10:00", "02:50:00", "02:10:00", "02:59:00", "03:05:00")]
    at, said = read(db, log(tmp_path, *stamps), BERLIN)
    assert at == ["23:59", "00:10", "00:50", "01:10", "01:59", "02:05"]
    assert said == []


def test_without_a_step_back_the_second_pass_is_meant_and_that_is_said(db, tmp_path):
    at, said = read(db, log(tmp_path, "Oct 25 02:10:00", "Oct 25 02:50:00", "Oct 25 03:05:00"), BERLIN)
    assert at == ["01:10", "01:50", "02:05"]
    assert said == [
        "2026-10-25 02:00 to 03:00 came twice in Europe/Berlin: "
        "read as the second pass, for no line shows the step back"
    ]


def test_while_the_first_pass_is_going_on_it_is_the_one_meant(db, tmp_path):
    # at 00:55 UTC it is 02:55 in Berlin for the first time; the second pass would lie in the future
    at, said = read(
        db, log(tmp_path, "Oct 25 02:10:00", "Oct 25 02:50:00"), BERLIN, datetime(2026, 10, 25, 0, 55, tzinfo=UTC)
    )
    assert at == ["00:10", "00:50"]
    assert "the second is still to come" in said[0]


def test_lines_a_few_seconds_out_of_order_are_no_step_back(db, tmp_path):
    at, said = read(db, log(tmp_path, "Oct 25 02:10:05", "Oct 25 02:10:03", "Oct 25 02:10:04"), BERLIN)
    assert at == ["01:10", "01:10", "01:10"]
    assert len(said) == 1


def test_the_hour_that_never_was_is_read_an_hour_later(db, tmp_path):
    # 02:30 on 29 March 2026 does not exist in Berlin; a host that was late said so. 03:30 is 01:30 UTC
    (tally,) = ingest(db, log(tmp_path, "Mar 29 01:59:00", "Mar 29 02:30:00", "Mar 29 03:30:00"), config=BERLIN)
    found = rows(db, "select strftime(make_timestamp(at_us), '%H:%M') as at from events order by record_number")
    assert [row["at"] for row in found] == ["00:59", "01:30", "01:30"]
    never = "2026-03-29 02:00 to 03:00 never was in Europe/Berlin: stamps in it (1) were read an hour later"
    assert never in tally.assumptions


def test_every_zone_has_its_own_night(db, tmp_path):
    # New York goes back from 02:00 to 01:00 on 1 November 2026: UTC-4, then UTC-5
    stamps = ["Nov  1 00:59:00", "Nov  1 01:30:00", "Nov  1 01:30:00", "Nov  1 01:05:00", "Nov  1 02:00:00"]
    at, _ = read(db, log(tmp_path, *stamps), NEW_YORK, datetime(2026, 11, 2, tzinfo=UTC))
    assert at == ["04:59", "05:30", "05:30", "06:05", "07:00"]


@pytest.mark.parametrize("stamp", ["2026-10-25T00:30:00+00:00", "2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"])
def test_a_stamp_with_its_own_zone_needs_no_other(db, tmp_path, stamp):
    assert read(db, log(tmp_path, stamp), BERLIN) == (["00:30"], [])


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("mail.log", 2026),  # the latest October that is not in the future at as-of, 1 November 2026
        ("maillog-20211031", 2021),
        ("maillog-2021-10-20", 2020),  # written before 25 October 2021
        ("maillog-20991031", 2026),  # a date in the future tells nothing
        ("maillog-20211399", 2026),  # no date
    ],
)
def test_the_date_that_logrotate_puts_into_a_name_tells_the_year(db, tmp_path, name, year):
    path = log(tmp_path, "Oct 24 02:10:05", "Oct 25 12:10:03").rename(tmp_path / name)
    ingest(db, path)
    assert {row["y"] for row in rows(db, "select year(make_timestamp(at_us)) as y from events")} == {year}


def test_29_february_is_in_a_leap_year_even_if_the_log_goes_on_in_march(db, tmp_path):
    # as-of is November 2026: the latest February with 29 days was in 2024
    ingest(db, log(tmp_path, "Feb 29 10:00:00", "Mar  1 10:00:00"))
    days = rows(db, "select strftime(make_timestamp(at_us), '%Y-%m-%d') as day from events order by record_number")
    assert [row["day"] for row in days] == ["2024-02-29", "2024-03-01"]


def test_29_february_dates_the_new_year_after_it(db, tmp_path):
    # the last line of January is a year after the one of February: 2025, though January 2026 has been too
    ingest(db, log(tmp_path, "Feb 29 10:00:00", "Dec 31 10:00:00", "Jan  2 10:00:00"))
    days = rows(db, "select strftime(make_timestamp(at_us), '%Y-%m-%d') as day from events order by record_number")
    assert [row["day"] for row in days] == ["2024-02-29", "2024-12-31", "2025-01-02"]


def own_ids(tmp_path, hours_ahead, count=5, forged=0):
    """A log on a clock so far ahead of UTC, in which Postfix made the message ids, as it does for mail without one."""
    lines = []
    for number in range(count + forged):
        queue_id, at = f"4CF{number:07}", AS_OF.replace(month=10, day=20, hour=12, minute=number)
        made = at if number < count else at - timedelta(hours=5)
        local = at + timedelta(hours=hours_ahead)
        lines += [
            f"{local:%b %d %H:%M:%S} mx1 postfix/cleanup[1]: {queue_id}: message-id=<{made:%Y%m%d%H%M%S}."
            f"{queue_id}@mx1>",
            f"{local:%b %d %H:%M:%S} mx1 postfix/cleanup[1]: 5{queue_id}: message-id=<20261020000000.AAAA@elsewhere>",
        ]
    path = tmp_path / "mail.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("config", "hours_ahead", "said"),
    [
        (Config(), 0, None),
        (Config(), 1, "read as UTC, but Postfix's own message ids, which are in UTC, prove that this is 1 h too late"),
        (Config(), 11, r'they are of UTC\+11:00. .* under \[logs\], zone = "\+11:00", or better the name of the place'),
        (BERLIN, 2, None),  # in October it is summer there
        (
            BERLIN,
            5.5,
            "read as Europe/Berlin, .* prove that this is 3.5 h too late: they are of UTC.05:30.*, as zone the name",
        ),
        (NEW_YORK, 1, "read as America/New_York, .* prove that this is 5 h too late"),
        (BERLIN, -4, "read as Europe/Berlin, .* prove that this is 6 h too early: they are of UTC-04:00. Write"),
    ],
)
def test_a_zone_that_the_ids_of_postfix_contradict_is_complained_of(db, tmp_path, config, hours_ahead, said):
    (tally,) = ingest(db, own_ids(tmp_path, hours_ahead), config=config)
    assert re.search(said, tally.problem) if said else tally.problem is None
    assert tally.events == 10


def test_the_offset_that_is_told_may_be_written_as_it_is(db, tmp_path):
    (tally,) = ingest(db, own_ids(tmp_path, 11))
    assert tally.proved_zone == "+11:00"
    (tally,) = ingest(emptied(db), tmp_path / "mail.log", config=Config(logs={"zone": tally.proved_zone}))
    assert tally.problem is None
    assert "stamps without a zone were read as UTC+11:00" in tally.assumptions
    assert rows(db, "select min(hour(make_timestamp(at_us))) as h from events") == [{"h": 12}]  # as the ids say


def test_one_id_that_somebody_forged_contradicts_no_zone_and_upholds_none(db, tmp_path):
    (tally,) = ingest(db, own_ids(tmp_path, 0, count=20, forged=1))
    assert tally.problem is None
    (tally,) = ingest(db, own_ids(tmp_path, 1, count=20, forged=1))
    assert "1 h too late" in tally.problem
