"""A job that sends, then fails, and is tried again after ever longer pauses."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, weigh
from detector.evidence import Evidence

SLUG = "retry-backoff"
MEANING = "The job sends the mail and fails afterwards; each retry, after an ever longer pause, sends it again."
FIRST_QUESTION = "What does the job do after it has sent, where it fails, and does a retry know what was sent already?"
HOW_TO_STOP = "Delete the failing job from the retry queue, then mend what fails after sending."

_MOST_TRIES = 40


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if each pause is longer than the one before."""
    counts, spacing = evidence.counts, evidence.spacing
    if spacing.growth is None or counts.copies_median < 3:
        return None
    return weigh(
        Sign(
            spacing.growth >= 1.3,
            2.5,
            f"each pause is about {spacing.growth:.1f} times as long as the one before, as a retry's are",
            4,
            "the pauses do not grow",
        ),
        Sign(
            at_least(spacing.growing_share, 0.75),
            2,
            "hardly any pause is shorter than the one before",
            2.5,
            "many pauses are no longer than the one before",
        ),
        Sign(
            at_least(spacing.trend, 0.7),
            1.5,
            f"the pauses run from {duration(spacing.shortest_seconds)} to {duration(spacing.longest_seconds)}",
            1.5,
            "later pauses are not the longer ones",
        ),
        Sign(counts.copies_median <= _MOST_TRIES, 0, "", 2, f"{counts.copies_median:g} copies are many for retries"),
        Sign(at_most(evidence.traces.distinct_ids_share, 0.5), -4),
        Sign(spacing.median_seconds >= 3, 0.5, "", 2, "the copies come within seconds"),
        Sign(counts.copies_median < 4, -1.5),
        Sign(counts.recipients == 1 and counts.copies_median < 5, -1),
    )
