"""The evidence does not tell."""

from detector.records import CauseCandidate, Evidence

SLUG = "unknown"
FIRST_QUESTION = "Which job or call created the first two messages to one of these people?"
HOW_TO_STOP = "Stop whatever sends this template until its vendor has answered."


def judge(evidence: Evidence) -> CauseCandidate | None:
    """Always fits, last."""
    return CauseCandidate(SLUG)
