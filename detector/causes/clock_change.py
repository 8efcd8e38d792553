"""The clocks were put back, and what is scheduled in the hour that comes twice ran twice."""

from detector.causes._signs import Judgement, Sign, at_most, is_an_hour, share, weigh
from detector.evidence import Evidence

SLUG = "clock-change"
MEANING = (
    "Clocks were put back an hour, or a clock or a zone was an hour off, and what is scheduled in the hour that came "
    "twice ran twice."
)
FIRST_QUESTION = (
    "In which time zone does the scheduler read its timetable, and what does it do with the hour that comes twice?"
)
HOW_TO_STOP = (
    "If clocks were put back it is over by itself; else set clock and zone right. Let the scheduler run in UTC, or "
    "move its jobs out of the hour that comes twice."
)


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if most extra copies came one hour after the first while some zone's clocks were being put back; less so on
    any other day."""
    part = evidence.spacing.clock_change_share
    if part < 0.5:
        return _off_by_an_hour(evidence)
    return weigh(
        Sign(
            part >= 0.8,
            6,
            f"{share(part)} of the extra copies came one hour after the first, in a night in which clocks go back",
            -2,
            f"only {share(part)} of the extra copies came one hour after the first",
        ),
        Sign(
            evidence.counts.usual_copies == 2,
            1,
            "there are two copies of each mail: one for each time that the hour came",
            4,
            f"there are {evidence.counts.usual_copies} copies of most mails, where a clock change makes two",
        ),
        Sign(evidence.counts.templates >= 2, 1, f"{evidence.counts.templates} scheduled mails went twice together"),
        Sign(evidence.order.occasions_on_clock >= 0.5, 0.5, "the mail goes out by the clock"),
    )


def _off_by_an_hour(evidence: Evidence) -> Judgement | None:
    """What a server does whose clock is put right by an hour, or two schedulers of which one is in another zone."""
    counts, spacing, order = evidence.counts, evidence.spacing, evidence.order
    if counts.usual_copies != 2 or not is_an_hour(spacing.median_seconds):
        return None
    return weigh(
        Sign(True, 3, "everything came again just one hour later, as if a clock or a zone were set wrongly"),
        Sign(counts.templates >= 2, 2, f"{counts.templates} scheduled mails went twice together"),
        Sign(order.occasions == 1 and order.occasion_mails >= 5, 1, "one run was repeated as a whole"),
        Sign(at_most(spacing.step_spread, 0.01), 1, "the hour is the same for everybody"),
    )
