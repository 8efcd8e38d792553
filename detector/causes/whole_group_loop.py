"""A loop over the whole group runs again and again: everybody gets the same high number of copies."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, ranged, share, usual_timer, weigh
from detector.evidence import Evidence

SLUG = "whole-group-loop"
MEANING = "Inside a loop over a group stands another loop over the same group: each turn mails everybody again."
FIRST_QUESTION = (
    "Who is iterated inside the loop that sends, what starts a turn (each member added?), and what ends it?"
)
HOW_TO_STOP = "Stop the job that enrols or notifies this group, and empty its queue."

_IS_LONG_SECONDS = 6 * 3600
_FEWEST_TO_TELL = 10
_A_FEW = 3
"""So many rounds more or fewer than people still look like a turn for each of them."""


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if round after round covers the whole group, at no timer's pace, and everybody gets about as many copies."""
    counts, order = evidence.counts, evidence.order
    if counts.recipients < 3 or counts.copies_median < 3:
        return None
    copies = ranged(counts.copies_min, counts.copies_max)
    return weigh(
        Sign(
            counts.even_share >= 0.9,
            2,
            f"all {counts.recipients} people who were hit got about the same number of copies ({copies})",
            2.5,
            f"the number of copies differs much: {copies}",
        ),
        Sign(counts.copies_median >= 5, 1.5, "", 1, f"{counts.usual_copies} copies each are few for a loop"),
        Sign(
            order.coverage >= 0.9,
            2,
            f"the copies come in {order.rounds} rounds{_covering(evidence)}",
            1,
            "the copies do not come in rounds over all who were hit",
        ),
        Sign(order.coverage >= 0.9, 0, _turns(order.rounds, counts.recipients)),
        *_pace(evidence),
        *_makers(evidence),
    )


def _covering(evidence: Evidence) -> str:
    """Whom the rounds cover, and that the last one broke off."""
    order, people = evidence.order, evidence.counts.recipients
    if 0 < order.last_round < 0.9 * evidence.counts.mails:
        return f" over the same {people} people, the last of which broke off after {order.last_round} mails"
    return f" over the same {people} people"


def _turns(rounds: int, people: int) -> str:
    """What the number of rounds says of what starts one; nothing where all small numbers are near each other."""
    if people < _FEWEST_TO_TELL:
        return ""
    if abs(rounds - people) <= _A_FEW:
        return (
            f"{rounds} rounds for {people} people: about one for each of them, as if each one added had started a turn"
        )
    return f"{rounds} rounds for {people} people: not one for each of them, so something else has started the turns"


def _pace(evidence: Evidence) -> tuple[Sign, ...]:
    """Uneven, or one round right after the other; no timer, no timetable, no retry."""
    spacing, order = evidence.spacing, evidence.order
    is_loop = None if order.even_starts is None else order.even_starts > 0.06 or (order.idle or 0) < 0.3
    is_timer = usual_timer(order.pause_seconds or 0) is not None
    is_growing = bool(at_least(spacing.growing_share, 0.8)) and bool(at_least(spacing.trend, 0.7))
    return (
        Sign(
            is_loop,
            1.5,
            "the rounds come at uneven times or without a pause, as a loop makes them",
            3 if is_timer else 1.5,
            f"the rounds come every {duration(order.pause_seconds or 0)}, as by a timer",
        ),
        Sign(spacing.median_seconds > _IS_LONG_SECONDS, -3),
        Sign(spacing.daily_share >= 0.6, -3),
        Sign(is_growing, -4),
    )


def _makers(evidence: Evidence) -> tuple[Sign, ...]:
    """One group, and the application itself as the maker of every copy."""
    counts, ids = evidence.counts, evidence.traces.distinct_ids_share
    is_this_group = at_most(counts.reach, 0.8) and at_least(counts.reach_at_clients, 0.9)
    return (
        Sign(
            at_least(ids, 0.99),
            0.5,
            "every copy has a message id of its own, so the sending application submitted each one",
            1 if at_most(ids, 0.9) else 0.5,
            "some copies share a message id, as after a mail server's retry",
        ),
        Sign(counts.organizations <= 2, 0.5, "", 0.5, f"people of {counts.organizations} organizations were hit"),
        Sign(
            is_this_group,
            0.5,
            f"only this group was hit: {share(counts.spared)} of the others' mail at that time was right",
        ),
    )
