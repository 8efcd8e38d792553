"""The clocks were put back, and what is scheduled in the hour that comes twice ran twice."""

from detector.causes._signs import Judgement, Sign, share, weigh
from detector.evidence import Evidence

SLUG = "clock-change"
MEANING = "Clocks were put back an hour, and whatever is scheduled in the hour that came twice ran in both."
FIRST_QUESTION = (
    "In which time zone does the scheduler read its timetable, and what does it do with the hour that comes twice?"
)
HOW_TO_STOP = "It is over by itself. Let the scheduler run in UTC, or move its jobs out of the hour that comes twice."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if most extra copies came one hour after the first while some zone's clocks were being put back."""
    part = evidence.spacing.clock_change_share
    if part < 0.5:
        return None
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
