"""Scenarios drawn from a seed: every fault has the fingerprint of its cause, no look-alike a label."""

import csv
import sys
from collections import defaultdict
from itertools import pairwise
from random import Random
from statistics import median

import pytest

from detector.cli import main
from detector.errors import ConfigError
from detector.simulate import DRAWN, FORMATS, SCENARIOS, SUITES, simulate, simulate_roster, simulate_suite
from detector.simulate.academy import build_academy
from detector.simulate.bursts import Stage
from detector.simulate.faults import deliberate_resend
from detector.simulate.lookalikes import LOOK_ALIKES
from detector.simulate.messages import DAY, HOUR, SECOND, at_ms
from detector.simulate.scenarios import MONTH_ENDS_AT, MONTH_STARTS_AT, SMALL
from detector.simulate.suites import CLOCK_CHANGE_AT, FAULTS, RESEND, one_fault, small, standard
from tests.conftest import build, fresh_store, ingest, rows
from tests.test_simulate import logs_in, truth_of

ACADEMY = build_academy(3, clients=SMALL.clients, private_people=SMALL.private_people)
BEGINS, ENDS = at_ms(MONTH_STARTS_AT), at_ms(MONTH_ENDS_AT)
SEEDS = range(12)
TWO = ("roster.csv", "truth.json")


def copies_of(cause, seed):
    """One fault by itself: {(recipient, mail): messages in order}."""
    starts = at_ms(CLOCK_CHANGE_AT) if cause == "clock-change" else at_ms("2026-10-21T09:14:05Z")
    stage = Stage("it", ACADEMY, SMALL, starts, Random(seed), seed, BEGINS, ENDS)
    burst = deliberate_resend if cause == RESEND else FAULTS[cause]
    copies = defaultdict(list)
    for message in sorted(burst(stage), key=lambda message: message.sent_at_ms):
        assert message.burst == "it"
        for recipient in message.recipients:
            copies[recipient, message.same_as or message.subject].append(message)
    return copies


def gaps(copies):
    """Milliseconds from copy to copy to the same person."""
    return [b.sent_at_ms - a.sent_at_ms for messages in copies.values() for a, b in pairwise(messages)]


