"""The facts that causes are judged from, counted over small affairs whose figures can be worked out by hand."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from detector.causes import explain
from detector.evidence import AUDIENCE_COLUMNS, COLUMNS, Evidence, measure
from detector.evidence.spacing import clocks_put_back

NOON = 1_790_942_400.0  # 2 October 2026, 12:00 UTC, a Friday
HOUR, DAY = 3600.0, 86_400.0


def affair(sends: Sequence[tuple[float, int]], spared: Sequence[float] = (), **everywhere: Any) -> Evidence:
    """The evidence of sends (seconds after noon, mail); the first of each mail was right. `spared` got theirs once."""
    firsts: dict[int, float] = {}
    for at, mail in sorted(sends):
        firsts.setdefault(mail, at)
    return told([(at, mail, at > firsts[mail]) for at, mail in sends], spared, **everywhere)


def told(sends: Sequence[tuple[float, int, bool]], spared: Sequence[float] = (), **everywhere: Any) -> Evidence:
    """The same, with what was extra said."""
    rows, firsts = [], {}
    for number, (at, mail, is_extra) in enumerate(sorted(sends)):
        row = {
            "mail": mail, "recipient": f"p{mail}@client.example", "organization": "Client", "template": "welcome",
            "subject": "Welcome", "sent_at_seconds": NOON + at, "is_extra": is_extra,
            "message_id": f"{number}@app.example", "is_senders_id": True, "outcome": "delivered", "attempts": 1,
        }  # fmt: skip
        rows.append(row | everywhere)
        firsts.setdefault(mail, (NOON + at, True, True, True))
    audience = [*firsts.values(), *((NOON + at, True, False, True) for at in spared)]
    return measure(pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(audience, columns=AUDIENCE_COLUMNS))


def rounds(starts: Sequence[float], people: int | Sequence[int]) -> list[tuple[float, int]]:
    """Each round goes through the list from the top, a second for each of its people."""
    sizes = [people] * len(starts) if isinstance(people, int) else people
    return [(start + n, n) for start, size in zip(starts, sizes, strict=True) for n in range(size)]


def first(evidence: Evidence) -> str:
    return explain(evidence)[0].cause


def test_a_loop_over_the_group_is_counted_in_rounds():
    found = affair(rounds([0, 100, 190, 320, 400, 470, 600], 10))
    assert found.counts.recipients == 10
    assert (found.counts.copies_min, found.counts.copies_median, found.counts.copies_max) == (7, 7, 7)
    assert (found.order.rounds, found.order.coverage, found.order.same_order) == (7, 1.0, 1.0)
    assert found.order.pause_seconds == 95.0  # of 100, 90, 130, 80, 70, 130
    assert found.spacing.median_seconds == 95.0
    assert found.counts.reach == 1.0
    assert first(found) == "whole-group-loop"


def test_a_timer_is_even_and_not_on_the_clock():
    found = affair(rounds([125 + 3600 * n for n in range(6)], 10))
    assert found.spacing.own_spread == 0.0
    assert (found.order.even_starts, found.order.on_clock) == (0.0, 0.0)
    assert found.order.idle == pytest.approx(1 - 6 * 9 / (5 * 3600 + 9), abs=0.0001)
    assert first(found) == "redelivery-timer"


def test_a_scheduled_job_that_forgets_is_even_and_on_the_clock():
    found = affair(rounds([600 * n + 2 for n in range(8)], [3, 5, 5, 6, 8, 9, 9, 10]))
    assert found.order.on_clock == 1.0
    assert found.order.stopped_together == 1.0
    assert found.order.head == pytest.approx(-1.0, abs=0.02)
    assert first(found) == "status-not-saved"


def test_each_restart_begins_at_the_top_and_its_end_is_cut_short():
    found = affair(rounds([0, 400, 1100, 1500, 2300], [31, 20, 45, 12, 60])[: 31 + 20 + 45 + 12 + 45], [2346.0] * 15)
    assert found.order.from_top == 1.0
    assert found.order.cut_short == 0.75  # 31, 20 and 12 of 45; the last round does not count
    assert found.order.head == pytest.approx(-0.95, abs=0.03)
    assert found.order.went_on == pytest.approx(15 / 45, abs=0.0001)
    assert first(found) == "restart-from-top"


def test_a_single_restart_is_told_by_the_people_it_went_on_to():
    found = affair(rounds([0, 2000], 20), spared=[2020.0 + n for n in range(30)])
    assert found.order.head is None
    assert (found.order.went_on, found.order.hit_first) == (1.5, 1.0)
    assert first(found) == "restart-from-top"


def test_who_is_written_to_for_the_first_time_minutes_after_a_second_mailing_is_none_that_it_went_on_to():
    """Ten get theirs one second after the other as it ends, two more ninety seconds later."""
    found = affair(rounds([0, 2000], 20), spared=[2020.0 + n for n in range(10)] + [2119.5, 2200.0])
    assert found.order.went_on == 10 / 20


def test_a_list_that_grows_gives_everybody_another_number_of_copies():
    found = affair(rounds([60 * n + 7 * (n % 3) for n in range(12)], list(range(1, 13)))[:-1])
    assert found.order.head == -1.0
    assert found.order.staircase == 1.0
    assert first(found) == "accumulating-list"


def test_pauses_that_double_are_a_retry():
    found = affair([(300 * (2**n - 1) + mail, mail) for mail in range(4) for n in range(7)])
    assert found.spacing.growth == 2.0
    assert (found.spacing.growing_share, found.spacing.trend) == (1.0, 1.0)
    assert found.spacing.step_spread == 0.0
    assert first(found) == "retry-backoff"


def test_one_message_handed_over_again_keeps_its_id():
    found = affair([(300 * (2**n - 1) + mail, mail) for mail in range(4) for n in range(5)], message_id="1@app.example")
    assert found.traces.distinct_ids_share == 0.0
    assert first(found) == "smtp-ambiguity"


def test_ids_that_a_provider_gives_say_nothing():
    assert affair(rounds([0, 100], 5), is_senders_id=False).traces.distinct_ids_share is None


def test_clocks_go_back_once_a_year_and_an_hour_apart_then_means_something():
    assert 1_792_890_000.0 in clocks_put_back(2026)  # 25 October, 01:00 UTC: Europe
    assert 1_793_512_800.0 in clocks_put_back(2026)  # 1 November, 06:00 UTC: New York
    assert len(clocks_put_back(2026)) < 12
    back = 1_792_890_000.0 - NOON
    found = affair(rounds([back - 1800, back + 1800], 30))
    assert found.spacing.clock_change_share == 1.0
    assert first(found) == "clock-change"
    assert affair(rounds([back - 1800 + DAY, back + 1800 + DAY], 30)).spacing.clock_change_share == 0.0


def test_copies_at_once_follow_on_each_other_and_spare_whoever_has_one_role():
    sends = [(5.0 * mail + 0.05 * copy, mail) for mail in range(20) for copy in range(2 + mail % 4)]
    found = affair(sends, spared=[5.0 * n + 2 for n in range(20)])
    assert found.counts.reach == 0.5
    assert found.order.one_by_one == pytest.approx(50 / 69, abs=0.0001)  # 70 copies of 20 mails
    assert first(found) == "per-subscription-loop"


def test_batches_on_time_in_several_copies_are_replicas_and_single_events_are_not():
    ticks = [(HOUR * tick + n + copy * 0.4, 20 * tick + n) for tick in range(3) for n in range(20) for copy in range(3)]
    found = affair(ticks)
    assert (found.order.occasions, found.order.occasion_mails, found.order.occasions_on_clock) == (3, 20.0, 1.0)
    assert first(found) == "replicated-scheduler"
    events = affair([(700.0 * mail + 130 + copy * 0.4, mail) for mail in range(30) for copy in range(2)])
    assert events.order.occasions == 30
    assert first(events) == "double-registration"


def test_old_mail_in_one_go_is_a_replay():
    found = affair([(HOUR * 7 * n, n) for n in range(60)] + [(20 * DAY + n, n) for n in range(60)])
    assert found.spacing.originals_seconds > 100 * found.spacing.extras_seconds
    assert first(found) == "backfill-replay"


def test_two_runs_drift_apart_and_a_second_press_does_not():
    run = rounds([0], 40)
    drifting = affair(run + [(20 + 1.5 * n, n) for n in range(8, 40)], spared=())
    assert drifting.spacing.step_spread and drifting.spacing.step_spread > 0.15
    pressed = affair(rounds([0, 9], 40))
    assert pressed.spacing.step_spread == 0.0
    assert first(pressed) == "double-submit"


def test_one_copy_each_tells_nothing_and_does_not_break():
    found = affair([(0.0, 1)])
    assert found.spacing.median_seconds == 0.0
    assert explain(found)


def test_a_machines_answer_is_told_by_its_words_if_there_are_any():
    assert affair(rounds([0, 60], 1), subject="Re: [Ticket 81] We received your request").traces.is_automatic
    assert affair(rounds([0, 60], 1), subject="Welcome").traces.is_automatic is False
    assert affair(rounds([0, 60], 1), subject=None, template="z:noreply@a.example|81").traces.is_automatic is None


def test_tomorrows_digest_is_another_mail_and_a_copy_that_was_not_counted_as_extra_is_not():
    digest = affair([(DAY * day + copy, mail) for day in range(3) for mail in range(5) for copy in range(2)])
    assert digest.counts.usual_copies == 6  # told as extra, each day's first one belongs to the same mail
    rows = [(DAY * day + copy, mail, copy > 0) for day in range(3) for mail in range(5) for copy in range(2)]
    assert told(rows).counts.usual_copies == 2
    assert told(rows).counts.mails == 15
    loop = [(100.0 * copy, mail, copy not in {0, 5}) for copy in range(10) for mail in range(5)]
    assert told(loop).counts.usual_copies == 10
