"""A loop over the whole group runs again and again: everybody gets the same high number of copies."""

from detector.records import CauseCandidate, Evidence

SLUG = "whole-group-loop"
FIRST_QUESTION = "Who is iterated inside the loop that sends, and what makes it end?"
HOW_TO_STOP = "Stop the job that enrols or notifies this group, and empty its queue."


def judge(evidence: Evidence) -> CauseCandidate | None:
    """Fits if several people got many copies each, about as many as everyone else."""
    if evidence.recipients < 3 or evidence.copies_median < 5:
        return None
    if evidence.copies_max - evidence.copies_min > 0.25 * evidence.copies_median:
        return None
    supporting = [
        f"all {evidence.recipients} people got about the same number of copies "
        f"({evidence.copies_min} to {evidence.copies_max})"
    ]
    contradicting = []
    if evidence.distinct_ids_share > 0.99:
        supporting.append("every copy has a message id of its own, so the sending application submitted each one")
    else:
        contradicting.append("some copies share a message id, as after a mail server's retry")
    return CauseCandidate(SLUG, tuple(supporting), tuple(contradicting))
