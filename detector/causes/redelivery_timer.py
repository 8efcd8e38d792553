"""A queue hands the same job out again each time a timer runs out."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, usual_timer, weigh
from detector.evidence import Evidence

SLUG = "redelivery-timer"
MEANING = "The queue believes that the job has died, since it is not acknowledged in time, and hands it out again."
FIRST_QUESTION = "What is the visibility timeout or retry-after of the queue, and when is a job acknowledged?"
HOW_TO_STOP = "Pause the workers, then remove the job from the queue."

_IS_DAILY_SECONDS = 11 * 3600


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if copies come at even gaps of a usual timeout, counted from the first and not by the clock."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.copies_median < 2 or spacing.median_seconds < 10:
        return None
    timeout = usual_timer(spacing.median_seconds)
    return weigh(
        Sign(
            at_most(spacing.rhythm_spread, 0.06),
            3,
            f"copies to the same person come every {duration(spacing.median_seconds)}, as by a timer",
            4,
            "the gaps between copies are not even",
        ),
        Sign(
            timeout is not None,
            1.5,
            f"{duration(timeout or 0)} is a usual timeout of a queue",
            2,
            f"{duration(spacing.median_seconds)} is nobody's usual timeout",
        ),
        Sign(
            None if order.on_clock is None else order.on_clock < 0.6,
            1.5,
            "the rounds are counted from the first one, not by the clock",
            1,
            "the rounds begin by the clock, as those of a scheduled job do",
        ),
        Sign(counts.usual_copies >= 3, 1, "", 3, "one gap tells nothing of a rhythm"),
        Sign(counts.even_share >= 0.9, 0.5, "", 0.5, "the number of copies differs from person to person"),
        Sign(spacing.median_seconds >= _IS_DAILY_SECONDS, -2.5),
        Sign(spacing.median_seconds >= _IS_DAILY_SECONDS and bool(at_least(order.on_clock, 0.3)), -3),
        Sign(bool(at_most(order.head, -0.5)) and order.cut_short >= 0.2, -1.5),
        Sign((order.idle or 1) < 0.2 and order.rounds > 2, -1),
        Sign(spacing.clock_change_share >= 0.5, -3),
    )
