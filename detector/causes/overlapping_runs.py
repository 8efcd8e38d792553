"""Two runs of the same job go through the list at the same time."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, share, weigh
from detector.evidence import Evidence

SLUG = "overlapping-runs"
MEANING = "A run began before the one before had ended, and both mailed the people that were still open."
FIRST_QUESTION = "What keeps the job from starting while its last run is still going: is there a lock?"
HOW_TO_STOP = "Kill the second run and give the job a lock, or a pause longer than its longest run."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if part of a batch got two copies at gaps that drift."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.recipients < 3 or counts.usual_copies > 4 or spacing.median_seconds > 3600:
        return None
    return weigh(
        Sign(
            at_most(counts.reach, 0.92),
            2,
            f"only part of the batch was hit: {share(counts.spared)} got one copy",
            1,
            "the whole batch was hit, where overlapping runs share most of it out",
        ),
        Sign(
            at_least(spacing.step_spread, 0.15),
            2.5,
            f"the second copy comes after {duration(spacing.shortest_seconds)} for some and "
            f"{duration(spacing.longest_seconds)} for others, as when two runs drift apart",
            1,
            "the second copy comes after the same time for everybody",
        ),
        Sign(counts.usual_copies == 2, 1, "there are two copies of each mail: one from each run", 0.5, ""),
        Sign(spacing.overlap > 0 or spacing.median_seconds < 120, 0.5, "", 1, "the first copies were all out before"),
        Sign(spacing.longest_seconds > 5, 1, "", 2, "the copies come so close together that one run made them"),
        Sign(counts.copies_max > 2 and counts.usual_share < 0.8, -1),
        Sign(order.occasion_mails >= 5, 0.5, "", 1.5, "the mail went to people one at a time, not in a batch"),
        Sign(bool(at_least(order.hit_first, 0.85)) and bool(at_least(order.from_top, 0.7)), -2),
        Sign(order.one_by_one >= 0.3, -2),
        Sign(spacing.clock_change_share >= 0.5, -3),
    )
