"""The rule that everybody writes first: so many of the same mail to one person within such a time."""

import numpy as np
import pandas as pd


def fixed_rule(sends: pd.DataFrame, *, copies: int, within_us: int) -> pd.DataFrame:
    """All repeats of a run that breaks the rule; it speaks up at the copy that completes the number."""
    first_of_run = sends.groupby(["recipient", "mail"], sort=False)["at_us"].shift(copies - 1)
    breaks = (sends["at_us"] - first_of_run <= within_us).to_numpy()
    # Each breach covers itself and the copies before it back to the second of the run.
    edges = np.zeros(len(sends) + 1, dtype=np.int64)
    places = np.flatnonzero(breaks)
    np.add.at(edges, places - (copies - 2), 1)
    np.add.at(edges, places + 1, -1)
    is_extra = np.cumsum(edges[:-1]) > 0
    return sends.assign(known_us=sends["at_us"].where(breaks))[is_extra]
