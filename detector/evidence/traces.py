"""What the copies themselves carry: message ids, sending machines, errors, words of their subjects."""

import re
from dataclasses import dataclass

import pandas as pd

_AUTOMATIC = re.compile(
    r"\bauto(matic|mated)?[- _]?(reply|response|answer|ack)|\bre:|\baw:|out[- ]of[- ](the[- ])?office"
    r"|\bticket|\back(nowledge?ment)?\b|undeliver|delivery (status|failed)|mailer-daemon|returned mail|abwesen"
    r"|\b(case|request|enquiry|inquiry)\b.*\breceived|received your|we got your|your (request|enquiry|inquiry)",
    re.IGNORECASE,
)
_SENT_AGAIN = re.compile(
    r"\b(correct(ion|ed)|resen[dt]|re-sen[dt]|erratum|updated|again|sorry|oops|apolog(y|ies)|korrektur)\b",
    re.IGNORECASE,
)

_NAMELESS = "z:"
"""How a template key begins that is made of sender and size."""
_MOST_SUBJECTS = 50


@dataclass(frozen=True)
class Traces:
    """What the copies carry."""

    distinct_ids_share: float | None = None
    """Distinct message ids among the copies of a mail, the mean: 1 if each is its own message, 0 if all are one."""
    recipients_per_id: float = 1.0
    """People addressed by one message, the mean over messages."""
    largest_message: int = 1
    """People addressed by the largest message."""
    hosts_per_mail: float | None = None
    """Machines among the copies of one mail, by message id, the median; None if the ids name none."""
    usual_hosts: int = 0
    """Machines that this template's mail comes from at other times; 0 if unknown."""
    deferred_share: float = 0.0
    """Share of the copies that a server put off at least once."""
    bounced_share: float = 0.0
    failing_people: int = 0
    """People all of whose copies bounced or stayed put off."""
    is_automatic: bool | None = False
    """A subject or the template's name reads like a machine's answer; None in a log with neither."""
    is_said_again: bool = False
    """A subject says that this is a correction or sent again."""


def trace(copies: pd.DataFrame, usual_hosts: int) -> Traces:
    """The traces of copies in time order."""
    ids = copies[copies["message_id"].notna()]
    has_failed = copies["outcome"].isin(["bounced", "deferred"]).groupby(copies["recipient"]).all()
    names = (str(name) for name in copies["template"].unique())
    words = [
        *(name for name in names if not name.startswith(_NAMELESS)),
        *(str(subject) for subject in copies["subject"].dropna().unique()[:_MOST_SUBJECTS]),
    ]
    extra_words = copies.loc[copies["is_extra"], "subject"].dropna().unique()[:_MOST_SUBJECTS]
    per_id = ids.groupby("message_id")["recipient"].nunique()
    return Traces(
        distinct_ids_share=_distinct_ids(ids[ids["is_senders_id"].astype(bool)]),
        recipients_per_id=round(float(per_id.mean()), 3) if len(per_id) else 1.0,
        largest_message=int(per_id.max()) if len(per_id) else 1,
        hosts_per_mail=_hosts(ids),
        usual_hosts=usual_hosts,
        deferred_share=round(float((copies["attempts"] > 1).mean()), 4),
        bounced_share=round(float((copies["outcome"] == "bounced").mean()), 4),
        failing_people=int(has_failed.sum()),
        is_automatic=any(_AUTOMATIC.search(text) for text in words) if words else None,
        is_said_again=any(_SENT_AGAIN.search(str(text)) for text in extra_words),
    )


def _distinct_ids(ids: pd.DataFrame) -> float | None:
    """Distinct ids among the copies of each mail, the mean; None if no mail has two that can be compared."""
    by_mail = ids.groupby("mail")["message_id"].agg(["nunique", "size"])
    several = by_mail[by_mail["size"] > 1]
    if not len(several):
        return None
    return round(float(((several["nunique"] - 1) / (several["size"] - 1)).mean()), 4)


def _hosts(ids: pd.DataFrame) -> float | None:
    """Machines per mail, from the part of the message id behind the @."""
    hosts = ids["message_id"].astype(str).str.split("@").str[-1]
    hosts = hosts[hosts.str.contains(".", regex=False)]
    if not len(hosts):
        return None
    return float(hosts.groupby(ids["mail"]).nunique().median())
