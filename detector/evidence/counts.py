"""How many people, mails, copies, templates; how many of those who could have been hit were."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Counts:
    """How many of everything."""

    recipients: int
    copies_min: int
    """Sends per person, the rightful ones included."""
    copies_median: float
    copies_max: int
    mails: int = 0
    """Contents times people: one person who gets two mails twice each counts two."""
    usual_copies: int = 0
    """The most frequent number of copies of one mail."""
    usual_share: float = 1.0
    """Share of the mails that have just this number."""
    even_share: float = 1.0
    """Share of the mails whose number is the median or at most one (from ten copies on: 10 %) off."""
    templates: int = 1
    subjects: int = 1
    organizations: int = 1
    reach: float | None = None
    """Of the mails of these templates that went out while the first copies did, the share that was repeated."""
    reach_at_clients: float | None = None
    """The same among the people of the organizations that were hit."""

    @property
    def spared(self) -> float | None:
        """Of the same mails the share that went out once only, as they should."""
        return None if self.reach is None else 1 - self.reach


def count(copies: pd.DataFrame, audience: pd.DataFrame) -> Counts:
    """The counts of the copies in time order."""
    per_person = copies.groupby("recipient").size()
    per_mail = copies.groupby("mail").size()
    usual = per_mail.value_counts().sort_index(ascending=False)
    usual_copies = int(usual.idxmax())
    tolerance = max(1.0, 0.1 * per_mail.median())
    exposed = audience[audience["is_early"]]
    off = (per_mail - per_mail.median()).abs()
    return Counts(
        recipients=len(per_person),
        copies_min=int(per_person.min()),
        copies_median=float(per_person.median()),
        copies_max=int(per_person.max()),
        mails=len(per_mail),
        usual_copies=usual_copies,
        usual_share=round(float(usual.max() / len(per_mail)), 4),
        even_share=round(float((off <= tolerance).mean()), 4),
        templates=copies["template"].nunique(),
        subjects=copies["subject"].nunique(),
        organizations=copies["organization"].nunique(),
        reach=_share(exposed["is_hit"]),
        reach_at_clients=_share(exposed.loc[exposed["is_of_client"], "is_hit"]),
    )


def _share(flags: "pd.Series[bool]") -> float | None:
    return round(float(flags.mean()), 4) if len(flags) else None
