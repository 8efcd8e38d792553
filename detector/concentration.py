"""How much the share of a batch that is repeated varies from batch to batch."""

from typing import Any

import numpy as np


def concentration_of(batches: Any, shares: Any, squares: Any) -> Any:
    """How concentrated shares are around their mean, by moments: 0 if batches repeat as a whole or not at all."""
    n = np.maximum(batches, 1)
    mean = np.clip(shares / n, 1e-4, 1 - 1e-4)
    variance = np.maximum(squares / n - (shares / n) ** 2, 1e-6)
    return np.clip(mean * (1 - mean) / variance - 1, 0.2, 100.0)


def wholeness(shares: Any, squares: Any) -> Any:
    """From 0 to 1: do batches repeat as a whole? From the mean share, weighted by the share itself."""
    return np.clip(2 * squares / np.maximum(shares, 1e-9) - 0.5, 0, 1)


def between(one: Any, other: Any, weight: Any) -> Any:
    """The first value moved towards the other by a weight from 0 to 1, on a log scale."""
    return np.exp((1 - weight) * np.log(one) + weight * np.log(other))
