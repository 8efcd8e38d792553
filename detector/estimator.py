"""BurstDetector: the scores of a night, `burst_scores`, as an estimator of scikit-learn for notebooks and pipelines."""

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from detector.batch_rows import COLUMNS, SCALES, Matrix
from detector.burst_scores import BurstScores

__all__ = ["COLUMNS", "SCALES", "BurstDetector"]


class BurstDetector(OutlierMixin, BaseEstimator, BurstScores):
    """Scores batches of repeats; lower is stranger, as scikit-learn has it.

    X has the shape (batches, 13) and the columns of `COLUMNS`: counts of people or copies, numbers, and days since
    1970. If it has fewer columns, those at the end are taken as 0, the lag as minutes, and as many exposed as repeated;
    columns beyond are not read.

    alarm_log10: a batch is an outlier (-1) if its log10 e-value reaches this; None: so that `contamination` of the
    fitted batches are outliers.
    people: fewest repeated people of a batch that can be evidence at all.
    prior_exposures, prior_days: how much history outweighs what is assumed of an unknown template.
    """

    def _checked(self, X: npt.ArrayLike, *, reset: bool) -> Matrix:
        """X as floats, or ValueError; NotFittedError if it is to be scored by what was never learned."""
        if not reset:
            check_is_fitted(self)
        rows: Matrix = validate_data(self, X, reset=reset, dtype=np.float64)
        return rows