@pytest.mark.parametrize("cause", [*FAULTS, RESEND])
def test_every_fault_sends_something_twice_and_never_before_the_log_begins(cause):
    shapes = set()
    for seed in SEEDS:
        copies = copies_of(cause, seed)
        assert any(len(messages) > 1 for messages in copies.values()), seed
        assert all(messages[0].sent_at_ms >= BEGINS for messages in copies.values()), seed
        shapes.add((len(copies), sum(map(len, copies.values()))))
    assert len(shapes) > len(SEEDS) // 3  # drawn at random


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_leave_the_fingerprints_of_their_causes(seed):
    for messages in copies_of("smtp-ambiguity", seed).values():
        assert len({message.message_id for message in messages}) == 1
    for messages in copies_of("replicated-scheduler", seed).values():
        assert len({message.host for message in messages}) == len(messages) > 1
    assert max(gaps(copies_of("replicated-scheduler", seed))) < 2 * SECOND
    assert set(map(len, copies_of("double-registration", seed).values())) in ({2}, {3})
    assert max(gaps(copies_of("double-registration", seed))) < 5 * SECOND
    assert len(set(map(len, copies_of("per-subscription-loop", seed).values()))) > 1
    triangle = sorted(len(messages) for messages in copies_of("accumulating-list", seed).values())
    assert triangle == list(range(1, len(triangle) + 1))
    assert median(gaps(copies_of("backfill-replay", seed))) > DAY
    assert max(map(len, copies_of("double-submit", seed).values())) <= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_clocks_tick_evenly_and_back_off_grows(seed):
    for cause in ("redelivery-timer", "status-not-saved"):
        found = gaps(copies_of(cause, seed))
        assert max(found) - min(found) < 12 * SECOND
    assert all(gap > 11 * HOUR for gap in gaps(copies_of("scheduled-repeat", seed)))
    for messages in copies_of("retry-backoff", seed).values():
        waits = [b.sent_at_ms - a.sent_at_ms for a, b in pairwise(messages)]
        assert waits[-1] > waits[0]
    hours = {round(gap / HOUR, 2) for gap in gaps(copies_of("clock-change", seed)) if gap > HOUR // 2}
    assert 1.0 in hours


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_no_look_alike_is_labelled_and_each_is_much_mail(name):
    stage = Stage("", ACADEMY, SMALL, BEGINS, Random(5), 0, BEGINS, BEGINS + 10 * DAY)
    messages = list(LOOK_ALIKES[name](stage))
    assert {message.burst for message in messages} == {""}
    assert len(messages) > 100
    assert all(recipient.endswith(".example") for message in messages for recipient in message.recipients)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_standard_suite_has_twelve_faults_of_different_causes_one_of_them_early(seed):
    story = standard(seed)
    faults = [planned for planned in story.bursts if planned.is_fault]
    assert len({planned.cause for planned in faults}) == len(faults) == 12
    assert [planned.cause for planned in story.bursts if not planned.is_fault] == [RESEND]
    assert min(planned.starts_at for planned in faults) < "2026-09-05"
    assert max(planned.starts_at for planned in faults) < story.ends_at
    assert (at_ms(story.ends_at) - at_ms(story.starts_at)) // DAY == 60
    assert len(story.look_alikes) == len(LOOK_ALIKES)
    assert sum(planned.is_fault for planned in small(seed).bursts) == 5


def test_every_cause_can_be_simulated_by_its_name():
    assert {one_fault(cause, 1).bursts[0].cause for cause in FAULTS} == set(FAULTS)
    assert set(FAULTS) | set(LOOK_ALIKES) | {RESEND} < set(DRAWN)
    assert not set(DRAWN) & set(SCENARIOS)
    assert {name for names in SUITES.values() for name in names} <= set(DRAWN)


def test_one_fault_in_a_month_is_one_burst_in_the_truth(tmp_path):
    simulate("accumulating-list", format="plain", seed=2, out=tmp_path)
    (burst,) = truth_of(tmp_path)["bursts"]
    assert (burst["cause"], burst["is_fault"]) == ("accumulating-list", True)
    assert burst["excess"] == burst["recipients"] * (burst["recipients"] + 1) // 2
    assert burst["copies_max"] == burst["recipients"] + 1


def test_a_suite_has_a_folder_per_seed_and_scenario_and_the_same_bytes_each_time(tmp_path, monkeypatch):
    monkeypatch.setitem(SUITES, "two", ("bcc-archive", "smtp-ambiguity"))
    for out in ("one", "again"):
        paths = list(simulate_suite("two", format="m365", seeds=(4, 11), out=tmp_path / out))
    assert [path.parent.relative_to(tmp_path / "again").as_posix() for _, _, path in paths] == [
        "seed-04/bcc-archive",
        "seed-04/smtp-ambiguity",
        "seed-11/bcc-archive",
        "seed-11/smtp-ambiguity",
    ]
    assert logs_in(tmp_path / "one") == logs_in(tmp_path / "again")
    assert truth_of(tmp_path / "one/seed-04/bcc-archive")["bursts"] == []


def test_a_suite_of_one_scenario_needs_no_folder_for_it(tmp_path):
    ((_, _, path),) = simulate_suite("deferrals", format="plain", seeds=(7,), out=tmp_path)
    assert path == tmp_path / "seed-07" / "truth.json"


def test_an_unknown_name_is_answered_with_all_names(tmp_path):
    with pytest.raises(ConfigError, match=r"founding-night.*accumulating-list.*one-time-codes.*standard"):
        simulate("acumulating-list", format="plain", seed=1, out=tmp_path)


EVENTS, ATTEMPTS = ("plain", "jsonl", "ses", "sendgrid"), ("postfix", "exim", "m365", "sendgrid")
"""Formats whose events a provider delivers again; formats that log each attempt."""


@pytest.mark.parametrize(("name", "formats"), [("redelivered-events", EVENTS), ("deferrals", ATTEMPTS)])
def test_every_format_is_read_as_the_same_number_of_sends(name, formats, tmp_path):
    assert {*EVENTS, *ATTEMPTS} == FORMATS.keys()
    simulate(name, format=",".join(formats), seed=1, out=tmp_path / "logs")
    totals = truth_of(tmp_path / "logs")["totals"]
    counted = {}
    for format in formats:
        with fresh_store(tmp_path / format) as db:
            ingest(db, tmp_path / "logs" / format)
            build(db)
            (counted[format],) = rows(db, "select count(*) as sends, count(distinct recipient) as people from sends")
    assert counted == {format: {"sends": totals["sends"], "people": totals["recipients"]} for format in formats}


def test_the_roster_has_a_row_for_every_welcome_that_was_due(tmp_path):
    simulate("founding-night", format="plain", seed=27, out=tmp_path)
    with simulate_roster("founding-night", seed=27, out=tmp_path).open(encoding="utf-8", newline="") as file:
        roster = list(csv.DictReader(file))
    night = [row for row in roster if row["course"] == "Forklift Safety Essentials"]
    (burst,) = (burst for burst in truth_of(tmp_path)["bursts"] if burst["is_fault"])
    assert sorted(row["recipient"] for row in night) == sorted(person["recipient"] for person in burst["affected"])
    assert all(row["enrolled_at"] < burst["started_at"] for row in night)
    assert 300 < len(roster) < 1_500
    assert len({(row["recipient"], row["course"]) for row in roster}) < len(roster)  # some enroll again


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (["deferrals", "--seed", "3"], ["truth.json"]),
        (["deferrals", "--seeds", "3,5-6", "--roster"], [f"seed-0{n}/{name}" for n in (3, 5, 6) for name in TWO]),
    ],
)
def test_the_command_makes_a_scenario_or_a_suite(arguments, made, tmp_path, monkeypatch, capsys):
    command = ["detector", "simulate", *arguments, "--format", "m365", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    paths = sorted(path.relative_to(tmp_path).as_posix() for name in TWO for path in tmp_path.rglob(name))
    assert paths == made
    assert capsys.readouterr().out.split() == [str(tmp_path / path) for path in made if path.endswith(".json")]


def test_seeds_that_are_none_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["detector", "simulate", "small", "--seeds", "one", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "1-10 or 3,5,8" in capsys.readouterr().err
