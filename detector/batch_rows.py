"""What one row of X is to the BurstDetector: columns, scales, and the keys things are learned under."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
DAY_US = 86_400_000_000
SINGLE_BINS, LAG_BINS = 11, 15
POOLED_BINS = {12: (1, 5), 13: (9, 11), 14: (9, 11), 15: (1, 3)}
LATE, SCATTERED = 13, 14
"""Lag bins that stand for several, from one to another: within the hour, after more than a day; and after more than a
day, counted are the separate quarters of an hour in which the earlier copies had gone out. 15 is within a minute."""
_WITHIN_A_MINUTE = (1, 2, 3, 15)
WHOLE = 0.5
"""From this share on, a batch was repeated as a whole."""

COLUMNS = (
    "repeated",  # how many people of the batch got the same again, within the lag bin
    "exposed",  # people (one person, or a week: copies) that could have
    "lag_bin",  # 1..11, see sql/lag_bins.sql; 12 to 15: see POOLED_BINS; 0: the batch's size only
    "template",  # number of the template
    "kin",  # number of the template that stands for those whose names begin alike (see sql/kins.sql); 0: none
    "family",  # number of the templates of one sender
    "scale",  # see SCALES
    "is_again",  # 1 if the earlier copies were extra copies already
    "kind",  # 0, or one of those below
    "day",  # days since 1970 of the window
    "own_exposed",  # one person only: the same on the person's other days
    "own_repeated",
    "alike",  # so many batches are the same in all this; 0 counts as 1
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
    "all, 15 minutes of the later copy": 9,
}
CONVERSATION, REFERRING, OCCASIONAL, SERIES, SEVERAL = 1, 2, 3, 4, 5
"""Kinds of templates: an answer ("Re:") goes to a whole group again and again; a subject with a reference that is left
out may stand for mails that are different; a forum's posts or an invitation that is moved come whenever there is
occasion; in a series a group gets a new issue, or a further reminder, after days; and several at once come to who is
enrolled in several courses whose mails look alike. 0 is any other."""
VAGUE = np.zeros((6, LAG_BINS + 1), dtype=bool)
"""kind, lag bin -> does it say little that a whole group got the same again?"""
for _kind, _bins in {
    CONVERSATION: range(3, 16),
    REFERRING: range(3, 16),
    OCCASIONAL: range(4, 15),
    SERIES: (8, 9, 10, 11, 13, 14),
    SEVERAL: (1, 2, 3, 12, 15),
}.items():
    VAGUE[_kind, list(_bins)] = True
BATCH = ["cut_by", "scope", "organization", "window_us", "window_start_us"]
"""What makes one batch of a template; it has a row for each lag bin, of first and of extra copies."""
PERSON, EVERYBODY, WEEKS, ARRIVALS = SCALES["person, day"], SCALES["all, day"], (5, 6), (7, 8, 9)


class Rows(NamedTuple):
    """X by columns, with the keys under which things are learned."""

    repeated: Matrix
    exposed: Matrix
    lag_bin: Numbers
    template: Numbers
    kin: Numbers
    family: Numbers
    scale: Numbers
    is_again: Numbers
    kind: Numbers
    day: Numbers
    own_exposed: Matrix
    own_repeated: Matrix
    alike: Matrix

    @classmethod
    def of(cls, matrix: Matrix) -> "Rows":
        """Any numbers as counts, bins, numbers and days; missing columns as `BurstDetector` says."""
        most = {"lag_bin": LAG_BINS, "scale": len(SCALES) - 1, "is_again": 1, "kind": len(VAGUE) - 1, "day": 65_000}
        columns: dict[str, Any] = {}
        for place, name in enumerate(COLUMNS):
            given = matrix[:, place] if place < matrix.shape[1] else np.full(len(matrix), 4.0 * (name == "lag_bin"))
            values = np.clip(given, 0.0, most.get(name, 1e9))
            columns[name] = values if name in cls._counts() else values.astype(np.int64)
        columns["exposed"] = np.maximum(np.maximum(columns["exposed"], columns["repeated"]), 1.0)
        columns["alike"] = np.maximum(columns["alike"], 1.0)
        return cls(**columns)

    @staticmethod
    def _counts() -> tuple[str, ...]:
        return ("repeated", "exposed", "own_exposed", "own_repeated", "alike")

    def where(self, chosen: Any) -> "Rows":
        """Some of the rows, by whether they are chosen or by their places."""
        places: Any = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Rows(*(column[places] for column in self))

    @property
    def share(self) -> Matrix:
        """How much of each batch was repeated."""
        return self.repeated / self.exposed

    @property
    def is_half_at_once(self) -> Any:
        """Did half of the batch or more get it again within the minute?"""
        return np.isin(self.lag_bin, _WITHIN_A_MINUTE) & (self.share >= WHOLE)

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
