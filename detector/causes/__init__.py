"""Explanations of an incident, one per file; `CAUSES` ranks them, strongest first.

To add one: a module with SLUG, FIRST_QUESTION, HOW_TO_STOP and `judge(evidence) -> CauseCandidate | None`,
and a line in `CAUSES` at its rank. A cause says what speaks for and against it; it never says "because".
"""

from dataclasses import replace

from detector.causes import (
    redelivery_timer,
    replicated_scheduler,
    single_recipient_flood,
    unknown,
    whole_group_loop,
)
from detector.records import CauseCandidate, Evidence

CAUSES = (single_recipient_flood, replicated_scheduler, redelivery_timer, whole_group_loop, unknown)


def explain(evidence: Evidence) -> tuple[CauseCandidate, ...]:
    """The two candidates that fit, best first; the last resort is `unknown`, which always fits."""
    found = [
        replace(candidate, first_question=cause.FIRST_QUESTION, how_to_stop=cause.HOW_TO_STOP)
        for cause in CAUSES
        if (candidate := cause.judge(evidence)) is not None
    ]
    return tuple(found[:2])
