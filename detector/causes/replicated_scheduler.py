"""The same job runs in several places at once: everybody gets N copies within seconds."""

from detector.records import CauseCandidate, Evidence

SLUG = "replicated-scheduler"
FIRST_QUESTION = "How many replicas run the scheduler, and which of them may send?"
HOW_TO_STOP = "Leave one scheduler running and stop the others."


def judge(evidence: Evidence) -> CauseCandidate | None:
    """Fits if a few copies reached each of several people within seconds of each other."""
    if evidence.recipients < 3 or evidence.copies_max > 16 or evidence.median_gap_seconds > 5:
        return None
    supporting = (
        f"copies to the same person are {evidence.median_gap_seconds:.1f} seconds apart",
        f"everybody got {evidence.copies_min} to {evidence.copies_max} copies",
    )
    uneven = evidence.copies_min != evidence.copies_max
    return CauseCandidate(SLUG, supporting, ("the number of copies differs from person to person",) if uneven else ())
