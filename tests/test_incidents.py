"""Bursts into incidents, as pure functions: what is one affair, which known one it is, how grave, still going."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import affected as people_hit
from builders import incident
from hypothesis import given
from hypothesis import strategies as st

from detector.affairs import Burst, group
from detector.incidents import (
    Feed,
    Known,
    absorbed,
    liveness,
    match,
    new_id,
    organizations,
    severity,
)
from detector.incidents import withdrawn as withdraw

NIGHT = datetime(2026, 10, 27, 18, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HARBOR = frozenset(f"h{n}@harbor.example" for n in range(51))
LARKSPUR = frozenset(f"l{n}@larkspur.example" for n in range(8))


def burst(
    begins: timedelta = timedelta(0),
    lasts: timedelta = 2 * HOUR,
    people: frozenset[str] = HARBOR,
    template: str = "t:welcome",
    rung: str = "template+subject",
    number: int = 1,
) -> Burst:
    started = NIGHT + begins
    return Burst(template, number, rung, "noreply@academy.example", started, started + lasts, started + MINUTE, people)


def sized(size_class: int, **changes: object) -> Burst:
    """A burst in a log that knows a mail by its sender and size only."""
    key = f"z:noreply@academy.example|{size_class}"
    return burst(template=key, rung="sender+size", **changes)  # type: ignore[arg-type]


def known(incident_id: str, *bursts: Burst) -> Known:
    """What the night before wrote down of an incident of these bursts."""
    facts = incident(
        incident_id=incident_id,
        started_at=min(b.started_at for b in bursts),
        ended_at=max(b.ended_at for b in bursts),
    )
    return Known(facts, frozenset().union(*(b.recipients for b in bursts)))


# --- what is one affair ----------------------------------------------------------------------------------------------


def sizes(*bursts: Burst) -> list[int]:
    return [len(g) for g in group(bursts)]


def test_no_bursts_are_no_incident():
    assert group([]) == []


def test_one_fault_that_hits_two_clients_with_one_template_is_one_affair():
    assert sizes(burst(people=HARBOR), burst(people=LARKSPUR, begins=5 * MINUTE, number=2)) == [2]


def test_two_templates_to_the_same_people_at_the_same_time_are_one_affair():
    assert sizes(burst(), burst(template="t:invoice", begins=10 * MINUTE)) == [2]


def test_half_of_the_smaller_group_is_the_same_people_and_less_is_not():
    """Four of eight, who are four of 40 as well, a tenth; and three of eight."""
    four, three, others = sorted(LARKSPUR)[:4], sorted(LARKSPUR)[:3], sorted(HARBOR)[:36]
    assert sizes(burst(), burst(template="t:x", people=LARKSPUR | HARBOR)) == [2]
    assert sizes(burst(people=frozenset([*four, *others])), burst(template="t:x", people=LARKSPUR)) == [2]
    assert sizes(burst(people=frozenset([*three, *others])), burst(template="t:x", people=LARKSPUR)) == [1, 1]


def test_two_templates_to_different_people_are_two_affairs_even_at_the_same_time():
    assert sizes(burst(), burst(template="t:invoice", people=LARKSPUR)) == [1, 1]


def test_two_templates_to_different_people_are_one_affair_if_they_showed_it_together_in_one_quarter_of_an_hour():
    quarter = frozenset({900_000_000 * 7})
    together = (
        replace(burst(), quarters=quarter),
        replace(burst(template="t:invoice", people=LARKSPUR), quarters=quarter),
    )
    assert sizes(*together) == [2]


def test_the_same_template_and_people_more_than_an_hour_apart_are_two_affairs():
    assert sizes(burst(lasts=HOUR), burst(begins=2 * HOUR)) == [2]  # ends at 19:00, begins at 20:00
    assert sizes(burst(lasts=HOUR), burst(begins=2 * HOUR + MINUTE)) == [1, 1]


def test_one_person_of_a_great_burst_who_gets_other_mail_again_and_again_meanwhile_is_another_affair():
    """One of 51 is less than a tenth, and six are more."""
    one, six = (burst(template="t:ticket", people=frozenset(sorted(HARBOR)[:n])) for n in (1, 6))
    assert sizes(burst(), one) == [1, 1]
    assert sizes(burst(), six) == [2]


def test_four_mails_of_one_sender_that_all_come_twice_within_seconds_day_after_day_are_one_affair():
    """To eight people each, no more than 26 hours apart. Three are three, and so is what comes a minute later, or in
    twice as many copies each."""

    def daily(mails: int, gap: float = 1.5, copies: float = 1.0) -> list[Burst]:
        people = [frozenset(f"p{n}@x{k}.example" for n in range(8)) for k in range(mails)]
        bursts = [burst(27 * HOUR * k, HOUR, people[k], f"s:post {k}") for k in range(mails)]
        found = [replace(each, median_gap_seconds=gap) for each in bursts]
        return [*found[:-1], replace(found[-1], copies_each=copies)]

    assert sizes(*daily(4)) == [4]
    assert sizes(*daily(3)) == [1, 1, 1]
    assert sizes(*daily(4, gap=60.0)) == [1, 1, 1, 1]
    assert sizes(*daily(4, copies=2.0)) == [1, 1, 1, 1]


def test_size_classes_next_door_are_one_affair_and_further_ones_are_not():
    assert sizes(sized(92), sized(93, people=LARKSPUR)) == [2]
    assert sizes(sized(92), sized(94, people=LARKSPUR)) == [1, 1]


def test_size_classes_next_door_that_repeat_after_other_times_are_two_affairs():
    """One person's tickets every two minutes, and a group's mail every half hour."""
    group = replace(sized(92, people=HARBOR), median_gap_seconds=1800.0)
    person = replace(sized(93, people=LARKSPUR), median_gap_seconds=119.0)
    assert sizes(group, person) == [1, 1]
    assert sizes(group, replace(person, median_gap_seconds=1700.0)) == [2]


def test_what_goes_on_slowly_is_one_affair_with_what_was_quick_if_it_rests_no_longer_than_it_takes():
    """A retry that backs off: hours after two hours. Not a replay, days later, of what had come weeks before."""
    quick = replace(burst(lasts=6 * HOUR), median_gap_seconds=7_200.0)
    slow = replace(burst(begins=20 * HOUR, lasts=40 * HOUR, number=1), is_slow=True, median_gap_seconds=50_000.0)
    assert sizes(quick, slow) == [2]
    replay = replace(slow, started_at=NIGHT + 80 * HOUR, ended_at=NIGHT + 81 * HOUR, median_gap_seconds=700_000.0)
    assert sizes(quick, replay) == [1, 1]


def test_a_burst_that_touches_two_makes_all_three_one_affair():
    first, last = burst(lasts=HOUR), burst(begins=3 * HOUR, template="t:invoice")
    between = burst(begins=HOUR, lasts=2 * HOUR, template="t:receipt")
    assert sizes(first, last) == [1, 1]
    assert sizes(first, last, between) == [3]


def test_other_mail_to_the_very_same_people_at_the_same_pace_within_two_days_is_one_affair():
    """A join without DISTINCT hits the same 51 in each mailing: the receipt a day and a half after the welcome."""
    first = replace(burst(lasts=MINUTE), median_gap_seconds=0.4)
    later = replace(burst(begins=36 * HOUR, lasts=MINUTE, template="t:receipt"), median_gap_seconds=0.2)
    assert sizes(first, later) == [2]
    assert sizes(first, replace(later, median_gap_seconds=900.0)) == [1, 1]  # repeated by something else
    assert sizes(first, replace(later, recipients=LARKSPUR)) == [1, 1]
    assert sizes(first, replace(later, started_at=NIGHT + 50 * HOUR, ended_at=NIGHT + 50 * HOUR)) == [1, 1]


def test_one_template_that_comes_again_to_some_within_seconds_and_to_others_after_an_hour_is_two_affairs():
    """Unless some are the same people, or it is about the same time: 55 seconds and 70."""
    quick = replace(burst(), median_gap_seconds=2.0)
    late = replace(burst(people=LARKSPUR, begins=MINUTE, number=2), median_gap_seconds=3600.0)
    assert sizes(quick, late) == [1, 1]
    assert sizes(quick, replace(late, recipients=HARBOR)) == [2]
    assert sizes(replace(quick, median_gap_seconds=55.0), replace(late, median_gap_seconds=70.0)) == [2]


def test_the_same_mail_to_the_very_same_people_at_the_same_pace_within_four_days_is_one_affair():
    """Who is entered six times gets six of each mailing; others, at another pace or later, are another affair."""
    first = replace(burst(lasts=MINUTE), median_gap_seconds=0.4)
    later = replace(burst(begins=90 * HOUR, lasts=MINUTE, number=2), median_gap_seconds=0.2)
    assert sizes(first, later) == [2]
    assert sizes(first, replace(later, median_gap_seconds=900.0)) == [1, 1]
    assert sizes(first, replace(later, recipients=frozenset(sorted(HARBOR)[:40]))) == [
        1,
        1,
    ]  # 40 of 51 are not nearly all
    assert sizes(first, replace(later, started_at=NIGHT + 97 * HOUR, ended_at=NIGHT + 97 * HOUR)) == [1, 1]


def test_a_mail_in_two_languages_that_repeats_in_the_same_minutes_is_one_affair():
    """Begun and ended within five minutes of each other, from one sender, at one pace."""
    german = replace(burst(template="s:a@b.example|ihre einladung"), median_gap_seconds=240.0)
    french = replace(
        burst(begins=MINUTE, people=LARKSPUR, template="s:a@b.example|votre invitation"), median_gap_seconds=230.0
    )
    assert sizes(german, french) == [2]
    assert sizes(german, replace(french, sender="other@b.example")) == [1, 1]
    assert sizes(german, replace(french, median_gap_seconds=20.0)) == [1, 1]
    assert sizes(german, replace(french, ended_at=french.ended_at + HOUR)) == [1, 1]


def test_templates_of_one_kin_that_repeat_at_the_same_time_are_one_affair():
    one = replace(burst(template="s:a@b.example|due: x"), median_gap_seconds=60.0, kin="k:a@b.example|due:")
    other = replace(
        burst(begins=HOUR, people=LARKSPUR, template="s:a@b.example|due: y"), median_gap_seconds=60.0, kin=one.kin
    )
    assert sizes(one, other) == [2]
    assert sizes(one, replace(other, kin=None)) == [1, 1]


def test_what_comes_weekly_may_rest_for_a_week():
    week = replace(burst(lasts=MINUTE), is_slow=True, median_gap_seconds=7 * 86400.0)
    assert sizes(week, replace(week, started_at=NIGHT + 7 * DAY, ended_at=NIGHT + 7 * DAY)) == [2]
    daily = replace(week, median_gap_seconds=86400.0)
    assert sizes(daily, replace(daily, started_at=NIGHT + 7 * DAY, ended_at=NIGHT + 7 * DAY)) == [1, 1]


def test_what_machines_report_to_four_of_the_senders_own_staff_is_no_affair():
    """Unless somebody outside is ever sent the template too, or more than four are hit."""
    staff = frozenset(f"ops{n}@academy.example" for n in range(4))
    ours = ("academy.example", "mon.academy.example")
    report = replace(burst(people=staff), domains=ours)
    assert sizes(report) == []
    assert sizes(replace(report, domains=("academy.example", "harbor.example"))) == [1]
    assert sizes(replace(report, recipients=staff | {"boss@academy.example"})) == [1]


starts = st.integers(0, 60).map(lambda hours: hours * HOUR)
a_burst = st.builds(
    burst,
    begins=starts,
    lasts=st.integers(0, 8).map(lambda hours: hours * HOUR),
    people=st.frozensets(st.sampled_from([f"p{n}@x.example" for n in range(8)]), min_size=1),
    template=st.sampled_from(["t:welcome", "t:invoice", "t:receipt"]),
)
some_bursts = st.lists(a_burst, max_size=8, unique_by=lambda b: (b.template_key, b.started_at)).map(
    lambda bursts: [replace(b, burst_number=n) for n, b in enumerate(bursts)]
)


@given(some_bursts, st.randoms())
def test_grouping_loses_nothing_doubles_nothing_and_does_not_depend_on_order(bursts, random):
    groups = group(bursts)
    assert sorted(b.burst_number for g in groups for b in g) == sorted(b.burst_number for b in bursts)
    shuffled = list(bursts)
    random.shuffle(shuffled)
    assert {frozenset(b.burst_number for b in g) for g in group(shuffled)} == {
        frozenset(b.burst_number for b in g) for g in groups
    }


# --- ids -------------------------------------------------------------------------------------------------------------


def test_an_id_can_be_said_over_the_phone_and_is_the_same_on_every_machine():
    assert re.fullmatch(r"INC-[2-9A-HJKMNP-TV-Z]{4}", new_id([burst()], ()))
    assert new_id([burst()], ()) == new_id([burst()], ())
    assert new_id([burst()], ()) == new_id([burst(begins=MINUTE)], ())  # the first copies may still be found
    assert new_id([burst()], ()) != new_id([burst(begins=DAY)], ())


def test_an_id_comes_from_how_it_began_so_what_follows_does_not_change_it():
    first = burst()
    assert new_id([first, burst(begins=HOUR, template="t:a")], ()) == new_id([first], ())
    assert new_id([burst(begins=HOUR, template="t:a"), first], ()) == new_id([first], ())
    assert new_id([replace(first, ended_at=first.ended_at + DAY)], ()) == new_id([first], ())


def test_an_id_that_is_taken_is_never_given_again():
    taken: set[str] = set()
    for _ in range(20):
        taken.add(new_id([burst()], taken))
    assert len(taken) == 20


# --- which known one it is -------------------------------------------------------------------------------------------


def test_a_new_affair_gets_a_new_id_and_a_known_one_keeps_its_own():
    assert match([(burst(),)], []) == [new_id([burst()], ())]
    assert match([(burst(),)], [known("INC-OLD2", burst())]) == ["INC-OLD2"]


def test_late_rows_extend_an_incident_and_do_not_rename_it():
    """Rows that arrive late make it begin earlier, end later and hit more people."""
    late = burst(begins=-HOUR, lasts=5 * HOUR, people=HARBOR | LARKSPUR)
    assert match([(late,)], [known("INC-OLD2", burst())]) == ["INC-OLD2"]


def test_it_may_go_on_the_next_day_and_is_another_one_after_two():
    yesterday = known("INC-OLD2", burst(lasts=2 * HOUR))
    assert match([(burst(begins=2 * HOUR + 36 * HOUR),)], [yesterday]) == ["INC-OLD2"]
    assert match([(burst(begins=2 * HOUR + 36 * HOUR + MINUTE),)], [yesterday]) != ["INC-OLD2"]


def test_other_people_are_another_incident():
    assert match([(burst(people=LARKSPUR),)], [known("INC-OLD2", burst())]) != ["INC-OLD2"]


def test_two_affairs_stay_two_in_every_later_night():
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR)
    groups = group([one, two])
    ids = match(groups, [])
    assert len(set(ids)) == 2
    past = [known(name, *g) for name, g in zip(ids, groups, strict=True)]
    assert match(groups, past) == ids
    assert match(groups, past[::-1]) == ids
    assert match([(two,)], past) == ids[1:]
    assert match([(one,)], past) == ids[:1]


def test_a_second_affair_of_the_same_people_does_not_take_the_first_ones_id():
    """The first was known; tonight the log has it and another three hours later."""
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR)
    ids = match(group([one, two]), [known("INC-OLD2", one)])
    assert ids[0] == "INC-OLD2"
    assert ids[1] != "INC-OLD2"


def test_a_late_file_with_an_earlier_affair_does_not_take_the_later_ones_id():
    """Only the second was known; late rows bring the first, which the log tells before it."""
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR)
    ids = match(group([one, two]), [known("INC-OLD2", two)])
    assert ids[1] == "INC-OLD2"
    assert ids[0] != "INC-OLD2"


def test_an_incident_that_another_absorbed_is_withdrawn_and_the_earliest_ones_id_stays():
    """Late rows close the gap between two known affairs: one group is left, and it is the earlier one."""
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR, number=2)
    past = [known("INC-22AA", one), known("INC-33BB", two)]
    together = group([one, two, burst(begins=HOUR, lasts=2 * HOUR, number=3)])
    ids = match(together, past)
    assert ids == ["INC-22AA"]
    assert [i.incident_id for i in withdraw(past, ids)] == ["INC-33BB"]


def test_what_the_evidence_no_longer_supports_is_kept_with_its_figures():
    (gone,) = withdraw([known("INC-22AA", burst())], [])
    assert (gone.state, gone.ongoing) == ("withdrawn", False)
    assert (gone.recipients, gone.sends, gone.excess) == (51, 3_570, 3_519)
    assert withdraw([known("INC-22AA", burst())], ["INC-22AA"]) == []


def test_a_withdrawn_incident_that_is_supported_again_has_its_old_id():
    (gone,) = withdraw([known("INC-22AA", burst())], [])
    assert match([(burst(),)], [Known(gone, HARBOR)]) == ["INC-22AA"]


@given(some_bursts)
def test_the_same_bursts_the_next_night_have_the_same_ids(bursts):
    groups = group(bursts)
    ids = match(groups, [])
    assert len(set(ids)) == len(groups)
    assert all(re.fullmatch(r"INC-[2-9A-HJKMNP-TV-Z]{4}", name) for name in ids)
    assert match(groups, [known(name, *g) for name, g in zip(ids, groups, strict=True)]) == ids


@given(some_bursts, st.integers(0, 50), st.frozensets(st.sampled_from(sorted(LARKSPUR))))
def test_late_rows_that_extend_the_last_affair_rename_none(bursts, minutes, more_people):
    groups = group(bursts)
    ids = match(groups, [])
    past = [known(name, *g) for name, g in zip(ids, groups, strict=True)]
    if not groups:
        return
    *others, last = groups
    later = replace(
        last[-1], ended_at=last[-1].ended_at + minutes * MINUTE, recipients=last[-1].recipients | more_people
    )
    assert match([*others, (*last[:-1], later)], past) == ids


# --- still going or not ----------------------------------------------------------------------------------------------


def feed(log_ends: timedelta, looked_after: timedelta = timedelta(0)) -> Feed:
    return Feed(NIGHT + log_ends, NIGHT + log_ends + looked_after, 26 * HOUR)


def test_a_burst_is_active_for_an_hour_after_its_last_copy_then_quiet_then_stopped():
    assert liveness(NIGHT, 104, feed(timedelta(0))) == ("active", True)
    assert liveness(NIGHT, 104, feed(HOUR)) == ("active", True)
    assert liveness(NIGHT, 104, feed(HOUR + timedelta(microseconds=1))) == ("quiet", False)
    assert liveness(NIGHT, 104, feed(2 * HOUR)) == ("quiet", False)
    assert liveness(NIGHT, 104, feed(2 * HOUR + timedelta(microseconds=1))) == ("stopped", False)


def test_a_daily_drip_is_active_until_six_days_pass_without_a_copy():
    assert liveness(NIGHT, 86_400, feed(6 * DAY)) == ("active", True)
    assert liveness(NIGHT, 86_400, feed(6 * DAY + MINUTE)) == ("quiet", False)
    assert liveness(NIGHT, 86_400, feed(12 * DAY + MINUTE)) == ("stopped", False)


def test_a_stale_log_cannot_tell_whether_it_goes_on():
    assert feed(HOUR, 26 * HOUR).is_stale is False
    assert feed(HOUR, 26 * HOUR + MINUTE).is_stale is True
    assert liveness(NIGHT, 104, feed(timedelta(0), 27 * HOUR)) == ("blind", None)


def test_a_stale_log_never_says_that_it_stopped():
    """The log goes on for a day after the last copy, which would be stopped; but it ends 27 hours before the night."""
    assert liveness(NIGHT, 104, feed(DAY, 26 * HOUR)) == ("stopped", False)
    assert liveness(NIGHT, 104, feed(DAY, 27 * HOUR)) == ("blind", None)


# --- how grave -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "excess", "lasted", "expected"),
    [
        (51, 3_539, 2 * HOUR, "grave"),
        (50, 500, MINUTE, "grave"),
        (49, 500, MINUTE, "serious"),
        (50, 499, MINUTE, "serious"),
        (1, 5_000, 2 * HOUR, "grave"),
        (1, 400, 5 * HOUR, "serious"),
        (1, 199, 5 * HOUR, "minor"),
        (20, 20, MINUTE, "serious"),
        (19, 19, 23 * HOUR, "minor"),
        (5, 85, DAY, "serious"),
        (4, 68, 17 * DAY, "minor"),
        (5, 5, MINUTE, "minor"),
        (1, 3, MINUTE, "minor"),
        (1, 2, 2 * HOUR, "info"),
        (2, 2, MINUTE, "info"),
    ],
)
def test_severity(people, excess, lasted, expected):
    assert severity(people, excess, lasted) == expected


@given(st.integers(1, 1_000), st.integers(1, 10_000), st.integers(0, 100), st.integers(0, 500))
def test_more_people_more_copies_or_longer_is_never_less_grave(people, excess, hours, more):
    order = ["info", "minor", "serious", "grave"]
    before = order.index(severity(people, excess, hours * HOUR))
    for worse in (
        severity(people + more, excess, hours * HOUR),
        severity(people, excess + more, hours * HOUR),
        severity(people, excess, (hours + more) * HOUR),
    ):
        assert order.index(worse) >= before


def test_organizations_are_named_by_the_number_of_their_people_and_private_addresses_are_none():
    eight = people_hit(8, 12, "Birchwood Clinics", "birchwood.example")
    private = people_hit(20, 5, None, "mail.example")
    assert organizations((*eight, *people_hit(), *private)) == ("Harbor Freightways", "Birchwood Clinics")
    assert organizations(private) == ()
    same = (*people_hit(3, 2, "Zed"), *people_hit(3, 2, "Acme"))
    assert organizations(same) == ("Acme", "Zed")


# --- what turned out to be a part of another one ------------------------------------------------------------------


def test_an_incident_that_another_one_absorbed_is_said_to_be_a_part_of_it():
    """18:00 to 19:00 and 21:00 to 22:00 were two; late rows of 19:00 to 21:00 make them one."""
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR, number=2)
    past = [known("INC-22AA", one), known("INC-33BB", two)]
    together = group([one, two, burst(begins=HOUR, lasts=2 * HOUR, number=3)])
    assert absorbed(together, match(together, past), past) == {"INC-33BB": "INC-22AA"}


def test_an_incident_that_lost_its_evidence_is_a_part_of_nothing():
    """Near in time and with the same people, but outside of what the other one spans."""
    one, two = burst(lasts=HOUR), burst(begins=3 * HOUR, lasts=HOUR, number=2)
    past = [known("INC-22AA", one), known("INC-33BB", two)]
    assert absorbed([(one,)], ["INC-22AA"], past) == {}


def test_what_was_merged_is_never_matched_again_and_its_id_never_given_anew():
    two = burst(begins=3 * HOUR, lasts=HOUR)
    gone = known(new_id([two], ()), two)
    (name,) = match([(two,)], [gone], {gone.incident.incident_id})
    assert name != gone.incident.incident_id
