"""Counted facts about one incident, from which causes are judged: copies in, `Evidence` out. Pure, decides nothing.

The copies are a table with one row per send: those that repeat, and before each the one that it repeats. A *mail* is
one content for one person, so that "copies of a mail" means "the same again". A *round* goes through people without
meeting anybody twice. None of a measure means that the log cannot tell.
"""

from dataclasses import dataclass, field

import pandas as pd

from detector.evidence.counts import Counts, count
from detector.evidence.order import Order, put_in_order
from detector.evidence.spacing import Spacing, space
from detector.evidence.traces import Traces, trace

COLUMNS = (
    "mail",  # number of the (person, content) pair
    "recipient",
    "organization",  # None if unknown
    "template",
    "subject",  # None in a log without
    "sent_at_seconds",  # since 1970, with fractions
    "is_extra",
    "message_id",  # None in a log without
    "is_senders_id",  # False if whoever took the message gave it the id: then ids of copies always differ
    "outcome",
    "attempts",
)

AUDIENCE_COLUMNS = (
    "first_seconds",  # when the mail went to this person for the first time in the affair
    "is_early",  # while the rightful copies of those hit went out, ten minutes more on either side
    "is_hit",
    "is_of_client",  # of an organization that was hit
)
"""One row per mail of the incident's templates, to those hit and to those spared."""


@dataclass(frozen=True)
class Evidence:
    """What can be counted about one incident."""

    counts: Counts
    spacing: Spacing = field(default_factory=Spacing)
    order: Order = field(default_factory=Order)
    traces: Traces = field(default_factory=Traces)


def measure(copies: pd.DataFrame, audience: pd.DataFrame, usual_hosts: int = 0) -> Evidence:
    """All facts. `copies` has the columns `COLUMNS`, `audience` has `AUDIENCE_COLUMNS`; rows in any order.

    usual_hosts: machines that these templates' mail comes from at other times; 0 if none is known.
    """
    rows = copies.sort_values(["sent_at_seconds", "is_extra", "mail"], kind="stable").reset_index(drop=True)
    return Evidence(
        counts=count(rows, audience),
        spacing=space(rows),
        order=put_in_order(rows, audience),
        traces=trace(rows, usual_hosts),
    )
