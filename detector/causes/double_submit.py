"""Somebody pressed "send" more than once, or the browser did."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, share, weigh
from detector.evidence import Evidence

SLUG = "double-submit"
MEANING = "Somebody pressed \u201csend\u201d more than once within a minute, or the browser sent the form again."
FIRST_QUESTION = "Who started this mailing, how often was the button pressed, and is it locked after the first time?"
HOW_TO_STOP = (
    "It is over by itself. Lock the button after the first press; give each mailing a number that is used once."
)


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if one whole mailing went out two to four times, the next start seconds after the first."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.usual_copies > 5 or counts.recipients < 2 or not 0.5 <= spacing.median_seconds <= 300:
        return None
    return weigh(
        Sign(
            spacing.shortest_seconds >= 0.5 and spacing.longest_seconds <= 120,
            2,
            f"the next copy comes {duration(spacing.median_seconds)} later, as when somebody presses again",
            1,
            f"the copies are {duration(spacing.median_seconds)} apart",
        ),
        Sign(
            _is_in_step(evidence),
            2,
            "everybody waited equally long for the next copy: the whole mailing was started again",
            2,
            "the next copy comes sooner for some than for others",
        ),
        Sign(
            at_least(counts.reach, 0.92),
            1.5,
            "the whole mailing was repeated",
            3.5 if at_most(counts.reach, 0.8) else 2,
            f"{share(counts.spared)} of the mailing went out once only",
        ),
        Sign(counts.usual_share >= 0.9, 1, f"{counts.usual_copies} copies each", 1, "people got different numbers"),
        Sign(order.occasions == 1, 0.5, "it happened once", 2, f"it happened at {order.occasions} separate moments"),
        Sign(
            order.occasions_on_clock >= 0.7,
            -1.5,
            "",
            0.5 if order.occasion_mails < 3 else -0.5,
        ),
        Sign(order.one_by_one >= 0.3, -1.5),
        Sign(bool(at_least(spacing.growth, 1.3)) and bool(at_least(spacing.trend, 0.9)), -2),
        Sign(at_most(spacing.longest_seconds, 2.5), -1),
    )


def _is_in_step(evidence: Evidence) -> bool | None:
    """The gaps of all people agree, to a second or a tenth."""
    spread = evidence.spacing.step_spread
    return None if spread is None else spread <= 0.12 or spread * evidence.spacing.median_seconds <= 1.0
