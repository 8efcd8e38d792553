"""The evidence does not tell."""

from detector.causes._signs import Judgement
from detector.evidence import Evidence

SLUG = "unknown"
MEANING = "The pattern fits none of the causes that the detector knows well enough to name one."
FIRST_QUESTION = "Which job or call created the first two messages to one of these people?"
HOW_TO_STOP = "Stop whatever sends this template until its vendor has answered."

ENOUGH = 3.5
"""A cause that fits worse than this is not named."""


def judge(evidence: Evidence) -> Judgement | None:
    """Always fits, as well as a cause must to be named."""
    return Judgement(ENOUGH)
