"""Each cause fires where it should and is quiet where it should be, judged through the whole list as a night does it.

The cases are data: causes/<cause>.toml, with at least two of each kind: "fires" is first, "quiet" is not. They name the
measures of `detector.evidence` that matter; `copies` is least, median, most per person.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from detector.causes import CAUSES, explain
from detector.causes._signs import duration
from detector.documents.sentences import CAUSES as PLAIN_WORDS
from detector.evidence import Counts, Evidence, Order, Spacing, Traces

FOLDER = Path(__file__).parent / "causes"
SLUGS = [cause.SLUG for cause in CAUSES]


def cases(kind: str) -> list[Any]:
    """Every case of a kind, named by its cause and what it says."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        said = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
        found += [pytest.param(path.stem, case, id=f"{path.stem}: {case['says']}") for case in said]
    return found


def evidence(case: dict[str, Any]) -> Evidence:
    counts = dict(case["counts"])
    low, median, high = counts.pop("copies")
    usual = {"mails": counts["recipients"], "usual_copies": int(median), "organizations": 1}
    return Evidence(
        counts=Counts(copies_min=low, copies_median=float(median), copies_max=high, **(usual | counts)),
        spacing=Spacing(**case.get("spacing", {})),
        order=Order(**case.get("order", {})),
        traces=Traces(**case.get("traces", {})),
    )


@pytest.mark.parametrize(("cause", "case"), cases("fires"))
def test_fires(cause: str, case: dict[str, Any]):
    first, *others = explain(evidence(case))
    assert first.cause == cause
    assert cause == "unknown" or first.supporting
    assert len(first.contradicting) == case.get("contradicting", len(first.contradicting))
    assert [other.cause for other in others][:1] == [case["next"]] if "next" in case else True


@pytest.mark.parametrize(("cause", "case"), cases("quiet"))
def test_is_quiet(cause: str, case: dict[str, Any]):
    first, *_ = explain(evidence(case))
    assert first.cause != cause


def loop(people: int, rounds: int, reach: float, last_round: int = 0) -> str:
    """What speaks for the whole-group loop, in one text."""
    counts = Counts(people, rounds, float(rounds), rounds, mails=people, reach_at_clients=reach)
    order = Order(rounds=rounds, coverage=1.0, last_round=last_round, even_starts=0.4, idle=0.1)
    first = explain(Evidence(counts=counts, order=order))[0]
    assert first.cause == "whole-group-loop"
    return "; ".join(first.supporting)


def test_rounds_are_told_with_the_people_they_cover_and_that_the_last_broke_off():
    assert "5 rounds over the same 6 people;" in loop(6, 5, reach=0.2)
    said = loop(51, 71, reach=1.0, last_round=20)
    assert "71 rounds over the same 51 people, the last of which broke off after 20 mails;" in said


def test_as_many_rounds_as_people_are_a_turn_for_each_and_other_numbers_are_said_not_to_be():
    assert "50 rounds for 51 people: about one for each of them" in loop(51, 50, reach=1.0)
    assert "71 rounds for 51 people: not one for each of them" in loop(51, 71, reach=1.0)
    assert "rounds for" not in loop(6, 5, reach=1.0)


def test_copies_that_are_all_alike_are_no_range():
    assert "about the same number of copies (5)" in loop(6, 5, reach=1.0)


def test_one_person_is_no_list_that_grows():
    counts = Counts(1, 341, 341.0, 341, mails=40)
    candidates = explain(Evidence(counts=counts, order=Order(rounds=40, staircase=1.0, head=-1.0)))
    assert "accumulating-list" not in [candidate.cause for candidate in candidates]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_cause_has_at_least_two_cases_of_each_kind(slug: str):
    text = tomllib.loads((FOLDER / f"{slug}.toml").read_text(encoding="utf-8"))
    assert len(text["fires"]) >= 2
    assert len(text["quiet"]) >= 2


def test_every_file_of_cases_belongs_to_a_cause():
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == sorted(SLUGS)


def test_every_cause_says_what_it_means_what_to_ask_and_how_to_stop_it():
    for cause in CAUSES:
        assert cause.MEANING.endswith(".")
        assert cause.SLUG in PLAIN_WORDS
        assert cause.FIRST_QUESTION.endswith("?")
        assert cause.HOW_TO_STOP.endswith(".")


def test_unknown_comes_last_and_is_never_one_of_two_explanations_before_it():
    assert SLUGS[-1] == "unknown"
    for case in cases("fires"):
        candidates = [candidate.cause for candidate in explain(evidence(case.values[1]))]
        assert 1 <= len(candidates) <= 2
        assert len(set(candidates)) == len(candidates)
        assert "unknown" not in candidates[:-1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "less than 0.1 seconds"),
        (0.44, "0.4 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (150, "2.5 minutes"),
        (3606, "1 hour"),
        (86_408, "1 day"),
        (1_900_000, "22 days"),
    ],
)
def test_a_duration_is_told_in_the_unit_people_would_use(seconds, words):
    assert duration(seconds) == words


def test_beside_a_named_cause_stands_another_that_fits_somewhat_or_unknown():
    known = [case for case in cases("fires") if case.values[0] != "unknown"]
    assert all(len(explain(evidence(case.values[1]))) == 2 for case in known)


def test_a_cause_never_says_because():
    for case in cases("fires"):
        for candidate in explain(evidence(case.values[1])):
            assert "because" not in " ".join((*candidate.supporting, *candidate.contradicting))
