"""A mailing that breaks off and begins again at the first name."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, weigh
from detector.evidence import Evidence

SLUG = "restart-from-top"
MEANING = "The mailing broke off and began again at the first name instead of where it had stopped."
FIRST_QUESTION = "Where does the job remember how far it has come, and what made it break off?"
HOW_TO_STOP = "Do not start it again. Take out of the list whoever has had the mail, then send the rest."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if each round starts at the top of the same list and the head of the list got most."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.mails < 4 or counts.usual_copies > 25:
        return None
    return weigh(
        _head(evidence),
        Sign(
            at_least(order.from_top, 0.7),
            1.5,
            "every round starts at the top of the same list",
            2,
            "the rounds do not start at the top of the list",
        ),
        Sign(at_least(order.same_order, 0.8), 0.5, "", 1, "the rounds go through people in different orders"),
        Sign(
            order.cut_short >= 0.2 if order.rounds >= 3 else None,
            1.5,
            "rounds break off before the end of the list",
            2,
            "no round but the last breaks off before the end of the list",
        ),
        Sign(order.staircase > 0.5 and counts.mails >= 6, -3),
        Sign(spacing.overlap > 0.5 and order.rounds <= 2, -1),
        Sign(spacing.daily_share > 0.8 or _is_metronome(evidence), -2.5),
    )


def _head(evidence: Evidence) -> Sign:
    """Those first in the list got more than the others; after a single restart the others are those not hit."""
    order = evidence.order
    if order.head is not None:
        return Sign(
            order.head <= -0.5,
            3.5,
            "the head of the list got most copies, its end fewest",
            4,
            "those at the head of the list did not get more copies than the others",
        )
    return Sign(
        order.went_on >= 0.05 and bool(at_least(order.hit_first, 0.85)),
        4,
        "the head of the list got it again, and the new round then went on to those who had nothing yet",
        2,
        "the new round did not go on to people who had nothing yet",
    )


def _is_metronome(evidence: Evidence) -> bool:
    """A timer, which nobody starts by hand."""
    return evidence.order.rounds >= 4 and bool(at_most(evidence.order.even_starts, 0.03))
