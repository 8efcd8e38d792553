"""Explanations of an incident, one per file. `explain` names the two that fit best, with what speaks for and against.

To add one: a module with SLUG, MEANING, FIRST_QUESTION, HOW_TO_STOP and `judge(evidence) -> Judgement | None`, its
plain words in `documents.sentences.CAUSES`, and a line in `CAUSES` at its rank, which decides between equals. A cause
says what speaks for and against it; it never says "because". `unknown` marks how much must speak for a cause to be
named: an honest "not known" is better than a wrong name.
"""

from types import ModuleType

from detector.causes import (
    accumulating_list,
    backfill_replay,
    clock_change,
    deliberate_resend,
    double_registration,
    double_submit,
    mail_loop,
    overlapping_runs,
    per_subscription_loop,
    redelivery_timer,
    replicated_scheduler,
    restart_from_top,
    retry_backoff,
    scheduled_repeat,
    single_recipient_flood,
    smtp_ambiguity,
    status_not_saved,
    unknown,
    whole_group_loop,
)
from detector.causes._signs import Judgement
from detector.evidence import Evidence
from detector.records import CauseCandidate

CAUSES: tuple[ModuleType, ...] = (
    smtp_ambiguity,
    clock_change,
    accumulating_list,
    backfill_replay,
    scheduled_repeat,
    status_not_saved,
    redelivery_timer,
    retry_backoff,
    restart_from_top,
    whole_group_loop,
    replicated_scheduler,
    double_registration,
    per_subscription_loop,
    double_submit,
    overlapping_runs,
    deliberate_resend,
    mail_loop,
    single_recipient_flood,
    unknown,
)
"""The more particular the fingerprint, the earlier."""


SECOND = 1.5
"""Beside a named cause, another is told if it fits so well, even if not well enough to be named first."""


def explain(evidence: Evidence) -> tuple[CauseCandidate, ...]:
    """The two candidates that fit best; `unknown` comes last, alone if nothing fits well enough."""
    judged = [(cause, found) for cause in CAUSES if (found := cause.judge(evidence)) is not None]
    ranked = sorted(judged, key=lambda pair: -pair[1].score)
    if ranked[0][0] is unknown:
        return (_candidate(*ranked[0]),)
    second = next((pair for pair in ranked[1:] if pair[0] is not unknown and pair[1].score >= SECOND), None)
    last_resort = next(pair for pair in ranked if pair[0] is unknown)
    return (_candidate(*ranked[0]), _candidate(*(second or last_resort)))


def _candidate(cause: ModuleType, judgement: Judgement) -> CauseCandidate:
    """What the documents say of a cause."""
    return CauseCandidate(
        cause=cause.SLUG,
        supporting=judgement.supporting,
        contradicting=judgement.contradicting,
        first_question=cause.FIRST_QUESTION,
        how_to_stop=cause.HOW_TO_STOP,
        meaning=cause.MEANING,
    )
