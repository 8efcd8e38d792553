"""scikit-learn's IsolationForest on what one person got of one mail in a day; the strangest in a thousand stand out."""

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest

from detector.evaluation.sightings import DAY, HOUR, MINUTE

STRANGEST = 0.001
TRAINED_ON = 50_000


def isolation_forest(sends: pd.DataFrame) -> pd.DataFrame:
    """All repeats of the strangest days; known at the end of the day, for it judges whole days."""
    days = sends.assign(
        day=sends["at_us"] // DAY,
        gap=np.log10(sends["gap_us"].clip(1_000, 8 * DAY).fillna(8 * DAY)),
        is_quick=sends["gap_us"] <= 10 * MINUTE,
        is_soon=sends["gap_us"] <= HOUR,
        is_again=sends["gap_us"] <= DAY,
    )
    keys = ["recipient", "mail", "day"]
    features = days.groupby(keys, sort=False).agg(
        copies=("gap", "size"), shortest=("gap", "min"), middle=("gap", "median"), quick=("is_quick", "sum"),
        soon=("is_soon", "sum"), again=("is_again", "sum"),
    )  # fmt: skip
    if len(features) < 2:
        return sends.assign(known_us=np.nan)[:0]
    matrix = np.log1p(features.to_numpy(dtype=np.float64))
    unique, place = np.unique(matrix, axis=0, return_inverse=True)
    sample = matrix[np.random.default_rng(0).permutation(len(matrix))[:TRAINED_ON]]
    strangeness = -IsolationForest(random_state=0).fit(sample).score_samples(unique)[place.ravel()]
    features["is_strange"] = strangeness > np.quantile(strangeness, 1 - STRANGEST)
    days = days.join(features["is_strange"], on=keys)
    marked = days[days["is_strange"] & days["is_again"]]
    return marked.assign(known_us=(marked["day"] + 1.0) * DAY)[[*sends.columns, "known_us"]]
