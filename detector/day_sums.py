"""Sums per key and day that can be asked for "all days but these", so that no day speaks for itself."""

from typing import Any

import numpy as np
import numpy.typing as npt

from detector import priors
from detector.batch_rows import SINGLE_BINS, Rows

Values = npt.NDArray[np.float64]
_DAYS = 65536


class DaySums:
    """Sums of some values per key and day, and per run: days that lie near each other and are one affair or one habit.

    `nearness` says for each row how many days apart two days of its key may be and still be one run; 0 keeps each day
    by itself. The first value ranks the runs: the worst is the one with the greatest sum.
    """

    def __init__(self, keys: Any, days: Any, nearness: Any, *values: Any) -> None:
        stacked = np.asarray(keys).astype(np.int64) * _DAYS + np.asarray(days).astype(np.int64)
        self.pairs, first, place = np.unique(stacked, return_index=True, return_inverse=True)
        sums = np.stack([np.bincount(place, weights=v, minlength=len(self.pairs)) for v in values])
        sums = np.concatenate([sums, np.ones((1, len(self.pairs)))])  # and the number of days
        self.cumulated = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)], axis=1)
        keys_of, near = self.pairs // _DAYS, np.broadcast_to(nearness, stacked.shape)[first]
        is_first = np.ones(len(self.pairs), dtype=bool)
        is_first[1:] = (np.diff(keys_of) != 0) | (np.diff(self.pairs) > near[1:])
        self.run_of, starts = np.cumsum(is_first) - 1, np.flatnonzero(is_first)
        ends = np.append(starts[1:], len(self.pairs)) - 1
        self.run_days = (self.pairs[starts] % _DAYS, self.pairs[ends] % _DAYS) if len(starts) else (starts, starts)
        self._rank(keys_of[starts], np.add.reduceat(sums[0], starts) if len(starts) else starts)

    def _rank(self, keys: Any, sums: Any) -> None:
        """The two worst runs of each key."""
        order = np.lexsort((-sums, keys))
        self.keys, first, self.run_counts = np.unique(keys[order], return_index=True, return_counts=True)
        second = np.minimum(first + 1, len(order) - 1)
        self.worst = order[first] if len(first) else first
        self.second = np.where(np.append(first[1:], len(order)) > first + 1, order[second] if len(first) else first, -1)

    def own_run(self, keys: Any, days: Any) -> tuple[Values, Values]:
        """First and last day of the run that the day lies in; the day itself if nothing is known of it."""
        place, found = find(self.pairs, np.asarray(keys, dtype=np.int64) * _DAYS + np.asarray(days, dtype=np.int64))
        if not len(self.pairs):
            return np.asarray(days, dtype=float), np.asarray(days, dtype=float)
        run = self.run_of[place]
        return np.where(found, self.run_days[0][run], days), np.where(found, self.run_days[1][run], days)

    def worst_other_run(self, keys: Any, days: Any) -> tuple[Values, Values]:
        """First and last day of the worst run other than the day's own; NaN if there is none."""
        keys = np.asarray(keys, dtype=np.int64)
        if not len(self.keys):
            return np.full(len(keys), np.nan), np.full(len(keys), np.nan)
        place, found = find(self.keys, keys)
        own, here = find(self.pairs, keys * _DAYS + np.asarray(days, dtype=np.int64))
        own_run = np.where(here, self.run_of[own], -1)
        worst = np.where(self.worst[place] == own_run, self.second[place], self.worst[place])
        found = found & (worst >= 0)
        return np.where(found, self.run_days[0][worst], np.nan), np.where(found, self.run_days[1][worst], np.nan)

    def first_day(self, keys: Any) -> Values:
        """The first day of each key; 0 if nothing is known of it."""
        place = np.searchsorted(self.pairs, np.asarray(keys, dtype=np.int64) * _DAYS)
        if not len(self.pairs):
            return np.zeros(len(place))
        pair = self.pairs[np.minimum(place, len(self.pairs) - 1)]
        return np.where(pair // _DAYS == keys, pair % _DAYS, 0).astype(float)

    def between(self, keys: Any, from_day: Any, to_day: Any) -> Values:
        """The values' sums of each key from one day to another (NaN: nothing), and the number of days, as rows."""
        nothing = ~(np.asarray(from_day) <= np.asarray(to_day))
        low, high = np.where(nothing, 0.0, from_day), np.where(nothing, 0.0, to_day)
        start = np.asarray(keys, dtype=np.int64) * _DAYS
        left = np.searchsorted(self.pairs, start + np.clip(low, 0, _DAYS - 1).astype(np.int64), side="left")
        right = np.searchsorted(self.pairs, start + np.clip(high, 0, _DAYS - 1).astype(np.int64), side="right")
        return np.where(nothing, 0.0, self.cumulated[:, right] - self.cumulated[:, left])

    def without(self, keys: Any, *ranges: tuple[Any, Any], until: Any = _DAYS - 1) -> Values:
        """The same over all days up to `until`, but those in the ranges, which must not overlap."""
        result = self.between(keys, np.zeros(len(np.asarray(keys))), np.broadcast_to(until, np.shape(keys)))
        for from_day, to_day in ranges:
            result = result - self.between(keys, from_day, np.minimum(to_day, until))
        return np.maximum(result, 0.0)


def find(sorted_values: Any, wanted: Any) -> tuple[Any, Any]:
    """Where each wanted value stands in a sorted array, and whether it is there."""
    if not len(sorted_values):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return place, sorted_values[place] == wanted


def distinct(*columns: Any) -> tuple[Any, Any]:
    """The place of one row for each combination of values, and for each row which of these combinations it has."""
    order = np.lexsort(columns)
    is_first = np.zeros(len(order), dtype=bool)
    is_first[:1] = True
    for column in columns:
        is_first[1:] |= np.diff(column[order]) != 0
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(is_first) - 1
    return order[is_first], place


def spread(rows: Rows, keys: Any, *values: Any) -> DaySums:
    """Sums by keys that end in a lag bin, each row counted in the bins near its own as well."""
    parts, near = [], priors.NEAR[rows.lag_bin]
    for step in range(-int(priors.NEAR.max()), int(priors.NEAR.max()) + 1):
        inside = (rows.lag_bin + step > 0) & (rows.lag_bin + step <= SINGLE_BINS)
        here = np.flatnonzero((np.abs(step) <= near) & (inside | (step == 0)))
        nearness = priors.RUN_DAYS[rows.lag_bin[here] + step]
        parts.append((keys[here] + step, rows.day[here], nearness, *(v[here] for v in values)))
    return DaySums(*(np.concatenate(part) for part in zip(*parts, strict=True)))
