"""Old mail sent again in one go: a migration, a restored queue, a replay of events."""

from detector.causes._signs import Judgement, Sign, duration, weigh
from detector.evidence import Evidence

SLUG = "backfill-replay"
MEANING = "A migration, an import or a restored queue made old mail look unsent, and it all went out again in one go."
FIRST_QUESTION = "What was migrated, imported or restored just before, and what does a new column say of old rows?"
HOW_TO_STOP = "Stop the worker and mark everything older than the change as sent before it starts again."

_DAY = 86_400


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if mail that had gone out over days or weeks went out again in one short time."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if spacing.first_gap_seconds < 0.5 * _DAY:
        return None
    return weigh(
        Sign(
            spacing.originals_seconds >= 10 * max(spacing.extras_seconds, 60) and spacing.originals_seconds > _DAY,
            5,
            f"mail that had gone out over {duration(spacing.originals_seconds)} "
            f"went out again within {duration(spacing.extras_seconds)}",
            3,
            "the first copies did not go out over a much longer time than the extra ones",
        ),
        Sign(
            spacing.first_gap_seconds >= 2 * _DAY,
            1,
            f"the mail was {duration(spacing.first_gap_seconds)} old when it was sent again",
        ),
        Sign(counts.usual_copies == 2, 1, "each old mail went out once more", 2, "there are several extra copies each"),
        Sign(order.occasions >= 5, 1, f"what went out again had first been sent at {order.occasions} separate moments"),
        Sign(counts.templates >= 2 or counts.subjects >= 3, 0.5, "different mails went out again together"),
    )
