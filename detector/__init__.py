"""Finds the same email sent again and again in mail-send logs, and prepares everything for making it right.

The few public names are loaded when they are first used, so that `detector --help` stays quick: `open_snapshot`,
`describe`, `frame` and `figure` for notebooks, `BurstDetector`, `load_config`.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "BurstDetector": "detector.estimator",
    "describe": "detector.analysis",
    "figure": "detector.analysis",
    "frame": "detector.analysis",
    "load_config": "detector.config",
    "open_snapshot": "detector.store",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'detector' has no attribute {name!r}; there are {', '.join(_HOMES)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """What a notebook offers after `detector.`."""
    return sorted([*globals(), *_HOMES])
