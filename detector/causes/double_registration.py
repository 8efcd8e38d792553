"""The code that sends is registered more than once, so each event calls it more than once."""

from detector.causes._signs import Judgement, Sign, at_least, duration, share, weigh
from detector.evidence import Evidence, Order

SLUG = "double-registration"
MEANING = "The code that sends is registered more than once, so every single event makes it send more than once."
FIRST_QUESTION = "Is the handler of this event registered twice, or do an old job and its successor both still send?"
HOW_TO_STOP = "Remove the second registration; if it came with a release, go back to the one before."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if every mail, whenever something calls for it, goes out the same small number of times within seconds."""
    counts, spacing = evidence.counts, evidence.spacing
    if counts.usual_copies > 5 or counts.recipients < 2 or spacing.median_seconds > 15:
        return None
    return weigh(
        Sign(
            spacing.longest_seconds <= 5,
            2,
            f"the copies of a mail are {duration(spacing.median_seconds)} apart",
            2,
            f"some copies of a mail are {duration(spacing.longest_seconds)} apart",
        ),
        Sign(
            counts.usual_share >= 0.8,
            1.5,
            f"each mail went out {counts.usual_copies} times, whoever it was for",
            2,
            "the number of copies differs from person to person",
        ),
        Sign(
            at_least(counts.reach, 0.9),
            1,
            "nobody who was sent this mail at the time was spared",
            2,
            f"{share(counts.spared)} of those who were sent this mail at the time got it once only",
        ),
        *_events(evidence.order),
        Sign(counts.templates >= 2, 0.5, f"{counts.templates} templates that the same event calls for are doubled"),
        Sign(_comes_from_one_machine(evidence), 0.5, "all copies of a mail come from one machine"),
    )


def _events(order: Order) -> tuple[Sign, ...]:
    """One event after the other, each of which is dealt with before the next."""
    return (
        Sign(
            order.occasions >= 3 and order.occasions_on_clock <= 0.5,
            2,
            f"it happened at {order.occasions} separate moments, whenever something called for the mail",
            0.5,
            "the mail went out in batches rather than one by one as events call for it",
        ),
        Sign(
            order.one_by_one >= 0.25,
            2,
            "the copies of a mail follow directly on each other",
            1.5,
            "copies for other people lie between those of one mail, as when the whole list was gone through again",
        ),
        Sign(order.occasions_on_clock >= 0.7, -2),
    )


def _comes_from_one_machine(evidence: Evidence) -> bool | None:
    """None if the log does not tell machines apart."""
    return None if not evidence.traces.hosts_per_mail else evidence.traces.hosts_per_mail == 1
