"""Somebody sent the mailing again on purpose."""

from detector.causes._signs import Judgement, Sign, at_least, duration, is_an_hour, share, weigh
from detector.evidence import Evidence
from detector.records import MEANT

SLUG = MEANT
MEANING = "Somebody sent the whole mailing again on purpose, to mend a mistake in it or to remind people."
FIRST_QUESTION = "Did somebody send this mailing a second time on purpose, and who?"
HOW_TO_STOP = "Nothing to stop if it was meant; tell whoever sends mailings that people notice."

_SOONEST_SECONDS = 20 * 60
_LATEST_SECONDS = 80 * 3600


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if one whole mailing went out once more, half an hour to three days later."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.usual_copies > 3 or not _SOONEST_SECONDS <= spacing.median_seconds <= _LATEST_SECONDS:
        return None
    return weigh(
        Sign(counts.usual_copies == 2, 1.5, "each person got exactly one more", 1, "people got more than one more"),
        Sign(
            order.occasions == 1 and order.occasion_mails >= 5,
            1.5,
            f"one mailing to {counts.recipients} people was repeated as a whole",
            2,
            "the first copies did not go out as one mailing",
        ),
        Sign(
            at_least(counts.reach, 0.9),
            1.5,
            "nobody who got the first was left out of the second",
            1.5,
            f"{share(counts.spared)} of those who got the first were left out of the second",
        ),
        Sign(
            None if spacing.step_spread is None else spacing.step_spread <= 0.1,
            1,
            f"the second came {duration(spacing.median_seconds)} later for everybody",
            1.5,
            "the second came sooner for some than for others",
        ),
        Sign(evidence.traces.is_said_again, 2, "the subject says that it is a correction or sent again"),
        Sign(spacing.clock_change_share >= 0.5, -6),
        Sign(is_an_hour(spacing.median_seconds), -2.5),
        Sign(order.occasions_on_clock >= 0.7, -0.5),
    )
