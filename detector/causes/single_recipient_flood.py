"""One person gets copy after copy."""

from detector.causes._signs import Judgement, Sign, at_least, weigh
from detector.evidence import Evidence

SLUG = "single-recipient-flood"
MEANING = "Something a person does, or somebody who abuses a form, makes the system mail one address again and again."
FIRST_QUESTION = "Which event, click or form entry created the first two of these messages, and who made it?"
HOW_TO_STOP = "Hold the address in the sending system, then limit how often the form may be used for one address."

_IS_TIMER = 0.1


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if only one person is hit, at uneven gaps."""
    counts, spacing = evidence.counts, evidence.spacing
    if counts.recipients > 1:
        return None
    return weigh(
        Sign(counts.recipients == 1, 2.5, f"one person, {counts.copies_max} copies"),
        Sign(
            at_least(spacing.own_spread, _IS_TIMER),
            2,
            "the gaps between the copies are uneven, as when a person or a visitor sets each of them off",
            1,
            "the copies come at even gaps, so a machine's timer rather than a person is at work",
        ),
        Sign(counts.copies_max >= 10, 1),
        Sign(evidence.traces.is_automatic, -1.5),
        Sign(spacing.daily_share > 0.8, -2),
        Sign(bool(at_least(spacing.growing_share, 0.8)) and bool(at_least(spacing.trend, 0.8)), -3),
    )
