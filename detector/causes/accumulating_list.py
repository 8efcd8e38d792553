"""A list of recipients that is never emptied inside a loop: each message goes to all before it as well."""

from detector.causes._signs import Judgement, Sign, at_least, weigh
from detector.evidence import Evidence

SLUG = "accumulating-list"
MEANING = "The list of recipients is never emptied inside the loop, so each message also goes to everybody before."
FIRST_QUESTION = "Is the list of recipients emptied (or the message made anew) in each turn of the loop that sends?"
HOW_TO_STOP = "Stop the job; it adds one recipient with every message and grows faster the longer it runs."


def judge(evidence: Evidence) -> Judgement | None:
    """Fits if the first person has most copies and each later one has one fewer."""
    counts, order = evidence.counts, evidence.order
    if counts.recipients < 3 or counts.mails < 4 or order.rounds < 3:
        return None
    head = None if order.head is None else abs(order.head)
    return weigh(
        Sign(
            order.staircase >= 0.6,
            4,
            f"hardly two people have the same number of copies: from {counts.copies_min} to {counts.copies_max}",
            4,
            "many people have the same number of copies",
        ),
        Sign(
            at_least(head, 0.9),
            2,
            "whoever came into the list earlier got more copies",
            2,
            "the number of copies does not follow the order of the list",
        ),
        Sign(
            0.5 * counts.mails <= order.rounds <= 2 * counts.mails + 2,
            1,
            f"there were about as many messages or rounds ({order.rounds}) as people ({counts.recipients})",
        ),
        Sign(
            evidence.traces.largest_message > 0.5 * counts.recipients and evidence.traces.recipients_per_id > 1.5,
            1.5,
            f"single messages were addressed to up to {evidence.traces.largest_message} people, more and more of them",
        ),
    )
