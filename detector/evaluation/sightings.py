"""What every baseline stands on: the sends of a snapshot as a table, and marked copies gathered into findings.

A baseline takes the table of sends and marks rows: those it takes for extra copies, and when it could have said so.
Marked copies of one mail with less than six hours between them are one finding, for every baseline alike.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.evaluation.scoring import Finding
from detector.store import Connection

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
APART_US = 6 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SENDS = """
select recipient, epoch_us(sent_at) as at_us,
  sender || coalesce('|' || template, '') || coalesce('|' || subject, '')
    || case when template is null and subject is null then coalesce('|' || cast(size // 100 as varchar), '') else '' end
    as mail,
  coalesce(template, regexp_replace(subject, '[0-9]+', '#', 'g'),
    sender || coalesce('|' || cast(size // 100 as varchar), '')) as kind
from sends
order by recipient, mail, at_us
"""


def all_sends(db: Connection) -> pd.DataFrame:
    """Every send: recipient, at_us, mail (what would be the same mail twice), kind (what is counted together).

    In the order of recipient, mail and time; `gap_us` is the time since the same mail to the same person, else NaN.
    """
    sends = db.execute(_SENDS).df()
    sends["gap_us"] = sends.groupby(["recipient", "mail"], sort=False)["at_us"].diff()
    return sends


def findings(marked: pd.DataFrame, name: str) -> list[Finding]:
    """Marked copies (recipient, mail, at_us, known_us) as findings; known_us is NaN where a copy alone says nothing."""
    if not len(marked):
        return []
    marked = marked.sort_values(["mail", "at_us"], kind="stable")
    begins = (marked["mail"] != marked["mail"].shift()) | (marked["at_us"].diff() > APART_US)
    found = [_finding(group, name) for _, group in marked.groupby(begins.cumsum()) if group["known_us"].notna().any()]
    return sorted(found, key=lambda finding: finding.started_at)


def _finding(copies: pd.DataFrame, name: str) -> Finding:
    return Finding(
        name=f"{name}: {copies['mail'].iloc[0]}",
        started_at=moment(copies["at_us"].min()),
        ended_at=moment(copies["at_us"].max()),
        detected_at=moment(copies["known_us"].min()),
        people=copies.groupby("recipient").size().to_dict(),
        extra_copies=[(r, moment(us)) for r, us in zip(copies["recipient"], copies["at_us"], strict=True)],
    )


def moment(us: float) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=int(us))


def robust_z(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How many robust standard deviations each count lies above the median; a deviation is at least that of chance."""
    middle = np.median(counts)
    spread = max(1.4826 * float(np.median(np.abs(counts - middle))), float(np.sqrt(max(middle, 1.0))))
    return np.asarray((counts - middle) / spread)
