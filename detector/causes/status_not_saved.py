"""The mark "sent" is never saved, so each run of the job picks the same people up again."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, share, weigh
from detector.evidence import Evidence

SLUG = "status-not-saved"
MEANING = "The job never saves that it has sent the mail, so each of its runs picks the same people up again."
FIRST_QUESTION = "When is \u201csent\u201d written, and what happens to that when one recipient of the run fails?"
HOW_TO_STOP = "Switch the scheduled job off, then mark these people as done by hand."

_IS_DAILY_SECONDS = 11 * 3600


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if the same people are picked up at each tick of the clock."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.copies_median < 2 or spacing.median_seconds < 20:
        return None
    minutes = spacing.median_seconds / 60
    return weigh(
        Sign(
            at_most(spacing.rhythm_spread, 0.06),
            2.5,
            f"the same people are mailed every {duration(spacing.median_seconds)}",
            4,
            "the gaps between copies are not even",
        ),
        Sign(
            at_least(order.on_clock, 0.7),
            3,
            f"{share(order.on_clock)} of the rounds begin by the clock, as a scheduled job does",
            2,
            "the rounds do not begin by the clock",
        ),
        Sign(abs(minutes - round(minutes)) <= 0.03, 0.5, "", 2, "the pause is no number of minutes"),
        Sign(counts.usual_copies >= 3, 1, "", 3, "one gap tells nothing of a rhythm"),
        Sign(
            counts.even_share < 0.9 and at_least(order.stopped_together, 0.9),
            1.5,
            "people who came later got fewer copies, and all stopped together",
        ),
        Sign(
            evidence.traces.failing_people >= 1,
            1.5,
            f"{evidence.traces.failing_people} addresses failed each time, which may keep a run from being saved",
        ),
        Sign(spacing.median_seconds >= _IS_DAILY_SECONDS, -4),
        Sign(spacing.clock_change_share >= 0.5, -3),
    )
