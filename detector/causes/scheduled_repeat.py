"""A timetable that sends the same once-only mail again day after day."""

from detector.causes._signs import Judgement, Sign, at_least, duration, share, weigh
from detector.evidence import Evidence

SLUG = "scheduled-repeat"
MEANING = "A daily or weekly job finds the same people due again each time and sends them the mail they have had."
FIRST_QUESTION = "What tells the nightly job that this mail has been sent, and when was that last changed?"
HOW_TO_STOP = "Take this mail out of the timetable until its condition knows who has had it."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if the gaps are whole half-days, days or weeks."""
    counts, spacing = evidence.counts, evidence.spacing
    if spacing.daily_share < 0.6:
        return None
    return weigh(
        Sign(
            spacing.daily_share >= 0.85,
            4.5,
            f"{share(spacing.daily_share)} of the copies come whole days or half-days after the one before, "
            f"mostly {duration(spacing.median_seconds)}",
            -2,
            f"only {share(spacing.daily_share)} of the copies come whole days or half-days after the one before",
        ),
        Sign(
            counts.usual_copies >= 3,
            1.5,
            f"it has gone on for {counts.usual_copies} copies",
            1.5,
            "there is one extra copy each, which is little for a habit",
        ),
        Sign(
            at_least(evidence.order.on_clock, 0.3),
            1,
            "the rounds begin by the clock",
            0.5,
            "the rounds do not begin by the clock",
        ),
        Sign(evidence.order.coverage >= 0.8, 0.5, "each round goes to the same people"),
    )
