"""Repeats per kind of mail and hour against a negative binomial of that kind: the textbook's alarm for counts."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import nbinom

from detector.evaluation.sightings import DAY, HOUR

LIMIT = 1e-6
TRIMMED = 0.01
"""Share of the busiest hours that the fit leaves out: among them are the affairs."""


def negative_binomial(sends: pd.DataFrame) -> pd.DataFrame:
    """All repeats of the hours in which a kind of mail has far too many; known at the end of the hour."""
    repeats = sends[sends["gap_us"] <= DAY]
    repeats = repeats.assign(hour=repeats["at_us"] // HOUR)
    counts = repeats.groupby(["kind", "hour"], sort=False).size().rename("count").reset_index()
    hours = max(1, int(sends["at_us"].max() // HOUR - sends["at_us"].min() // HOUR + 1)) if len(sends) else 1
    counts["p"] = 1.0
    for _, rows in counts.groupby("kind"):
        counts.loc[rows.index, "p"] = _tail(rows["count"].to_numpy(dtype=np.float64), hours)
    marked = repeats.merge(counts[counts["p"] < LIMIT][["kind", "hour"]], on=["kind", "hour"])
    return marked.assign(known_us=(marked["hour"] + 1.0) * HOUR)[[*sends.columns, "known_us"]]


def _tail(busy: npt.NDArray[np.float64], hours: int) -> npt.NDArray[np.float64]:
    """P(at least as many) of each hour's count, by a fit to all hours but the busiest; hours without a repeat count."""
    kept = np.sort(busy)[: max(0, len(busy) - int(np.ceil(TRIMMED * hours)))]
    mean = (kept.sum() + 0.5) / hours
    variance = (np.square(kept).sum() + 0.5) / hours - mean**2
    size = mean**2 / max(variance - mean, 0.05 * mean)
    return np.asarray(nbinom.sf(busy - 1, size, size / (size + mean)))
