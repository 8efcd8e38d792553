"""Why a batch was alarmed, in sentences that are true of the people it counts."""

from pathlib import Path

import pytest

import detector
from detector.evidence_in_words import Batch, batch, bins_of_most, judged

START_US = 1_795_763_700_000_000


def found(**changes):
    facts = {
        "template_key": "s:x", "cut_by": "earlier", "organization": "Harbor", "scope": "organization",
        "window_start_us": START_US, "window_us": 900_000_000, "lag_bin": 4, "is_again": False, "exposed": 30,
        "repeated": 6, "log10": 6.7, "company": 1,
    }  # fmt: skip
    return Batch(**(facts | changes))


def test_those_sent_the_mail_for_the_first_time_are_all_who_could_get_it_again():
    assert batch(found(), 0) == (
        "In the 15 minutes from 27 Nov 07:15 UTC, 6 of 30 people at Harbor who had been sent mail of this template "
        "were sent the same again after 1 to 10 minutes."
    )


def test_those_to_whom_it_came_once_more_are_told_among_all_who_had_been_sent_it():
    said = batch(found(is_again=True, exposed=6), 30)
    assert (
        "6 of the 30 people at Harbor who had been sent mail of this template got it once more, and all of these were"
        in said
    )
    assert "6 people at Harbor who had been sent mail of this template got it once more" in batch(
        found(is_again=True, exposed=6), 6
    )


def test_without_another_day_it_is_judged_by_what_is_usual_of_unknown_mail():
    assert "by this template's other days, that" in judged(found(), has_other_days=True)
    assert "by what is usual of mail that nobody knows yet, that" in judged(found(), has_other_days=False)
    assert "by their other days" in judged(found(company=3), has_other_days=True)


@pytest.mark.parametrize(
    ("repeats", "bins"),
    [
        ({3: 40, 4: 60}, [4, 12]),  # 60 of 100 after 1 to 10 minutes; all of them within an hour
        ({1: 45, 2: 45, 4: 10}, [15, 12]),  # 45 is not most of 100; 90 came within a minute
        ({10: 3}, [10, 13, 14]),
        ({}, []),
    ],
)
def test_the_bins_that_tell_of_most_copies_are_named_the_narrowest_first(repeats, bins):
    assert bins_of_most([repeats.get(place, 0) for place in range(1, 12)]) == bins


def test_the_sample_is_told_by_the_gaps_that_whoever_looks_at_it_finds(sample_state: Path):
    """Its surest batch is of the few copies within a minute; most came 1 to 10 minutes after the one before."""
    with detector.open_snapshot(sample_state) as db:
        gaps = [gap for (gap,) in db.execute(
            "select r.lag_us / 1e6 from repeats as r join incident_repeats as i on i.send_id = r.send_id "
            "where r.grain = 'mail'"
        ).fetchall()]  # fmt: skip
        (surest,) = db.execute("select lag_bin from batch_alarms order by log10 desc limit 1").fetchone() or ()
    assert len(gaps) == 3539
    assert sum(60 <= gap < 600 for gap in gaps) > 0.9 * len(gaps)
    assert surest == 3
    assert (
        "- In the 15 minutes from 27 Oct 18:00 UTC, 51 of 51 people at Harbor Freightways who had been sent mail of "
        "this template were sent the same again after 1 to 10 minutes.\n"
    ) in (sample_state / "reports/2026-11-01/report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("log10", "said"),
    [
        (4.9, "at most once in 10,000 such"),
        (6.7, "at most once in 1 million such"),
        (9.2, "at most once in 1,000 million such"),
        (27.0, "less than once in a million million such"),
    ],
)
def test_how_rare_it_is_is_said_in_words_and_not_beyond_what_says_something(log10, said):
    assert said in judged(found(log10=log10), has_other_days=True)
