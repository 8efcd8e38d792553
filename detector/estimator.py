"""BurstDetector: how far beyond the usual is it that so many of a batch got the same mail again?

One row of X is one batch of people in one lag bin. The detector learns, per template and lag bin, which share of a
batch usually gets the same again and how much that share varies from batch to batch, and scores a batch by the
likelihood ratio of "any share is as likely as any other" against that beta-binomial usual. Such ratios are e-values:
their expectation under the usual is at most 1, so log10 6 means "once in a million batches at most" (Wang & Ramdas,
"False discovery rate control with e-values", 2022). Binomial tails would be nonsense here, because the people of one
batch share their fate.

A day is never judged by itself: the row's own day, and the worst other day of its template and lag bin (a past
incident), are left out of what is usual.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

Matrix = npt.NDArray[np.float64]

COLUMNS = (
    "template",  # number of the template
    "scale",  # 0, 1: one organization in 15 minutes, in a day; 2, 3: everybody; 4: one person's day
    "is_again",  # 1 if the earlier copies were extra copies already
    "lag_bin",  # 1..10, see sql/lag_bins.sql; 0 stands for the batch itself and carries its size only
    "day",  # days since 1970 of the earlier copy
    "exposed",  # people (for one person: copies) that could have got the same again
    "repeated",  # how many of them did, within the lag bin
    "own_exposed",  # one person only: the same on the person's other days
    "own_repeated",
)

PRIORS = {
    1: (0.001, 30.0, 30.0),
    2: (0.002, 30.0, 30.0),
    3: (0.003, 30.0, 30.0),
    4: (0.003, 30.0, 30.0),
    5: (0.003, 30.0, 30.0),
    6: (0.004, 1.0, 10.0),
    7: (0.004, 1.0, 10.0),
    8: (0.004, 0.3, 0.3),
    9: (0.006, 0.3, 0.3),
    10: (0.01, 0.3, 0.3),
}
"""lag bin -> (usual share in a template nobody knows, its concentration, its concentration among extra copies).

