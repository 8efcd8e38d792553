"""Batches beyond the alarm line: of one client, of everybody else, and of the templates that are akin."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.config import Detection
from detector.estimator import COLUMNS, BurstDetector

BATCH_KEYS = ["template_key", "cut_by", "window_us", "window_start_us", "is_again", "lag_bin"]
_DAY_US = 86_400_000_000
_BY_ITSELF = 2.0
"""A row with less is no part of what a batch's rows show together."""
_ALIKE = 0.5
"""If so much of the share of the clients that were alarmed was repeated among the others as well, all were hit."""


def alarmed_batches(detector: BurstDetector, candidates: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """Organizations first; then everybody else together, without the organizations that were alarmed already; then the
    kins, without the templates that were."""
    if not len(candidates):
        return candidates.assign(log10=[])

    is_kin = candidates["template_key"].str.startswith("k:")
    kins, templates = candidates[is_kin & (candidates["window_us"] <= _DAY_US)], candidates[~is_kin]
    ours = _alarmed(detector, templates[templates["scope"] == "organization"], settings)
    everybody = templates[templates["scope"] == "all"]
    others = _less(everybody, ours, BATCH_KEYS)
    alike = others[others["repeated"] >= _ALIKE * others["exposed"] * others.pop("share_of_parts")]
    whole = _alarmed(detector, everybody.merge(alike[BATCH_KEYS], on=BATCH_KEYS), settings)
    rest = pd.concat([whole, _alarmed(detector, others, settings)]).drop_duplicates(BATCH_KEYS)
    days = pd.concat([ours, rest])[["template", "day"]].drop_duplicates()
    found = everybody.merge(days, on=["template", "day"]).dropna(subset=["kin_key"])
    found["template_key"] = found["kin_key"]
    kins = _alarmed(detector, _less(kins, found, BATCH_KEYS), settings)
    return _with_neighbours(pd.concat([ours, rest, kins], ignore_index=True))


def _alarmed(detector: BurstDetector, rows: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """The rows beyond the alarm line, by themselves or together with what the same batch got after its extra copies."""
    rows = rows[rows["repeated"] >= detector.people]
    rows = rows.assign(log10=-detector.score_samples(matrix(rows)) if len(rows) else [])
    rows["log10"] = np.maximum(rows["log10"], _together(rows))
    return rows[rows["log10"] >= settings.alarm_log10]


def _together(rows: pd.DataFrame) -> "pd.Series[float]":
    """log10 of the e-value of each row's batch: all lag bins of its first copies, times those of its extra copies.

    These depend on the first ones, so their square root is taken, which is an e-value too.
    """
    batch = ["template_key", "cut_by", "scope", "organization", "window_us", "window_start_us"]
    found = rows.assign(first=np.where(rows["is_again"] == 0, 10.0 ** rows["log10"].clip(upper=30), 0.0))
    found["again"] = np.where(rows["is_again"] == 1, 10.0 ** rows["log10"].clip(upper=30), 0.0)
    sums = found.groupby(batch, dropna=False)[["first", "again"]].transform("sum")
    both = (sums > 1).all(axis=1) & (rows["log10"] >= _BY_ITSELF)
    return pd.Series(
        np.where(both, np.log10(sums["first"].clip(lower=1)) + 0.5 * np.log10(sums["again"].clip(lower=1)), 0.0),
        rows.index,
    )


def _less(batches: pd.DataFrame, parts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The batches without those of their people that are in the parts."""
    sums = parts.groupby(keys, as_index=False)[["exposed", "repeated"]].sum()
    left = batches.merge(sums, on=keys, how="left", suffixes=("", "_of_parts"))
    left["share_of_parts"] = left["repeated_of_parts"] / left["exposed_of_parts"]
    for name in ("exposed", "repeated"):
        left[name] -= left.pop(f"{name}_of_parts").fillna(0)
    return left


def _with_neighbours(alarms: pd.DataFrame) -> pd.DataFrame:
    """The alarms and, for templates that are size classes, the same for the classes next door.

    One mail's sizes may fall on both sides of a line.
    """
    sized = alarms[alarms["template_key"].str.startswith("z:")]
    if not len(sized):
        return alarms
    parts = sized["template_key"].str.rpartition("|")
    near = [sized.assign(template_key=parts[0] + "|" + (parts[2].astype(int) + step).astype(str)) for step in (-1, 1)]
    return pd.concat([alarms, *near]).drop_duplicates([*BATCH_KEYS, "scope", "organization"])


def matrix(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The estimator's X out of a frame that has its columns."""
    return np.asarray(frame[list(COLUMNS)], dtype=np.float64)
