"""A queue hands the same job out again each time a timer runs out."""

from detector.records import CauseCandidate, Evidence

SLUG = "redelivery-timer"
FIRST_QUESTION = "What is the visibility timeout or retry-after of the queue, and when is a job acknowledged?"
HOW_TO_STOP = "Pause the workers, then remove the job from the queue."

_TIMERS_SECONDS = (30, 60, 90, 120, 300, 600, 900, 1800, 3600, 7200, 43200)


def judge(evidence: Evidence) -> CauseCandidate | None:
    """Fits if copies come at even gaps of a usual timeout."""
    if evidence.copies_median < 3 or evidence.gap_spread > 0.1:
        return None
    near = min(_TIMERS_SECONDS, key=lambda timer: abs(timer - evidence.median_gap_seconds))
    if abs(near - evidence.median_gap_seconds) > 0.05 * near:
        return None
    return CauseCandidate(SLUG, (f"copies to the same person come every {near:,} seconds, as by a timer",))
