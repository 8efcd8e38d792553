"""How far beyond the usual is it that so many of a batch got the same mail again? What `BurstDetector` does, without
scikit-learn, which takes a second to be loaded.

One row of X is one batch of people in one lag bin. The detector learns, per template and lag bin, which share of a
batch usually gets the same again and how much that share varies from batch to batch, and scores a batch by the
likelihood ratio of "any share is as likely as any other" against that beta-binomial usual. Such ratios are e-values:
their expectation under the usual is at most 1, so log10 6 means "once in a million batches at most" (Wang & Ramdas,
"False discovery rate control with e-values", 2022). Binomial tails would be nonsense here, because the people of one
batch share their fate.

What decides is the concentration of the share. A low one says "all or none is normal": so it is with a digest, and so
it is assumed of an unknown template for lags of hours and days. Every clean day of the template (people could have got
the same again at that lag, and no batch did) raises it; every day on which whole batches did lowers it.

A day is never judged by itself: its own run (the day; for lags of many hours the days next to it that repeat as well)
and the worst other run of its template and lag bin (a past incident) are left out of what is usual.
"""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln

from detector import priors
from detector.batch_rows import (
    ARRIVALS,
    EVERYBODY,
    LAG_BINS,
    PERSON,
    REFERRING,
    VAGUE,
    WEEKS,
    WHOLE,
    Matrix,
    Rows,
)
from detector.concentration import between, concentration_of, wholeness
from detector.day_sums import DaySums, distinct, find, spread

_FEWEST_IN_BATCH = 5
"""Batches smaller than this tell the mean of a share, but not how it varies."""
_DAYS_BEFORE_TRIMMING = 5
_QUICK = (1, 2, 3, 4, 5, 6, 12, 15)
"""Lag bins up to six hours."""
_FIRST_ARRIVING = 9
"""From this lag bin on batches are cut by the later copy as well."""
_BEFORE = 0.25
"""An affair of many days had at least so many days before it, relative to its own, on which nothing repeated."""
_HABITUAL = 0.1
"""On such a share of its days a template repeats to whole batches if that is its habit."""