A low concentration says "all or none is normal". A whole batch repeated within the hour is nearly always a fault; days
apart it may be a habit, such as a digest, until the template's history says otherwise.
"""

_PERSON = 4.0
_PERSON_CONCENTRATION = 3.0
"""People differ: some click "send again" nine times. Evidence against one person grows slowly (polynomially)."""
_LAG_BINS = 10
_FEWEST_IN_BATCH = 5
"""Batches smaller than this tell the mean of a share, but not how it varies."""
_DAYS_BEFORE_TRIMMING = 5
_NEAR = 3
"""A habit spreads over so many lag bins to each side: a daily digest may not come twice a minute."""


class BurstDetector(OutlierMixin, BaseEstimator):
    """Scores batches of repeats; lower is stranger, as scikit-learn has it.

    alarm_log10: a batch is an outlier (-1) if its log10 e-value reaches this.
    people: fewest repeated people of a batch that can be evidence at all.
    prior_exposures, prior_batches, prior_days: how much history outweighs what is assumed of an unknown template.
    """

    def __init__(
        self,
        alarm_log10: float = 6.0,
        people: int = 3,
        prior_exposures: float = 50.0,
        prior_batches: float = 10.0,
        prior_days: float = 3.0,
    ) -> None:
        self.alarm_log10 = alarm_log10
        self.people = people
        self.prior_exposures = prior_exposures
        self.prior_batches = prior_batches
        self.prior_days = prior_days

    def fit(self, X: npt.ArrayLike, y: Any = None) -> Self:
        """Learn what is usual from X of shape (rows, 9), columns as in `COLUMNS`. Past incidents may be in it."""
        rows = self._checked(X, reset=True)
        rows = rows[rows[:, 1] != _PERSON]
        sizes, repeats = rows[rows[:, 3] == 0], rows[rows[:, 3] > 0]
        big = sizes[:, 5] >= _FEWEST_IN_BATCH
        self.sizes_ = _DaySums(_group(sizes), sizes[:, 4], sizes[:, 5], big)
        share = repeats[:, 6] / np.maximum(repeats[:, 5], 1)
        big = repeats[:, 5] >= _FEWEST_IN_BATCH
        self.repeats_ = _DaySums(
            _group(repeats) * 16 + repeats[:, 3], repeats[:, 4], repeats[:, 6], big, big * share, big * share**2
        )
        whole, share = repeats[big], share[big]
        near = np.concatenate([np.arange(-_NEAR, _NEAR + 1)] * len(whole)) if len(whole) else np.zeros(0)
        keys, share = np.repeat(_group(whole) * 16 + whole[:, 3], 2 * _NEAR + 1) + near, np.repeat(share, 2 * _NEAR + 1)
        self.habits_ = _DaySums(keys, np.repeat(whole[:, 4], 2 * _NEAR + 1), np.ones(len(keys)), share, share**2)
        self.offset_ = -float(self.alarm_log10)
        return self

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Minus log10 of each row's e-value, shape (rows,): 0 is ordinary, -6 once in a million."""
        check_is_fitted(self)
        rows = self._checked(X, reset=False)
        usual, concentration = self.usual(rows)
        exposed = np.maximum(rows[:, 5], 1)
        repeated = np.clip(rows[:, 6], 0, exposed)
        is_person = rows[:, 1] == _PERSON
        hits = usual * concentration + rows[:, 8]
        misses = (1 - usual) * concentration + np.maximum(rows[:, 7] - rows[:, 8], 0)
        choose = gammaln(exposed + 1) - gammaln(repeated + 1) - gammaln(exposed - repeated + 1)
        under_usual = choose + betaln(repeated + hits, exposed - repeated + misses) - betaln(hits, misses)
        log10 = (-np.log(exposed + 1) - under_usual - np.log(_LAG_BINS)) / np.log(10)
        counts = (rows[:, 3] > 0) & (repeated / exposed > hits / (hits + misses))
        counts &= np.where(is_person, repeated >= 2, repeated >= self.people)
        return np.where(counts, -np.maximum(log10, 0.0), 0.0)

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """`score_samples` shifted so that rows below 0 are beyond the alarm line."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """-1 for rows beyond the alarm line, 1 for the others."""
        return np.where(self.decision_function(X) <= 0, -1, 1)

    def usual(self, rows: Matrix) -> tuple[Matrix, Matrix]:
        """For each row the usual share that gets the same again, and the concentration of that share."""
        is_person = rows[:, 1] == _PERSON
        scale = np.where(is_person, 3.0, rows[:, 1])  # a person is judged by everybody's days
        group, day = _group(np.column_stack([rows[:, 0], scale, rows[:, 2]])), rows[:, 4]
        bins = np.clip(rows[:, 3], 1, _LAG_BINS).astype(int)
        prior = np.array([(0.0, 1.0, 1.0), *PRIORS.values()])[bins]
        prior_share = np.minimum(prior[:, 0] * np.where(is_person, 10.0, 1.0), 0.5)
        prior_concentration = np.where(rows[:, 2] > 0, prior[:, 2], prior[:, 1])
        worst = self.repeats_.worst_other_day(group * 16 + bins, day)
        worst = np.where(self.sizes_.days(group) >= _DAYS_BEFORE_TRIMMING, worst, np.nan)
        exposed, _ = self.sizes_.without(group, day, worst)
        repeated, batches, shares, squares = self.repeats_.without(group * 16 + bins, day, worst)
        usual = (repeated + self.prior_exposures * prior_share) / (exposed + self.prior_exposures)
        usual = np.clip(usual, prior[:, 0] / 10, 0.98)
        first = _group(np.column_stack([rows[:, 0], scale, np.zeros(len(rows))]))
        concentration = np.minimum(  # who mails a group again does so after any copy
            self._habit(prior_concentration, group, bins, day), self._habit(prior_concentration, first, bins, day)
        )
        _, big_batches = self.sizes_.without(group, day, worst)
        seen = _concentration(np.maximum(big_batches, batches), shares, squares)
        concentration = _between(
            concentration, seen, _wholeness(shares, squares) * batches / (batches + self.prior_batches)
        )
        return usual, np.where(is_person, _PERSON_CONCENTRATION, concentration)

    def _checked(self, X: npt.ArrayLike, *, reset: bool) -> Matrix:
        """X as floats; raises ValueError if it has other columns than `COLUMNS`."""
        rows: Matrix = validate_data(self, X, reset=reset, dtype=np.float64)
        if rows.shape[1] != len(COLUMNS):
            raise ValueError(f"X has {rows.shape[1]} columns; these {len(COLUMNS)} are needed: {', '.join(COLUMNS)}")
        return rows

    def _habit(self, prior: Any, group: Any, bins: Any, day: Any) -> Any:
        """The concentration of a template over neighbouring lag bins: a forum repeats to whole groups on many days.

        Days count, not batches: one incident has many batches, but only one day. And groups count that repeat as a
        whole: that single people ask again says nothing about the others.
        """
        keys = group * 16 + bins
        worst = self.habits_.worst_other_day(keys, day)
        batches, shares, squares = self.habits_.without(keys, day, worst)
        _, big_batches = self.sizes_.without(group, day, worst)
        days = np.maximum(self.habits_.days(keys) - self.habits_.has(keys, day) - ~np.isnan(worst), 0)
        near = 2 * _NEAR + 1
        seen = _concentration(near * np.maximum(big_batches, batches / near), shares, squares)
        return _between(prior, seen, _wholeness(shares, squares) * days / (days + self.prior_days))


class _DaySums:
    """Sums of some values per key and day, which can be asked for "all days but these two"."""

    def __init__(self, keys: Any, days: Any, *values: Any) -> None:
        stacked = np.stack([np.asarray(keys), np.asarray(days)], axis=1).astype(np.int64)
        pairs, place = np.unique(stacked[:, 0] * 65536 + stacked[:, 1], return_inverse=True)
        self.pairs = pairs
        self.sums = np.stack([np.bincount(place, weights=v, minlength=len(pairs)) for v in values])
        self.keys, first = np.unique(pairs // 65536, return_index=True)
        self.totals = np.add.reduceat(self.sums, first, axis=1) if len(first) else np.zeros((len(values), 0))
        self.day_counts = np.diff(np.append(first, len(pairs)))
        order = np.lexsort((-self.sums[0], pairs // 65536))
        self.worst_days = [pairs[order[first]] % 65536]
        second = np.minimum(first + 1, np.append(first[1:], len(pairs)) - 1)
        self.worst_days.append(np.where(second > first, pairs[order[second]] % 65536, -1))

    def days(self, keys: Any) -> npt.NDArray[np.int64]:
        """On how many days the key has anything."""
        place, found = _find(self.keys, np.asarray(keys, dtype=np.int64))
        return np.where(found, self.day_counts[place], 0) if len(self.keys) else np.zeros(len(place), dtype=np.int64)

    def has(self, keys: Any, days: Any) -> npt.NDArray[np.bool_]:
        """Whether the key has anything on the day."""
        pairs = np.asarray(keys, dtype=np.int64) * 65536 + np.asarray(days, dtype=np.int64)
        return np.asarray(_find(self.pairs, pairs)[1])

    def worst_other_day(self, keys: Any, days: Any) -> npt.NDArray[np.float64]:
        """The day, other than the given one, with the greatest first value; NaN if there is none."""
        place, found = _find(self.keys, np.asarray(keys, dtype=np.int64))
        if not len(self.keys):
            return np.full(len(place), np.nan)
        worst = np.where(self.worst_days[0][place] == days, self.worst_days[1][place], self.worst_days[0][place])
        return np.where(found & (worst >= 0), worst, np.nan)

    def without(self, keys: Any, *days: Any) -> npt.NDArray[np.float64]:
        """The values' totals of each key over all days but the given ones (NaN: none), shape (values, rows)."""
        keys = np.asarray(keys, dtype=np.int64)
        place, found = _find(self.keys, keys)
        if not len(self.keys):
            return np.zeros((len(self.sums), len(keys)))
        result = np.where(found, self.totals[:, place], 0.0)
        for day in days:
            pair, there = _find(self.pairs, keys * 65536 + np.nan_to_num(day, nan=65535).astype(np.int64))
            result = result - np.where(there, self.sums[:, pair], 0.0)
        return np.maximum(result, 0.0)


