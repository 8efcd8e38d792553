"""The BurstDetector: what is usual is learned per template, and an e-value says how far beyond it a batch is.

Days are counted from DAY; a template's history is a list of days, each with one batch and what of it was repeated.
"""

from math import log10

import numpy as np
import pytest
from scipy.stats import betabinom
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from detector.batch_rows import CONVERSATION, SCATTERED
from detector.estimator import COLUMNS, BurstDetector
from detector.priors import PRIORS

DAY = 20_600
TODAY = DAY + 28
SECONDS, MINUTES, HOURS, A_DAY, DAYS = 1, 4, 6, 8, 9  # lag bins
TOGETHER, DAILY, EVERYBODY, PERSON, LATER = 0, 1, 3, 4, 9  # scales
TEMPLATE = COLUMNS.index("template")

Row = tuple[float, ...]


def row(**values: float) -> Row:
    """One row of X by the names of its columns; what is not given is 0."""
    assert set(values) <= set(COLUMNS)
    return tuple(float(values.get(name, 0)) for name in COLUMNS)


def batch(
    day: int,
    exposed: int,
    repeated: int = 0,
    lag_bin: int = MINUTES,
    *,
    template: int = 1,
    scale: int = TOGETHER,
    again: bool = False,
) -> list[Row]:
    """What the log says of one batch: its size and, if anybody got the same again, how many and how soon."""
    same = {"template": template, "scale": scale, "is_again": again, "day": day, "exposed": exposed}
    sizes = [row(**same)] if scale == EVERYBODY else [row(**same), row(**same | {"scale": EVERYBODY})]
    return [*sizes[::-1], row(**same, repeated=repeated, lag_bin=lag_bin)] if repeated else sizes


def person(exposed: int, repeated: int, own_exposed: int = 0, own_repeated: int = 0, lag_bin: int = MINUTES) -> Row:
    """One person's day with one template, and the same person's other days with it."""
    own = {"own_exposed": own_exposed, "own_repeated": own_repeated}
    return row(
        template=1, scale=PERSON, is_again=1, lag_bin=lag_bin, day=TODAY, exposed=exposed, repeated=repeated, **own
    )


def month(exposed: int = 20, **changes: int) -> list[Row]:
    """Twenty-eight days with one batch each and no repeats."""
    return [row for day in range(DAY, TODAY) for row in batch(day, exposed, **changes)]


def fitted(*rows: Row, **settings: float) -> BurstDetector:
    return BurstDetector(**{"alarm_log10": 6, **settings}).fit(np.array(rows))


def log10_e(history: list[Row], row: Row) -> float:
    """The evidence of one row that stands in the log beside its history."""
    return -float(fitted(*history, row).score_samples(np.array([row]))[0])


# --- the number itself -----------------------------------------------------------------------------------------------


def test_a_batch_of_an_unknown_template_is_judged_by_what_is_assumed_of_templates():
    """Usual share 0.003, concentration 36: a beta distribution with 0.108 and 35.892. All 51 of 51 people again."""
    *_, row = batch(TODAY, 51, 51)
    under_usual = betabinom.pmf(51, 51, 0.003 * 36, 0.997 * 36)
    any_share = 1 / 52  # every number of people from 0 to 51 is as likely as any other
    assert log10_e([], row) == pytest.approx(log10(any_share / under_usual / 15))  # the lag bins share the evidence
    assert 15 < log10_e([], row) < 25


def test_four_weeks_without_a_repeat_make_the_usual_a_tenth_of_what_is_assumed():
    """0 repeats of 27 x 20 people and 0.003 of 50 assumed ones are 0.15 / 590 = 0.00025; the floor is 0.0003.

    The day before is left out with the day itself: a loop does not stop at midnight. 27 clean days weigh nine times as
    much as what is assumed (3 days), so the concentration is nine tenths of the way from 36 to 40, on a log scale.
    """
    *_, row = batch(TODAY, 10, 6)
    concentration = 36**0.1 * 40**0.9
    under_usual = betabinom.pmf(6, 10, 0.0003 * concentration, 0.9997 * concentration)
    assert log10_e(month(), row) == pytest.approx(log10(1 / 11 / under_usual / 15))


def test_a_person_is_judged_by_everybodys_days_and_by_the_persons_own():
    """Assumed of a person: 10 x 0.003, concentration 3. On other days 4 of this person's 6 copies were followed."""
    row = person(9, 7, own_exposed=6, own_repeated=4)
    hits, misses = 0.03 * 3 + 4, 0.97 * 3 + 2
    assert log10_e([], row) == pytest.approx(max(0.0, log10(1 / 10 / betabinom.pmf(7, 9, hits, misses) / 15)))
    row = person(200, 199)
    assert log10_e([], row) == pytest.approx(log10(1 / 201 / betabinom.pmf(199, 200, 0.09, 2.91) / 15))


