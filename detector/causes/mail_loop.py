"""Two machines that answer each other's mail."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, weigh
from detector.evidence import Evidence

SLUG = "mail-loop"
MEANING = "An automatic answer reaches a machine that answers it automatically, and so on for ever."
FIRST_QUESTION = "Does the automatic answer carry Auto-Submitted: auto-replied, and does it ignore mail that does?"
HOW_TO_STOP = "Block the other side's address for automatic answers; one side falling silent ends it."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if one or a few addresses get one automatic answer after the other."""
    counts, spacing, traces = evidence.counts, evidence.spacing, evidence.traces
    if counts.recipients > 5 or counts.copies_max < 4:
        return None
    return weigh(
        Sign(
            counts.recipients <= 2,
            1,
            f"{counts.recipients} {'address' if counts.recipients == 1 else 'addresses'} only",
            1,
            f"{counts.recipients} addresses at once are many for a loop between two machines",
        ),
        Sign(
            traces.is_automatic,
            4,
            "the mail reads like an automatic answer",
            2,
            "the mail does not read like an automatic answer",
        ),
        Sign(counts.copies_max >= 10, 1, f"up to {counts.copies_max} copies to one address"),
        Sign(
            counts.subjects > 2 * counts.recipients,
            1.5,
            f"the copies carry {counts.subjects} different subjects, as when each answer opens a new case",
        ),
        Sign(
            bool(at_most(spacing.own_spread, 0.35)) and bool(at_least(spacing.own_spread, 0.02)),
            2,
            f"the answers come about every {duration(spacing.median_seconds)}, as often as a mailbox is read",
        ),
        Sign(spacing.daily_share > 0.8, -2),
    )