def _concentration(batches: Any, shares: Any, squares: Any) -> Any:
    """How concentrated shares are around their mean, by moments: 0 if batches repeat as a whole or not at all."""
    n = np.maximum(batches, 1)
    mean = np.clip(shares / n, 1e-4, 1 - 1e-4)
    variance = np.maximum(squares / n - (shares / n) ** 2, 1e-6)
    return np.clip(mean * (1 - mean) / variance - 1, 0.2, 100.0)


def _wholeness(shares: Any, squares: Any) -> Any:
    """From 0 to 1: do batches repeat as a whole? From the mean share, weighted by the share itself."""
    return np.clip(2 * squares / np.maximum(shares, 1e-9) - 0.5, 0, 1)


def _between(one: Any, other: Any, weight: Any) -> Any:
    """The first value moved towards the other by a weight from 0 to 1, on a log scale."""
    return np.exp((1 - weight) * np.log(one) + weight * np.log(other))


def _group(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """One number for (template, scale, is_again): what shares a usual."""
    return (rows[:, 0] * 16 + rows[:, 1] * 2 + (rows[:, 2] > 0)).astype(np.int64)


def _find(sorted_values: Any, wanted: Any) -> tuple[Any, Any]:
    """Where each wanted value stands in a sorted array, and whether it is there."""
    if not len(sorted_values):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return place, sorted_values[place] == wanted
