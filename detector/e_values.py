"""Arithmetic of e-values, as log10: what several rows of one batch show together."""

from typing import Any

import numpy as np

BY_ITSELF = 2.0
"""A row with less is no part of what a batch's rows show together."""
_MOST = 30.0


def together(first: Any, again: Any) -> Any:
    """log10 of the e-value of batches, from those of their rows: shape (batches, rows) each, 0 where there is none.

    The rows of first copies, one for each lag bin, exclude each other: they are added up. So are those of extra copies,
    which depend on the first ones; the square root of that sum is taken, which is an e-value too, and multiplied.
    0 where either is missing.
    """
    sums = [
        np.log10(np.maximum((10.0 ** np.minimum(rows, _MOST) * (np.asarray(rows) >= BY_ITSELF)).sum(axis=-1), 1.0))
        for rows in (first, again)
    ]
    return np.where((sums[0] > 0) & (sums[1] > 0), sums[0] + 0.5 * sums[1], 0.0)


def in_company(log10: Any) -> Any:
    """What an e-value adds, as log10, to those of others that are independent of it; a mean with 1 is an e-value too.

    Rows that show nothing add nothing, so that only those that do need be known.
    """
    return np.maximum(np.log10((1.0 + 10.0 ** np.minimum(log10, _MOST)) / 2.0), 0.0)
