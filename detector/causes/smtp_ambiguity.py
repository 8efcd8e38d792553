"""A mail server took the message, its answer was lost, and the client handed the same message over again."""

from detector.causes._signs import Judgement, Sign, at_least, at_most, duration, share, weigh
from detector.evidence import Evidence

SLUG = "smtp-ambiguity"
MEANING = "The receiving server took each message but its answer came too late, so the sending server tried it again."
FIRST_QUESTION = (
    "How long does the sending server wait for the answer after the message, and when did the other side give it?"
)
HOW_TO_STOP = (
    "Hold this domain's queue, raise the timeout after the message above the other side's delay, and release it."
)


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if copies of one mail share a message id: the message was made once and handed over again and again."""
    ids = evidence.traces.distinct_ids_share
    counts, spacing = evidence.counts, evidence.spacing
    return weigh(
        Sign(
            at_most(ids, 0.5),
            5,
            "copies of the same mail carry the same message id: one message, handed over again and again",
            1 if _is_one_server(evidence) else 8,
            "every copy has a message id of its own, which a mail server's retry would not give it",
        ),
        Sign(
            _is_one_server(evidence),
            6,
            f"several kinds of mail to one organization came again {duration(spacing.median_seconds)} later",
        ),
        Sign(at_least(spacing.growth, 1.3), 1, "the pauses between copies grow, as a mail queue's do"),
        Sign(counts.organizations == 1, 1, "only one organization was hit, as if one server answered late"),
        Sign(
            counts.organizations == 1 and at_most(counts.reach, 0.5),
            1,
            f"{share(counts.reach)} of the same mail at that time was repeated; other servers took theirs once",
        ),
        Sign(evidence.traces.deferred_share > 0.3, 1, "the server had put off many of these messages"),
        Sign(ids is None and not at_least(spacing.growth, 1.3), -2),
        Sign(spacing.daily_share > 0.9 or _is_metronome(evidence), -2),
    )


def _is_metronome(evidence: Evidence) -> bool:
    """Gaps so even over so many copies that a timer sends them."""
    return bool(evidence.counts.copies_median >= 6 and at_most(evidence.spacing.own_spread, 0.02))


def _is_one_server(evidence: Evidence) -> bool:
    """Mail of several kinds, to one organization only, after one and the same pause: the timeout of whoever sends.

    Logs of an application may give each try an id of its own.
    """
    counts, spacing = evidence.counts, evidence.spacing
    return counts.organizations == 1 and counts.templates > 1 and spacing.median_seconds >= 60 and spacing.spread <= 0.2
