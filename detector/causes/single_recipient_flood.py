"""One person gets copy after copy."""

from detector.records import CauseCandidate, Evidence

SLUG = "single-recipient-flood"
FIRST_QUESTION = "Which event or click created the first two of these messages?"
HOW_TO_STOP = "Hold the address in the sending system, then find its job."


def judge(evidence: Evidence) -> CauseCandidate | None:
    """Fits if only one person is hit."""
    if evidence.recipients > 1:
        return None
    supporting = [f"one person, {evidence.copies_max} copies"]
    contradicting = []
    if evidence.gap_spread <= 0.1:
        contradicting.append("the copies come at even gaps, so a machine's timer rather than a person is at work")
    return CauseCandidate(SLUG, tuple(supporting), tuple(contradicting))