def test_every_lag_bin_has_an_assumption():
    assert sorted(PRIORS) == list(range(1, 16))
    assert all(0 < share < 0.05 and min(one, other, days) > 0 for share, one, other, days in PRIORS.values())


def test_nothing_repeated_too_few_repeated_and_the_batch_itself_are_no_evidence():
    rows = [*batch(TODAY, 51), row(lag_bin=MINUTES, day=TODAY, exposed=51), batch(TODAY, 2, 2)[-1]]
    assert fitted(*rows).score_samples(np.array(rows)).tolist() == [0, 0, 0, 0]


def test_more_people_are_more_evidence_and_three_copies_to_three_people_of_three_are_some():
    scores = [log10_e(month(), batch(TODAY, 20, people)[-1]) for people in range(3, 21)]
    assert scores == sorted(scores)
    assert scores[0] > 0
    assert (
        log10_e(month(), batch(TODAY, 5, 5)[-1]) > 6
    )  # five people, two copies each, in a template that never repeats


def test_rows_have_the_same_scores_together_as_each_alone():
    """One mail, another, and both a day earlier; by counts and lags of their own; and one person's."""
    rows = [
        batch(day, exposed, repeated, lag_bin, template=template)[-1]
        for day in (TODAY - 1, TODAY)
        for template in (1, 2)
        for exposed, repeated, lag_bin in ((51, 51, MINUTES), (51, 5, MINUTES), (20, 5, MINUTES), (51, 51, A_DAY))
    ] + [person(exposed=40, repeated=30)]
    detector = fitted(*month(), *month(template=2), *rows)
    alone = [float(detector.score_samples(np.array([row]))[0]) for row in rows]
    assert detector.score_samples(np.array(rows)).tolist() == alone
    assert len(set(alone)) > 6


# --- what is usual ---------------------------------------------------------------------------------------------------


def is_alarm(history: list[Row], row: Row) -> bool:
    return bool(fitted(*history, row).predict(np.array([row]))[0] == -1)


def test_fifty_one_people_welcomed_again_within_minutes_are_an_outlier():
    assert is_alarm(month(), batch(TODAY, 51, 51)[-1])


def test_a_forum_that_mails_its_whole_group_again_on_many_days_is_none():
    forum = [row for day in range(DAY, TODAY) for row in batch(day, 20, 20 * (day % 3 > 0))]
    assert not is_alarm(forum, batch(TODAY, 20, 20)[-1])
    assert is_alarm(month(), batch(TODAY, 20, 20)[-1])


def test_a_digest_every_morning_is_none():
    digest = [row for day in range(DAY, TODAY) for row in batch(day, 26, 26, A_DAY, again=True)]
    assert not is_alarm(digest, batch(TODAY, 26, 26, A_DAY, again=True)[-1])


def test_half_a_mailing_of_a_new_template_that_comes_again_at_once_is_an_outlier_only_in_a_log_of_weeks():
    """A third of 36 people within the minute: in the first week it may be a manager's two summaries."""
    new = batch(TODAY, 36, 12, SECONDS, template=2)[-1]
    assert is_alarm(month(), new)
    week = [row for row in month() if row[COLUMNS.index("day")] >= TODAY - 6]
    assert not is_alarm(week, new)
    assert not is_alarm(month(), batch(TODAY, 36, 12, HOURS, template=2)[-1])


def test_old_mail_that_had_gone_out_one_by_one_is_an_outlier_sooner_than_what_had_gone_out_together():
    """Of a template of ten days in a log of four weeks: 12 people in one quarter of an hour had had it for days."""
    began = [row for day in range(TODAY - 10, TODAY) for row in batch(day, 20, template=2, scale=LATER)]
    assert not is_alarm([*month(), *began], batch(TODAY, 12, 12, DAYS, template=2, scale=LATER)[-1])
    assert is_alarm([*month(), *began], batch(TODAY, 12, 12, SCATTERED, template=2, scale=LATER)[-1])


def test_what_one_template_does_says_nothing_about_another():
    forum = [row for day in range(DAY, TODAY) for row in batch(day, 20, 20, template=2)]
    assert is_alarm([*month(), *forum], batch(TODAY, 20, 20)[-1])


