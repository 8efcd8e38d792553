"""The monitor that most systems have: mail per hour, against the usual for that hour of the day.

In the hours that stand out it names, generously, only those who got the same mail again: a person would look for that.
"""

import numpy as np
import pandas as pd

from detector.evaluation.sightings import DAY, HOUR, robust_z

LIMIT = 6.0


def hourly_volume(sends: pd.DataFrame) -> pd.DataFrame:
    """All repeats of the hours that are too busy, as if they were of one mail; known at the end of the hour."""
    hours = (sends["at_us"] // HOUR).to_numpy()
    if not len(hours):
        return sends.assign(known_us=np.nan)
    counts = np.bincount(hours - hours.min()).astype(np.float64)
    of_day = (np.arange(len(counts)) + hours.min()) % (DAY // HOUR)
    z = np.zeros_like(counts)
    for hour in range(DAY // HOUR):
        if (of_day == hour).any():
            z[of_day == hour] = robust_z(counts[of_day == hour])
    is_busy = z[hours - hours.min()] > LIMIT
    repeats = sends[is_busy & (sends["gap_us"] <= DAY).to_numpy()]
    return repeats.assign(mail="all mail", known_us=(repeats["at_us"] // HOUR + 1.0) * HOUR)
