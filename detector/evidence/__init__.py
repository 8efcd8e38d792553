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

__all__ = ["AUDIENCE_COLUMNS", "COLUMNS", "Counts", "Evidence", "Order", "Spacing", "Traces", "measure"]

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

_LONG_SECONDS, _LONG_BY = 600, 20
"""A mail is sent anew after this much silence, and so many times the lag of the copy that follows."""


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
    rows["mail"] = _separate(rows)
    return Evidence(
        counts=count(rows, audience),
        spacing=space(rows),
        order=put_in_order(rows, audience),
        traces=trace(rows, usual_hosts),
    )


def _separate(copies: pd.DataFrame) -> "pd.Series[int]":
    """Numbers for the mails, anew where one was rightly sent again, such as tomorrow's digest under the same subject.

    That is told by a rightful copy that comes long after the copy before it, measured by the copy that follows.
    """
    times = copies["sent_at_seconds"].groupby(copies["mail"])
    before, after = times.diff(), -times.diff(-1)
    is_anew = ~copies["is_extra"].astype(bool) & (before > _LONG_SECONDS) & (before > _LONG_BY * after)
    episodes = pd.DataFrame({"mail": copies["mail"], "episode": is_anew.groupby(copies["mail"]).cumsum()})
    return episodes.groupby(["mail", "episode"]).ngroup()