def test_a_past_incident_does_not_teach_that_incidents_are_usual():
    before = [row for row in month() if row[COLUMNS.index("day")] != DAY + 9] + batch(DAY + 9, 40, 40)
    after = log10_e(before, batch(TODAY, 51, 51)[-1])
    assert after == pytest.approx(log10_e(month(), batch(TODAY, 51, 51)[-1]), rel=0.02)
    assert is_alarm([*before, *batch(TODAY, 51, 51)], batch(DAY + 9, 40, 40)[-1])  # nor does the later hide the earlier


def test_it_does_not_either_if_one_person_of_151_once_asked_for_a_second_welcome():
    """The worst day is the one with the greatest share of people, not the first of two days with one batch each."""
    asked = batch(DAY + 5, 151, 1, lag_bin=9)
    incident = batch(DAY + 20, 51, 51)
    fan_out = batch(DAY + 12, 45, 31, SECONDS)[-1]
    assert log10_e([*month(), *asked, *incident], fan_out) == pytest.approx(
        log10_e([*month(), *asked], fan_out), rel=0.05
    )


def test_single_requests_in_small_groups_do_not_make_whole_groups_usual():
    """One of five is a share of 0.2, and chance alone scatters shares of five people that much."""
    requests = [row for day in range(DAY, TODAY, 4) for row in batch(day, 5, 1, HOURS)]
    assert is_alarm([*month(), *requests], batch(TODAY, 40, 30, SECONDS)[-1])


def test_a_mail_that_comes_daily_may_not_come_twice_a_minute():
    digest = [row for day in range(DAY, TODAY) for row in batch(day, 26, 26, A_DAY, again=True)]
    assert is_alarm(digest, batch(TODAY, 26, 26, MINUTES, again=True)[-1])


def test_a_day_never_speaks_for_itself():
    """Fifty batches of one day, all of them repeated: the incident's own evidence is the same as if it had but one."""
    many = [row for _ in range(50) for row in batch(TODAY, 51, 51)]
    assert log10_e([*month(), *many], many[1]) == pytest.approx(log10_e(month(), many[1]))


def test_a_shared_inbox_that_always_gets_fifty_alike_is_no_alarm_and_a_private_one_is():
    usual = person(50, 40, own_exposed=900, own_repeated=720)
    assert log10_e(month(scale=EVERYBODY), usual) < 1
    assert log10_e(month(scale=EVERYBODY), person(50, 40)) > log10_e(month(scale=EVERYBODY), usual) + 0.9


# --- e-values --------------------------------------------------------------------------------------------------------

HISTORIES = {
    "nothing known": [],
    "a quiet month": month(),
    "a forum": [row for day in range(DAY, TODAY) for row in batch(day, 20, 20 * (day % 3 > 0))],
    "some requests": [row for day in range(DAY, TODAY) for row in batch(day, 12, day % 4)],
}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("exposed", [5, 51, 400])
def test_under_its_own_usual_an_e_value_of_a_hundred_comes_at_most_once_in_a_hundred(history: str, exposed: int):
    batches = 100_000
    row = batch(TODAY, exposed, exposed)[-1]
    detector = fitted(*HISTORIES[history], row)
    (usual,), (concentration,) = detector.usual(np.array([row]))
    rng = np.random.default_rng(27)
    share = rng.beta(usual * concentration, (1 - usual) * concentration, batches)
    rows = np.tile(np.array(row), (batches, 1))
    rows[:, COLUMNS.index("repeated")] = rng.binomial(exposed, share)
    evidence = -detector.score_samples(rows)
    for q in (1, 2, 3):
        assert np.mean(evidence >= q) <= 10**-q


def test_the_mean_e_value_under_the_usual_is_at_most_one():
    """Exactly: the sum over all outcomes of their probability times their e-value, for those that count as evidence."""
    rows = np.tile(np.array(batch(TODAY, 51, 51)[-1], dtype=float), (52, 1))
    rows[:, COLUMNS.index("repeated")] = np.arange(52)
    detector = fitted(*month(), tuple(rows[-1]))
    (usual, *_), (concentration, *_) = detector.usual(rows)
    chance = betabinom.pmf(np.arange(52), 51, usual * concentration, (1 - usual) * concentration)
    e = 10 ** -detector.score_samples(rows)
    assert np.sum(chance * np.where(e > 1, e, 0)) <= 1


# --- as scikit-learn has it ------------------------------------------------------------------------------------------

MATRIX = np.array([*month(), *batch(TODAY, 51, 51), *batch(TODAY, 20, 4, HOURS), person(30, 28)], dtype=float)