class BurstScores:
    """Scores batches of repeats; `estimator.BurstDetector` says how, and what the parameters mean."""

    def __init__(
        self,
        alarm_log10: float | None = None,
        people: int = 3,
        prior_exposures: float = 50.0,
        prior_days: float = 3.0,
        contamination: float = 0.1,
    ) -> None:
        self.alarm_log10 = alarm_log10
        self.people = people
        self.prior_exposures = prior_exposures
        self.prior_days = prior_days
        self.contamination = contamination

    def fit(self, X: npt.ArrayLike, y: Any = None) -> Self:
        """Learn what is usual from X of shape (batches, 13), columns as in `COLUMNS`. Past incidents may be in it."""
        given = Rows.of(self._checked(X, reset=True))
        self.learn(given)
        if self.alarm_log10 is None:
            scores = np.repeat(self._scores(given), given.alike.astype(np.int64))
            self.offset_ = float(np.percentile(scores, 100.0 * self.contamination))
        else:
            self.offset_ = float(np.nextafter(-self.alarm_log10, 0.0))  # at the line itself is an alarm
        return self

    def learn(self, given: Rows) -> None:
        """The same from rows that are no longer a matrix, without a line that is drawn by their scores."""
        is_person = given.scale == PERSON
        batches = given.where(~is_person) if is_person.any() else given
        self.first_day_ = int(batches.day.min()) if len(batches.day) else 0
        self.last_day_ = int(batches.day.max()) if len(batches.day) else 0
        self._learn_sizes(batches.where(batches.lag_bin == 0))
        self._learn_repeats(batches.where(batches.lag_bin > 0))

    def score_samples(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Minus log10 of each row's e-value, shape (rows,): 0 is ordinary, -6 once in a million."""
        return self._scores(Rows.of(self._checked(X, reset=False)))

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """`score_samples` shifted so that rows below 0 are beyond the alarm line."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """-1 for rows beyond the alarm line, 1 for the others."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def usual(self, X: npt.ArrayLike) -> tuple[Matrix, Matrix]:
        """For each row the usual share that gets the same again, and the concentration of that share."""
        return self._usual(Rows.of(self._checked(X, reset=False)))

    def _checked(self, X: npt.ArrayLike, *, reset: bool) -> Matrix:
        """X as floats; `reset` if it is to be learned from."""
        return np.asarray(X, dtype=np.float64)

    def _learn_sizes(self, sizes: Rows) -> None:
        """How many people could have got something again, and on how many days there were enough of them."""
        big = sizes.exposed >= _FEWEST_IN_BATCH
        self.sizes_ = DaySums(sizes.group, sizes.day, 0, sizes.exposed * sizes.alike, big * sizes.alike)
        daily = sizes.where(big & (sizes.scale == EVERYBODY) & (sizes.is_again == 0))
        self.templates_, first, self.template_days_ = np.unique(daily.template, return_index=True, return_counts=True)
        self.families_ = daily.family[first]
        self.family_size_ = DaySums(self.families_, np.zeros(len(first)), 0, np.ones(len(first)))

    def _learn_repeats(self, repeats: Rows) -> None:
        """How many people got it again, and which batches did so as a whole."""
        near = priors.RUN_DAYS[repeats.lag_bin] + 7 * np.isin(repeats.scale, WEEKS)
        self.repeats_ = DaySums(repeats.key, repeats.day, near, repeats.repeated * repeats.alike)
        big = repeats.where(repeats.exposed >= _FEWEST_IN_BATCH)
        self.habits_ = spread(big, big.key, big.alike, big.share * big.alike, big.share**2 * big.alike)
        whole = big.where((big.share >= WHOLE) & (big.repeated >= _FEWEST_IN_BATCH))
        self.whole_ = spread(whole, whole.theme, whole.alike)
        broad = whole.where(np.isin(whole.lag_bin, priors.BROAD))
        arrived, later = broad.where(np.isin(broad.scale, ARRIVALS)), broad.where(~np.isin(broad.scale, ARRIVALS))
        self.whole_lags_ = DaySums(later.template * 32 + later.lag_bin, later.day, 0, later.alike)
        self.arrived_lags_ = DaySums(arrived.template * 32 + arrived.lag_bin, arrived.day, 0, arrived.alike)
        self.whole_days_ = DaySums(later.template, later.day, 0, later.alike)
        self.whole_templates_, first = np.unique(whole.template, return_index=True)
        self.kin_whole_ = DaySums(whole.kin[first], np.zeros(len(first)), 0, np.ones(len(first)))
        known = whole.where(np.isin(whole.template, self.templates_) & ~np.isin(whole.scale, ARRIVALS))
        runs = spread(known, known.template * 32 + known.lag_bin, known.alike)
        days = self.template_days_[find(self.templates_, runs.keys // 32)[0]] if len(runs.keys) else runs.keys
        self.whole_bins_ = runs.keys[runs.run_counts > np.maximum(1, _HABITUAL * days)]  # once may be an incident
        place, _ = find(self.templates_, self.whole_bins_ // 32)
        families = (self.families_[place] if len(place) else place) * 32 + self.whole_bins_ % 32
        self.family_whole_ = DaySums(families, np.zeros(len(place)), 0, np.ones(len(place)))

    def _scores(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Minus log10 of the e-values."""
        usual, concentration = self._usual(rows)
        hits = usual * concentration + rows.own_repeated
        misses = (1 - usual) * concentration + np.maximum(rows.own_exposed - rows.own_repeated, 0)
        left = rows.exposed - rows.repeated
        choose = gammaln(rows.exposed + 1) - gammaln(rows.repeated + 1) - gammaln(left + 1)
        under_usual = choose + betaln(rows.repeated + hits, left + misses) - betaln(hits, misses)
        log10 = (-np.log(rows.exposed + 1) - under_usual - np.log(LAG_BINS)) / np.log(10)
        counts = (rows.lag_bin > 0) & (rows.share > hits / (hits + misses))
        counts &= rows.repeated >= np.where(rows.scale == PERSON, 2, self.people)
        return np.where(counts, -np.maximum(log10, 0.0), 0.0)

    def _usual(self, rows: Rows) -> tuple[Matrix, Matrix]:
        """The usual of each row; of rows that differ in their counts alone, as a great many do, worked out once."""
        first, place = distinct(rows.kin, rows.family, rows.kind, rows.day, rows.key, rows.is_half_at_once)
        usual, concentration = self._usual_of(rows.where(first))
        return usual[place], concentration[place]

    def _usual_of(self, rows: Rows) -> tuple[Matrix, Matrix]:
        is_person = rows.scale == PERSON
        rows = rows._replace(scale=np.where(is_person, EVERYBODY, rows.scale))  # judged by everybody's days
        prior = np.array([priors.NO_PRIOR, *priors.PRIORS.values()])[rows.lag_bin]
        prior_share = np.minimum(prior[:, 0] * np.where(is_person, 10.0, priors.RARER[rows.scale]), 0.5)
        own, worst = self._left_out(rows, self.repeats_, rows.key)
        exposed, *_ = self.sizes_.without(rows.group, own, worst)
        repeated, *_ = self.repeats_.without(rows.key, own, worst)
        usual = (repeated + self.prior_exposures * prior_share) / (exposed + self.prior_exposures)
        usual = np.clip(usual, prior_share / 10, 0.98)
        assumed = np.where(rows.is_again > 0, prior[:, 2], prior[:, 1])
        grows = np.array([priors.GROWN.get(lag_bin, 1.0) for lag_bin in range(LAG_BINS + 1)])
        assumed *= grows[rows.lag_bin] ** self._grown(rows)
        vague = VAGUE[rows.kind, rows.lag_bin]
        assumed = self._akin(np.where(vague, np.minimum(assumed, priors.REPLY), assumed), rows)
        clean = self._clean_days(rows)
        cleanest = np.where(vague & (rows.kind != REFERRING), assumed, np.maximum(assumed, priors.CLEAN))
        concentration = between(assumed, cleanest, clean / (clean + prior[:, 3]))
        other = rows._replace(is_again=1 - rows.is_again)  # who mails a group again does so after any copy
        concentration = np.minimum(self._habit(concentration, rows, clean), self._habit(concentration, other, clean))
        concentration = self._at_any_time(concentration, rows)
        return usual, np.where(is_person, priors.PERSON_CONCENTRATION, concentration)

    def _grown(self, rows: Rows) -> Matrix:
        """From 0 to 1: how old is the log on the row's day?"""
        grown: Matrix = np.interp(rows.day - self.first_day_, priors.GROWN_DAYS, (0.0, 1.0))
        return grown

    def _left_out(self, rows: Rows, sums: DaySums, keys: Any) -> tuple[Any, Any]:
        """The runs that do not count: the row's own, and the worst other one if there are days enough. Before that half
        a batch within the minute is judged by what is assumed alone: all that a new template sent may be the fault."""
        last = np.where(np.isin(rows.scale, WEEKS), 6, 0)
        own: Any = self._own(rows, *sums.own_run(keys, rows.day))
        worst_from, worst_to = sums.worst_other_run(keys, rows.day)
        enough = self.sizes_.without(rows.group)[-1] >= _DAYS_BEFORE_TRIMMING
        own = np.where(~enough & rows.is_half_at_once, ([0.0], [float(self.last_day_)]), own)
        apart = enough & ~((worst_from <= own[1]) & (worst_to + last >= own[0]))
        return own, (np.where(apart, worst_from, np.nan), worst_to + last)

    def _own(self, rows: Rows, from_day: Any, to_day: Any) -> tuple[Any, Any]:
        """The row's own run if it is an affair that began and not what the template does all the time; else its day."""
        last = np.where(np.isin(rows.scale, WEEKS), 6, 0)
        before = self._days(rows, (from_day, to_day + last))
        is_affair = (before >= _DAYS_BEFORE_TRIMMING) & (before >= _BEFORE * (to_day - from_day))
        beside = np.where(np.isin(rows.lag_bin, _QUICK), 1, 0)  # a loop does not stop at midnight
        from_day = np.where(is_affair, from_day, rows.day) - beside
        return from_day, np.where(is_affair, to_day, rows.day) + last + beside

    def _days(self, rows: Rows, left_out: tuple[Any, Any]) -> Matrix:
        """On how many days enough people could have got something again at that lag, as far as the log can tell."""
        is_later = np.isin(rows.scale, ARRIVALS)
        daily = rows._replace(scale=np.where(is_later, ARRIVALS[1], EVERYBODY), is_again=np.zeros_like(rows.is_again))
        follow_up = priors.FOLLOW_UP_DAYS[rows.lag_bin]
        until = np.where(is_later, self.last_day_, self.last_day_ - follow_up)
        started = self.sizes_.first_day(daily.group)
        too_early = (np.zeros(len(until)), np.where(is_later, np.minimum(started + follow_up, left_out[0]) - 1, -1))
        days: Matrix = self.sizes_.without(daily.group, left_out, too_early, until=until)[1]
        return days

    def _clean_days(self, rows: Rows) -> Matrix:
        """On how many days people could have got the same again at that lag, and no whole batch did."""
        own, _ = self._left_out(rows, self.repeats_, rows.key)
        clean: Matrix = np.maximum(self._days(rows, own) - self.whole_.without(rows.theme, own)[-1], 0.0)
        return clean

    def _akin(self, assumed: Any, rows: Rows) -> Any:
        """What is assumed of a template, seen what others of its sender and its kin do.

        A forum has ever new threads, and each session's invitation is corrected once.
        """
        _, is_whole = find(self.whole_bins_, rows.template * 32 + rows.lag_bin)
        _, is_known = find(self.templates_, rows.template)
        whole = np.maximum(self.family_whole_.without(rows.family * 32 + rows.lag_bin)[0] - is_whole, 0.0)
        others = np.maximum(self.family_size_.without(rows.family)[0] - is_known, 1.0)
        weight = np.clip(whole / others / priors.MANY_ALIKE, 0, 1) ** 4 * whole / (whole + self.prior_days)
        kin = rows._replace(template=rows.kin)
        own, _ = self._left_out(rows, self.repeats_, rows.key)
        whole_days = np.maximum(self.whole_.without(kin.theme, own)[-1] - 1, 0.0)  # one may have been an incident
        often = whole_days / np.maximum(whole_days + self._clean_days(kin), 1.0)
        kin_weight = np.clip(often / _HABITUAL, 0, 1) ** 2 * whole_days / (whole_days + self.prior_days)
        weight = np.maximum(weight, kin_weight * self._of_a_kin(rows))
        return between(assumed, np.minimum(assumed, priors.REPLY), weight)

    def _of_a_kin(self, rows: Rows) -> Matrix:
        """From 0 to 1: have several others of its kin repeated to whole batches? One alone speaks for itself."""
        _, is_whole = find(self.whole_templates_, rows.template)
        others = self.kin_whole_.without(rows.kin)[0] - is_whole
        known: Matrix = np.where(rows.kin > 0, np.clip((others - 1) / (priors.SEVERAL - 1), 0, 1), 0.0)
        return known

    def _habit(self, assumed: Any, rows: Rows, clean: Any) -> Any:
        """The concentration of a template over neighbouring lag bins: a forum repeats to whole groups on many days.

        Days count, not batches: one incident has many batches, but only one day. And groups count that repeat as a
        whole: that single people ask again says nothing about the others.
        """
        own, worst = self._left_out(rows, self.habits_, rows.key)
        batches, shares, squares, days = self.habits_.without(rows.key, own, worst)
        _, big_batches, _ = self.sizes_.without(rows.group, own, worst)
        width = 2 * priors.NEAR[rows.lag_bin] + 1
        seen = concentration_of(width * np.maximum(big_batches, batches / width), shares, squares)
        seen = np.where(shares > WHOLE * big_batches, np.minimum(seen, priors.ALL_OR_NONE), seen)
        days = np.maximum(days - np.isin(rows.lag_bin, _QUICK), 0)  # one may have been an incident
        often = np.clip(days / np.maximum(days + clean, 1) / _HABITUAL, 0, 1)
        return between(assumed, seen, often * wholeness(shares, squares) * days / (days + self.prior_days))

    def _at_any_time(self, assumed: Any, rows: Rows) -> Any:
        """The same for a template, or a kin, that repeats to whole batches after minutes, hours and days, as an
        invitation does whenever the session is moved: that it does so within seconds stays strange."""
        of_kin = self._of_a_kin(rows) * self._breadth(rows._replace(template=rows.kin))
        weight = np.maximum(self._breadth(rows), of_kin)
        return between(assumed, np.minimum(assumed, priors.ALL_OR_NONE), weight)

    def _breadth(self, rows: Rows) -> Matrix:
        """From 0 to 1: is it the template's habit to repeat to whole batches after any time, this one among them?

        A replay of old mail repeats the batches of many days, and all of it arrives on one."""
        around = (rows.day - priors.APART, rows.day + priors.APART + np.where(np.isin(rows.scale, WEEKS), 6, 0))
        is_usual = np.stack([self._on_several_days(rows.template * 32 + lag, around) for lag in priors.BROAD])
        shortest = np.where(is_usual.any(axis=0), is_usual.argmax(axis=0) + priors.BROAD[0], LAG_BINS)
        days = self.whole_days_.without(rows.template, around)[-1]
        _, known_days, _ = self.sizes_.without((rows.template * 16 + EVERYBODY) * 2, around)
        often = np.clip(days / np.maximum(known_days, 1.0) / _HABITUAL, 0, 1)
        applies = (is_usual.sum(axis=0) >= priors.BROAD_BINS) & (rows.lag_bin >= shortest - 1)
        weight: Matrix = np.where(applies, often * days / (days + self.prior_days), 0.0)
        return weight

    def _on_several_days(self, keys: Any, around: Any) -> Any:
        """Have whole batches of these templates come again at these lags on days that lie apart?"""
        of_days = self.whole_lags_.without(keys, around)[-1] >= priors.BROAD_DAYS
        arrived = self.arrived_lags_.without(keys, around)[-1] >= priors.BROAD_DAYS
        return of_days & (arrived | (keys % 32 < _FIRST_ARRIVING))
