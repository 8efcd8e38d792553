"""One mail per enrolment, role or list instead of one per person: a join without DISTINCT."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, ranged, share, weigh
from detector.evidence import Evidence

SLUG = "per-subscription-loop"
MEANING = "The mailing goes through enrolments, roles or lists instead of people: one copy for each that a person has."
FIRST_QUESTION = (
    "Does the query behind this mailing return one row per person, or one per enrolment, role or list (DISTINCT)?"
)
HOW_TO_STOP = "Stop the mailing and make its list of recipients unique before the next one."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if people get different small numbers of copies, all at once, and some people one only."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.recipients < 3 or counts.usual_copies > 12 or spacing.median_seconds > 30:
        return None
    copies = ranged(counts.copies_min, counts.copies_max)
    return weigh(
        Sign(
            spacing.longest_seconds <= 3,
            2,
            f"the copies to one person are {duration(spacing.median_seconds)} apart",
            2,
            f"some copies to one person are {duration(spacing.longest_seconds)} apart",
        ),
        Sign(
            counts.usual_share < 0.8,
            2,
            f"the number of copies differs from mail to mail ({copies} to a person)",
            1,
            "everybody who was hit got the same number of copies",
        ),
        Sign(
            at_most(counts.reach, 0.85),
            2.5,
            f"{share(counts.spared)} of those who were sent this mail then got it once, as they should",
            1.5,
            "nobody who was sent this mail at the time was spared",
        ),
        Sign(order.one_by_one >= 0.4, 1.5, "the copies to one person follow directly on each other"),
        Sign(at_least(abs(order.head) if order.head is not None else None, 0.8), -3),
    )