def test_lower_is_stranger_and_the_three_methods_agree_on_the_offset():
    detector = BurstDetector(alarm_log10=6).fit(MATRIX)
    scores = detector.score_samples(MATRIX)
    assert detector.offset_ == pytest.approx(-6)
    assert scores.shape == (len(MATRIX),)
    assert scores.max() <= 0
    assert scores.argmin() == len(month()) + 2  # the burst
    np.testing.assert_array_equal(detector.decision_function(MATRIX), scores - detector.offset_)
    np.testing.assert_array_equal(detector.predict(MATRIX), np.where(scores <= -6, -1, 1))
    assert detector.predict(MATRIX).tolist().count(-1) == 1


def test_exactly_at_the_alarm_line_is_an_alarm():
    line = log10_e(month(), batch(TODAY, 51, 51)[-1])
    row = np.array(batch(TODAY, 51, 51)[-1])
    history = np.array([*month(), row])
    assert BurstDetector(alarm_log10=line).fit(history).predict([row]) == -1
    assert BurstDetector(alarm_log10=line + 0.001).fit(history).predict([row]) == 1


def test_fitting_twice_is_fitting_once_and_the_order_of_rows_does_not_matter():
    once = BurstDetector().fit(MATRIX).score_samples(MATRIX)
    np.testing.assert_array_equal(BurstDetector().fit(MATRIX).fit(MATRIX).score_samples(MATRIX), once)
    shuffled = np.random.default_rng(1).permutation(len(MATRIX))
    np.testing.assert_allclose(BurstDetector().fit(MATRIX[shuffled]).score_samples(MATRIX), once)
    np.testing.assert_allclose(BurstDetector().fit(MATRIX).score_samples(MATRIX[shuffled]), once[shuffled])


def test_fit_leaves_its_input_and_its_parameters_alone():
    matrix, detector = MATRIX.copy(), BurstDetector(people=4)
    detector.fit(matrix).predict(matrix)
    np.testing.assert_array_equal(matrix, MATRIX)
    assert detector.get_params()["people"] == 4


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_tiny_log_is_enough_to_fit_and_to_be_quiet_about(rows: int):
    detector = BurstDetector(alarm_log10=6).fit(MATRIX[:rows])
    assert detector.predict(MATRIX[:rows]).tolist() == [1] * rows


def test_a_log_of_people_only_can_be_fitted():
    assert fitted(person(9, 7)).score_samples(np.array([person(9, 7)])).shape == (1,)


def test_no_rows_and_what_is_no_number_are_refused():
    for wrong in (np.empty((0, len(COLUMNS))), np.full((2, len(COLUMNS)), np.nan)):
        with pytest.raises(ValueError):
            BurstDetector().fit(wrong)
        with pytest.raises(ValueError):
            BurstDetector().fit(MATRIX).score_samples(wrong)


def test_scoring_before_fitting_is_an_error_that_says_so():
    with pytest.raises(NotFittedError):
        BurstDetector().score_samples(MATRIX)


def test_parameters_can_be_read_set_and_cloned():
    detector = BurstDetector(alarm_log10=9, people=5)
    assert detector.get_params() == {
        "alarm_log10": 9,
        "people": 5,
        "prior_exposures": 50.0,
        "prior_days": 3.0,
        "contamination": 0.1,
    }
    twin = clone(detector.fit(MATRIX))
    assert twin.get_params() == detector.get_params()
    assert not hasattr(twin, "offset_")
    assert twin.set_params(alarm_log10=2).fit(MATRIX).offset_ == pytest.approx(-2)


def test_it_works_at_the_end_of_a_pipeline():
    pipeline = make_pipeline(FunctionTransformer(), BurstDetector(alarm_log10=4))
    np.testing.assert_array_equal(
        pipeline.fit(MATRIX).predict(MATRIX), BurstDetector(alarm_log10=4).fit(MATRIX).predict(MATRIX)
    )
    np.testing.assert_array_equal(BurstDetector().fit_predict(MATRIX), BurstDetector().fit(MATRIX).predict(MATRIX))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_it_passes_every_check_that_scikit_learn_has_for_estimators():
    check_estimator(BurstDetector())


def test_columns_that_are_missing_are_neutral():
    """Six of six people again, within minutes, in a template that nobody knows: with one column or with all."""
    whole = np.zeros((1, len(COLUMNS)))
    whole[0, [COLUMNS.index(name) for name in ("repeated", "exposed", "lag_bin")]] = (6, 6, MINUTES)
    scores = [
        BurstDetector().fit(rows).score_samples(rows)[0] for rows in (whole, whole[:, :3], whole[:, :2], whole[:, :1])
    ]
    assert scores == [scores[0]] * 4
    assert scores[0] < -3


