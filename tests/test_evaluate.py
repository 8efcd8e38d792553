"""The scoreboard's figures, each worked out by hand on a truth small enough to hold in one's head."""

import csv
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from detector.cli import main
from detector.config import Config
from detector.errors import ConfigError
from detector.evaluation import DETECTOR, Judged, evaluate
from detector.evaluation.baselines import BASELINES
from detector.evaluation.chart import check_name, draw
from detector.evaluation.labelled import labelled_logs
from detector.evaluation.scoreboard import in_json, in_words
from detector.evaluation.scoring import Affair, Finding, Score, match, total
from detector.evaluation.sightings import HOUR, findings

NOON = datetime(2026, 10, 27, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

LOOP = Affair("loop", "whole-group-loop", True, NOON, NOON + 60 * MINUTE, {"ann": 4, "ben": 4, "cleo": 4, "dora": 8})
NEWS = Affair("news", "deliberate-resend", False, NOON, NOON + 10 * MINUTE, {"p": 1, "q": 1})
FOUND = Finding("INC-1", NOON, NOON + 60 * MINUTE, NOON + 20 * MINUTE, LOOP.people, ("whole-group-loop",))


# --- match -----------------------------------------------------------------------------------------------------------


def test_what_is_found_to_the_letter_has_a_perfect_score():
    score = match([LOOP, NEWS], [FOUND], days=30)
    assert (score.faults, score.found, score.right_findings, score.false_findings) == (1, 1, 1, 0)
    assert score.missed == score.false == ()
    figures = score.figures
    assert figures.pop("copies_before_alarm") == 0  # it names no copies
    assert figures.pop("false_per_30_days") == figures.pop("excess_error") == 0
    assert set(figures.values()) == {1}


def test_nothing_found_is_a_miss_and_leaves_nothing_to_measure():
    score = match([LOOP, NEWS], [], days=30, log="monday: ")
    assert (score.found, score.missed) == (0, ("monday: loop",))
    figures = score.figures
    assert figures["found"] == 0
    assert figures["precision"] is figures["people_recall"] is figures["cause_top1"] is figures["pieces"] is None


def test_people_and_copies_are_counted_one_by_one():
    # Two of the four named, one stranger with them: 3 + 4 + 2 = 9 copies instead of 20.
    part = replace(FOUND, people={"ann": 3, "ben": 4, "zoe": 2})
    score = match([LOOP], [part], days=30)
    assert (score.people_right, score.people_wrong, score.people_missed) == (2, 1, 2)
    assert score.figures["people_precision"] == pytest.approx(2 / 3)
    assert score.figures["people_recall"] == pytest.approx(2 / 4)
    assert score.excess_errors == (pytest.approx(11 / 20),)


def test_two_pieces_of_one_affair_are_one_find_in_two_pieces():
    one = replace(FOUND, people={"ann": 4, "ben": 4})
    two = replace(FOUND, people={"cleo": 4, "dora": 8}, started_at=NOON + 5 * MINUTE)
    score = match([LOOP], [one, two], days=30)
    assert (score.found, score.figures["pieces"]) == (1, 2)
    assert (score.people_right, score.people_missed, score.excess_errors) == (4, 0, (0,))


def test_two_affairs_reported_as_one_are_one_find_and_one_miss():
    other = replace(LOOP, name="other", people={"x": 1, "y": 1})
    both = replace(FOUND, people={**LOOP.people, **other.people})
    score = match([LOOP, other], [both], days=30)
    assert (score.faults, score.found, score.missed) == (2, 1, ("other",))
    assert score.people_wrong == 2


def test_a_finding_elsewhere_in_time_or_people_is_false():
    too_late = replace(FOUND, name="INC-2", started_at=NOON + 122 * MINUTE, ended_at=NOON + 130 * MINUTE)
    in_time = replace(too_late, started_at=NOON + 119 * MINUTE)
    strangers = replace(FOUND, name="INC-3", people={"ann": 1, "x": 1, "y": 1})
    assert match([LOOP], [in_time], days=30).found == 1
    score = match([LOOP], [too_late, strangers], days=60)
    assert (score.found, score.false_findings) == (0, 2)
    assert score.figures["false_per_30_days"] == 1
    assert score.false == ("INC-2 at 2026-10-27 14:02", "INC-3 at 2026-10-27 12:00")


def test_an_alarm_for_what_was_meant_is_false_and_a_mere_remark_is_not():
    news = Finding("INC-4", NOON, NOON + 10 * MINUTE, NOON, NEWS.people)
    assert match([LOOP, NEWS], [news], days=30).false == ("INC-4 at 2026-10-27 12:00 (news)",)
    assert match([LOOP, NEWS], [replace(news, is_alarm=False)], days=30).false == ()
    assert match([LOOP, NEWS], [replace(FOUND, is_alarm=False)], days=30).found == 0


@pytest.mark.parametrize(
    ("causes", "first", "first_or_second"),
    [
        (("whole-group-loop", "unknown"), 1, 1),
        (("unknown", "whole-group-loop"), 0, 1),
        (("unknown", "mail-loop", "whole-group-loop"), 0, 0),
        ((), None, None),
    ],
)
def test_the_true_cause_may_come_first_or_second(causes, first, first_or_second):
    figures = match([LOOP], [replace(FOUND, causes=causes)], days=30).figures
    assert (figures["cause_top1"], figures["cause_top2"]) == (first, first_or_second)


def test_the_cause_of_an_affair_is_that_of_its_biggest_piece():
    small = replace(FOUND, people={"ann": 4}, causes=("unknown",))
    big = replace(FOUND, people={"ben": 4, "cleo": 4}, causes=("whole-group-loop",))
    assert match([LOOP], [small, big], days=30).cause_first == 1


def test_copies_before_the_alarm_are_those_of_the_median_person():
    # By 12:20 ann has 3, ben 2, cleo 1, dora none; the copy of 12:21 and zoe's come too late or do not count.
    times = {"ann": (0, 5, 20), "ben": (0, 10), "cleo": (0, 21), "zoe": (0, 1, 2)}
    copies = [(person, NOON + minute * MINUTE) for person, minutes in times.items() for minute in minutes]
    score = match([LOOP], [replace(FOUND, extra_copies=copies)], days=30)
    assert score.copies_before_alarm == (1.5,)


def test_scores_of_several_logs_add_up():
    score = total([match([LOOP], [FOUND], days=10), match([LOOP], [], days=20), match([], [FOUND], days=30)])
    assert (score.days, score.faults, score.found, score.false_findings) == (60, 2, 1, 1)
    assert score.figures["found"] == score.figures["precision"] == score.figures["false_per_30_days"] == 0.5
    assert total([]) == Score()


# --- baselines -------------------------------------------------------------------------------------------------------


def sends(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """(recipient, mail, minutes): as `all_sends` gives them."""
    frame = pd.DataFrame(
        [(r, m, m, int(t * HOUR / 60)) for r, m, t in rows], columns=["recipient", "mail", "kind", "at_us"]
    )
    frame = frame.sort_values(["recipient", "mail", "at_us"], ignore_index=True)
    frame["gap_us"] = frame.groupby(["recipient", "mail"], sort=False)["at_us"].diff()
    return frame


def test_a_fixed_rule_names_the_repeats_of_the_run_that_breaks_it():
    log = sends(*[("ann", "a", t) for t in (0, 4, 8, 300)], ("ben", "a", 0), ("ben", "a", 11), ("ben", "b", 12))
    (found,) = findings(BASELINES["rule: 3 in 10 minutes"](log), "rule")
    assert found.people == {"ann": 2}
    assert found.detected_at.minute == 8
    (found,) = findings(BASELINES["rule: 2 in an hour"](log), "rule")
    assert found.people == {"ann": 2, "ben": 1}
    assert (found.started_at.minute, found.ended_at.minute, found.detected_at.minute) == (4, 11, 4)
    assert findings(BASELINES["rule: 5 in an hour"](log), "rule") == []


def test_marked_copies_six_hours_apart_or_of_another_mail_are_findings_of_their_own():
    log = sends(*[("ann", "a", t) for t in (0, 1, 358, 359, 719.5, 720)], ("ann", "b", 0), ("ann", "b", 1))
    found = findings(BASELINES["rule: 2 in an hour"](log), "rule")
    assert sorted(finding.people["ann"] for finding in found) == [1, 1, 2]


@pytest.mark.parametrize("method", ["hourly volume, z > 6", "IsolationForest", "negative binomial"])
def test_a_baseline_finds_forty_copies_among_ordinary_days(method):
    quiet = [(f"p{day}.{n}", "a", day * 1440 + n * 60) for day in range(20) for n in range(24)]
    log = sends(*quiet, *[("ann", "b", 19 * 1440 + n / 2) for n in range(40)])
    (found,) = findings(BASELINES[method](log), method)
    assert found.people == {"ann": 39}


@pytest.mark.parametrize("method", BASELINES)
def test_a_baseline_bears_an_almost_empty_log(method):
    assert findings(BASELINES[method](sends(("ann", "a", 0))), method) == []


# --- logs, tables, the command ---------------------------------------------------------------------------------------


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Twelve people, one welcome each and four more, a round every three minutes; a log of one day in two folders."""
    day = NOON.replace(hour=0)
    rounds = [NOON + number * 3 * MINUTE for number in range(5)]
    for name in ("one", "two"):
        path = tmp_path / "labelled" / name / "outbox.csv"
        path.parent.mkdir(parents=True)
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["timestamp", "message_id", "sender", "recipient", "subject", "template", "organization"])
            for number, n in product(range(5), range(12)):
                what = ["noreply@academy.example", f"P{n}@harbor.example", "Welcome", "welcome", "Harbor"]
                rows.writerow([rounds[number].isoformat(), f"<{number}.{n}@academy.example>", *what])
    affected = [{"recipient": f"p{n}@harbor.example", "excess": 4} for n in range(12)]
    burst = {"name": "loop", "cause": "whole-group-loop", "is_fault": True, "affected": affected}
    truth = {
        "period": {"from": day.isoformat(), "until": (day + timedelta(days=1)).isoformat()},
        "bursts": [burst | {"started_at": rounds[1].isoformat(), "ended_at": rounds[-1].isoformat()}],
    }
    (tmp_path / "labelled" / "truth.json").write_text(json.dumps(truth))
    return tmp_path / "labelled"


def test_folders_below_a_truth_are_logs_of_their_own(labelled):
    logs = list(labelled_logs(labelled.parent))
    assert [log.name for log in logs] == [str(labelled / "one"), str(labelled / "two")]
    assert [log.days for log in logs] == [1, 1]
    assert [len(log.files) for log in logs] == [1, 1]
    assert logs[0].affairs[0].excess == 48
    assert [log.name for log in labelled_logs(labelled / "two")] == [str(labelled / "two")]


def test_a_folder_without_a_usable_truth_is_refused(labelled, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"holds no truth\.json"):
        list(labelled_logs(tmp_path / "empty"))
    (tmp_path / "empty" / "truth.json").write_text("{}")
    with pytest.raises(ConfigError, match="no logs beside it"):
        list(labelled_logs(tmp_path / "empty"))
    (tmp_path / "empty" / "mail.log").write_text("")
    with pytest.raises(ConfigError, match="KeyError: 'bursts'"):
        list(labelled_logs(tmp_path / "empty"))


def test_the_whole_contest_on_a_small_log(labelled):
    said: list[str] = []
    judged = evaluate([labelled / "one"], Config(), talk=said.append)
    assert [one.method for one in judged] == [DETECTOR, *BASELINES]
    assert {(one.log, one.format) for one in judged} == {(str(labelled / "one"), "plain")}
    ours = judged[0].score
    assert (ours.found, ours.false_findings, ours.people_right, ours.people_wrong) == (1, 0, 12, 0)
    assert ours.excess_errors == (0,)
    assert ours.figures["copies_before_alarm"] <= 2
    assert said == [f"{labelled / 'one'} (plain): 1 of 1 found, 0 false"]


def test_the_table_has_a_row_per_method_and_names_what_was_missed():
    judged = [
        Judged("a", "plain", DETECTOR, match([LOOP], [], days=30, log="a: ")),
        Judged("b", "plain", DETECTOR, match([LOOP], [FOUND], days=30)),
        Judged("a", "plain", "some rule", match([LOOP], [replace(FOUND, people={"x": 1})], days=30)),
    ]
    text = in_words(judged)
    title, _, _, ours, rule, *_ = text.splitlines()
    assert title == "plain: 2 incidents in 60 days"
    assert ours.split()[:3] == ["detector", "1/2", "0.0"]
    assert rule.split()[:5] == ["some", "rule", "0/1", "1.0", "0.0"]
    assert text.endswith("Missed by the detector:\n  a: loop")
    content = json.loads(in_json(judged))
    assert content["formats"]["plain"]["detector"]["figures"]["found"] == 0.5
    assert [log["missed"] for log in content["logs"]] == [["a: loop"], [], ["loop"]]


@pytest.mark.parametrize("name", ["board.png", "board.svg"])
def test_the_same_figures_draw_the_same_picture(name, tmp_path):
    judged = [Judged("a", "plain", method, match([LOOP], [FOUND], days=30)) for method in (DETECTOR, *BASELINES)]
    for path in (tmp_path / name, tmp_path / f"again-{name}"):
        draw(judged, path)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
    with pytest.raises(ConfigError, match=r"must end in \.png"):
        check_name(tmp_path / "board.jpeg")


def test_the_command_prints_json_that_a_program_can_read(labelled, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["detector", "evaluate", str(labelled), "--json", "--no-baselines", "-v"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert not ended.value.code
    assert json.loads(out)["formats"]["plain"]["detector"]["found"] == 2
    assert len(err.splitlines()) == 2
