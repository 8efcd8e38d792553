"""The same timetable runs in several places at once: everybody gets as many copies as there are places."""

from detector.causes._signs import Judgement, Sign, at_least, duration, share, weigh
from detector.evidence import Evidence, Order

SLUG = "replicated-scheduler"
MEANING = "Several servers each run the same timetable, so each mailing goes out once per server."
FIRST_QUESTION = "How many replicas or servers run the scheduler, and which of them may send?"
HOW_TO_STOP = "Leave one scheduler running and stop the others; then give the job a lock."

_MOST_SERVERS = 16


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if whole batches, on time, got the same small number of copies within seconds."""
    counts, spacing = evidence.counts, evidence.spacing
    if counts.recipients < 3 or counts.usual_copies > _MOST_SERVERS or spacing.median_seconds > 30:
        return None
    return weigh(
        Sign(
            spacing.longest_seconds <= 5,
            2,
            f"the copies of a mail are {duration(spacing.median_seconds)} apart",
            2,
            f"some copies of a mail are {duration(spacing.longest_seconds)} apart, long for servers in step",
        ),
        Sign(
            counts.usual_share >= 0.8,
            1.5,
            f"each mail went out {counts.usual_copies} times, to everybody alike",
            2,
            "the number of copies differs from person to person",
        ),
        Sign(
            at_least(counts.reach, 0.9),
            1,
            "nobody who was sent this mail at the time was spared",
            1.5,
            f"{share(counts.spared)} of those who were sent this mail at the time got it once only",
        ),
        *_batches(evidence.order),
        _hosts(evidence),
    )


def _batches(order: Order) -> tuple[Sign, ...]:
    """A timetable's batches, which each server goes through for itself."""
    return (
        Sign(
            order.occasions_on_clock >= 0.7,
            2.5,
            "the batches begin by the clock, as a timetable's do",
            1,
            "the mail does not go out by the clock",
        ),
        Sign(
            order.occasions >= 2 and order.occasion_mails >= 5, 1, f"it happened at each of {order.occasions} batches"
        ),
        Sign(order.occasion_mails < 3, -1.5),
        Sign(
            order.one_by_one < 0.25,
            1,
            "the copies of one mail are mixed with those of the others, as when several go through the same list",
            1.5,
            "the copies of a mail follow directly on each other",
        ),
    )


def _hosts(evidence: Evidence) -> Sign:
    """As many machines as copies, where the template usually has fewer: as good as proof."""
    hosts, usual = evidence.traces.hosts_per_mail, evidence.traces.usual_hosts
    is_each_its_own = None if hosts is None or not usual else hosts > usual and hosts >= evidence.counts.usual_copies
    return Sign(
        is_each_its_own,
        3,
        f"the copies of a mail come from {hosts or 0:g} machines, where this mail usually comes from {usual}",
        1 if hosts == 1 else 0,
        "all copies come from one machine" if hosts == 1 else "",
    )
