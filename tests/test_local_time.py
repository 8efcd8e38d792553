"""Stamps without a zone mean what the zone's clock said: also in the hour that comes twice, and in the one that never
was."""

from datetime import UTC, datetime

import pytest
from conftest import AS_OF, ingest, rows

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
    at, said = read(db, log(tmp_path, "Mar 29 01:59:00", "Mar 29 02:30:00", "Mar 29 03:30:00"), BERLIN)
    assert at == ["00:59", "01:30", "01:30"]
    assert said == []


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