def test_without_an_alarm_line_a_tenth_of_what_was_fitted_are_outliers():
    rows = np.array([[n, 100] for n in range(3, 23)])
    assert BurstDetector().fit(rows).predict(rows).tolist() == [1] * 18 + [-1] * 2


# --- habits and affairs at lags of hours and days --------------------------------------------------------------------


def test_a_group_repeated_after_two_hours_is_an_outlier_only_in_a_template_with_clean_days():
    """The same 51 people: of an unknown template it may be a habit, after four weeks without one it is a fault."""
    assert log10_e([], batch(TODAY, 51, 51, HOURS)[-1]) < 6
    assert log10_e(month(), batch(TODAY, 51, 51, HOURS)[-1]) > 6


def test_more_clean_days_are_more_evidence():
    quiet = [month()[len(month()) - 2 * days :] for days in (2, 5, 10, 20)]
    scores = [log10_e(days, batch(TODAY, 20, 20, HOURS)[-1]) for days in quiet]
    assert scores == sorted(scores)


def test_a_drip_of_a_week_after_three_weeks_without_one_does_not_excuse_itself():
    drip = [r for day in range(TODAY, TODAY + 7) for r in batch(day, 20, 20, A_DAY, again=day > TODAY)]
    known = [*month(), *drip, *batch(TODAY + 9, 20)]
    assert fitted(*known).predict(np.array([drip[-1]])) == -1


def test_a_digest_that_was_daily_from_the_first_day_of_the_log_is_no_drip():
    digest = [r for day in range(DAY, DAY + 7) for r in batch(day, 20, 20, A_DAY, again=day > DAY)]
    assert fitted(*digest).predict(np.array(digest)).tolist() == [1] * len(digest)


def test_in_a_conversation_whole_groups_repeat_by_nature():
    fault = dict(zip(COLUMNS, batch(TODAY, 20, 20)[-1], strict=True))
    assert log10_e([], row(**fault)) > 6
    assert log10_e([], row(**fault | {"kind": CONVERSATION})) < 2


def test_a_new_thread_is_judged_by_the_threads_of_its_forum():
    """Without template ids each thread is a template; family 7 is the forum's sender."""
    threads = [
        dict(zip(COLUMNS, r, strict=True)) | {"family": 7}
        for thread in range(10, 22)
        for day in (DAY + thread, DAY + thread + 3)
        for r in batch(day, 20, 20, template=thread)
    ]
    new = dict(zip(COLUMNS, batch(TODAY, 20, 20)[-1], strict=True))
    forum = [row(**thread) for thread in threads]
    assert log10_e(forum, row(**new | {"family": 7})) < 6 < log10_e(forum, row(**new | {"family": 3}))


def test_an_invitation_that_was_moved_after_minutes_hours_and_days_may_be_moved_after_any_time_but_seconds():
    """Nine days of the month had it again as a whole: three within ten minutes, three within the hour, three later."""
    habit = [r for day in range(DAY, TODAY) for r in batch(day, 20, 20 * (day % 3 == 0), 4 + day // 3 % 3)]
    at_one_lag = [r for day in range(DAY, TODAY) for r in batch(day, 20, 20 * (day % 3 == 0), 5)]
    days_later, at_once = batch(TODAY, 20, 20, DAYS)[-1], batch(TODAY, 20, 20, SECONDS)[-1]
    assert log10_e(habit, days_later) < 3 < log10_e(at_one_lag, days_later)
    assert log10_e(habit, at_once) > 6


def test_what_three_templates_of_a_kin_do_excuses_a_fourth_and_what_one_does_excuses_none():
    """Template 90 stands for the kin: the batches of all its templates together."""

    def of_a_kin(*templates: int) -> list[Row]:
        own = [(day, template) for day in range(DAY, TODAY) for template in [templates[day % len(templates)]]]
        rows = [r for day, template in own for name in (template, 90) for r in batch(day, 20, 20, template=name)]
        return [
            row(**dict(zip(COLUMNS, r, strict=True)) | {"kin": 90 * (r[TEMPLATE] < 90), "family": r[TEMPLATE]})
            for r in rows
        ]

    new = row(**dict(zip(COLUMNS, batch(TODAY, 20, 20, template=50)[-1], strict=True)) | {"kin": 90, "family": 50})
    assert log10_e(of_a_kin(1, 2, 3), new) < 6 < log10_e(of_a_kin(1), new)
