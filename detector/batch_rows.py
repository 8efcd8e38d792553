"""What one row of X is to the BurstDetector: columns, scales, and the keys things are learned under."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
LAG_BINS = 11

COLUMNS = (
    "repeated",  # how many people of the batch got the same again, within the lag bin
    "exposed",  # people (one person, or a week: copies) that could have
    "lag_bin",  # 1..11, see sql/lag_bins.sql; 0 stands for the batch itself and carries its size only
    "template",  # number of the template
    "family",  # number of what the template is akin to: its sender
    "scale",  # see SCALES
    "is_again",  # 1 if the earlier copies were extra copies already
    "is_reply",  # 1 if it is an answer in a conversation ("Re:"), which goes to a whole group again and again
    "day",  # days since 1970 of the window
    "own_exposed",  # one person only: the same on the person's other days
    "own_repeated",
)
SCALES = {
    "organization, 15 minutes": 0,
    "organization, day": 1,
    "all, 15 minutes": 2,
    "all, day": 3,
    "person, day": 4,
    "organization, week": 5,
    "all, week": 6,
    "organization, day of the later copy": 7,
    "all, day of the later copy": 8,
}
PERSON, EVERYBODY, WEEKS, ARRIVALS = SCALES["person, day"], SCALES["all, day"], (5, 6), (7, 8)


class Rows(NamedTuple):
    """X by columns, with the keys under which things are learned."""

    repeated: Matrix
    exposed: Matrix
    lag_bin: Numbers
    template: Numbers
    family: Numbers
    scale: Numbers
    is_again: Numbers
    is_reply: Numbers
    day: Numbers
    own_exposed: Matrix
    own_repeated: Matrix

    @classmethod
    def of(cls, matrix: Matrix) -> "Rows":
        """Any numbers as counts, bins, numbers and days; missing columns as `BurstDetector` says."""
        most = {"lag_bin": LAG_BINS, "scale": len(SCALES) - 1, "is_again": 1, "is_reply": 1, "day": 65_000}
        columns: dict[str, Any] = {}
        for place, name in enumerate(COLUMNS):
            given = matrix[:, place] if place < matrix.shape[1] else np.full(len(matrix), 4.0 * (name == "lag_bin"))
            values = np.clip(given, 0.0, most.get(name, 1e9))
            columns[name] = values if name in cls._counts() else values.astype(np.int64)
        columns["exposed"] = np.maximum(np.maximum(columns["exposed"], columns["repeated"]), 1.0)
        return cls(**columns)

    @staticmethod
    def _counts() -> tuple[str, ...]:
        return ("repeated", "exposed", "own_exposed", "own_repeated")

    def where(self, chosen: Any) -> "Rows":
        """Some of the rows."""
        return Rows(*(column[chosen] for column in self))

    @property
    def share(self) -> Matrix:
        """How much of each batch was repeated."""
        return self.repeated / self.exposed

    @property
    def group(self) -> Numbers:
        """What shares a usual at all lags: template, scale, and whether the copies before were extra ones."""
        return (self.template * 16 + self.scale) * 2 + self.is_again

    @property
    def key(self) -> Numbers:
        """The same in one lag bin."""
        return self.group * 32 + self.lag_bin

    @property
    def theme(self) -> Numbers:
        """The template in one lag bin, at all scales that are cut by the earlier copy, or at those by the later."""
        return (self.template * 2 + np.isin(self.scale, ARRIVALS)) * 32 + self.lag_bin
