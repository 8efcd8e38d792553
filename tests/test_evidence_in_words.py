"""Why a batch was alarmed, in sentences that are true of the people it counts."""

import pytest

from detector.evidence_in_words import Batch, batch, judged

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
