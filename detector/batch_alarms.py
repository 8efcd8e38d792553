"""Batches beyond the alarm line: of one client, of everybody else, and of the templates that are akin."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from detector.batch_rows import BATCH, COLUMNS, DAY_US, LATE
from detector.burst_scores import BurstScores
from detector.config import Detection
from detector.e_values import BY_ITSELF, in_company, together

BATCH_KEYS = ["template_key", "cut_by", "window_us", "window_start_us", "is_again", "lag_bin"]
_ALIKE = 0.5
"""If so much of the share of the clients that were alarmed was repeated among the others as well, all were hit."""
_QUARTER_US = 900_000_000
_A_PART = {"earlier": BY_ITSELF, "later": 0.9}
"""From so much evidence on, a template takes part in what a quarter of an hour shows: many mails that people have had
for days are stranger together than a few that come again at once."""
LEAST_PART = min(_A_PART.values())
_LAST_OF_THE_HOUR = 5
"""The lag bins up to this one are within the hour."""
_REST = 1.5
"""So much the others must show without the strongest."""


def alarmed_batches(detector: BurstScores, candidates: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """Organizations first; then everybody else together, without the organizations that were alarmed already; then the
    kins, without the templates that were."""
    if not len(candidates):
        return candidates.assign(log10=[], company=[])

    is_kin = candidates["template_key"].str.startswith("k:")
    kins, templates = candidates[is_kin & (candidates["window_us"] <= DAY_US)], candidates[~is_kin]
    ours = _alarmed(detector, templates[templates["scope"] == "organization"], settings)
    everybody = templates[templates["scope"] == "all"]
    others = _less(everybody, ours)
    alike = others[others["repeated"] >= _ALIKE * others["exposed"] * others.pop("share_of_parts")]
    whole = _alarmed(detector, everybody.merge(alike[BATCH_KEYS], on=BATCH_KEYS), settings)
    rest = pd.concat([whole, _alarmed(detector, others, settings)]).drop_duplicates(BATCH_KEYS)
    days = pd.concat([ours, rest])[["template", "day"]].drop_duplicates()
    found = everybody.merge(days, on=["template", "day"]).dropna(subset=["kin_key"])
    found["template_key"] = found["kin_key"]
    kins = _alarmed(detector, _less(kins, found), settings)
    by_themselves = pd.concat([ours, rest, kins], ignore_index=True).assign(company=1)
    return pd.concat([in_one_quarter(detector, everybody, settings), by_themselves], ignore_index=True)


def in_one_quarter(detector: BurstScores, everybody: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """What several templates show together that went out (or, old, came again) in one quarter of an hour, each too
    little by itself: a replay touches many. One row for each template; `company` is how many they are.

    What went out and is an alarm by itself is left to itself: two affairs may meet in one quarter.
    """
    is_mail = everybody["template_key"].str.slice(0, 2).isin(["t:", "s:", "z:"])  # others are a second look at the same
    rows = everybody[is_mail & (everybody["window_us"] == _QUARTER_US)]
    rows = rows[rows["repeated"] >= detector.people]
    rows = rows.assign(log10=-detector.score_samples(matrix(rows)) if len(rows) else [])
    rows = rows[rows["log10"] >= rows["cut_by"].map(_A_PART)].sort_values("log10", ascending=False, kind="stable")
    rows = rows[(rows["cut_by"] == "later") | (rows["log10"] < settings.alarm_log10)]
    rows = rows.drop_duplicates(["template_key", "cut_by", "window_start_us"])
    rows = rows.assign(adds=in_company(rows["log10"]))
    quarters = rows.groupby(["cut_by", "window_start_us"])["adds"]
    rows = rows.assign(company=quarters.transform("size"), log10=quarters.transform("sum"))
    rest = rows["log10"] - quarters.transform("max")
    rows = rows[(rows["log10"] >= settings.alarm_log10) & (rest >= _REST)]
    return rows.drop(columns="adds").assign(lag_bin=rows["lag_bin"].where(rows["cut_by"] == "earlier", LATE))


def _alarmed(detector: BurstScores, rows: pd.DataFrame, settings: Detection) -> pd.DataFrame:
    """The rows beyond the alarm line, by themselves or together with what the same batch got after its extra copies."""
    rows = rows[rows["repeated"] >= detector.people]
    rows = rows.assign(log10=-detector.score_samples(matrix(rows)) if len(rows) else [])
    rows["log10"] = np.maximum(rows["log10"], _together(rows))
    return rows[rows["log10"] >= settings.alarm_log10]


def _together(rows: pd.DataFrame) -> "pd.Series[float]":
    """log10 of the e-value of each row's batch, all its rows taken together, if this row is one of them."""
    batch = rows.groupby(["template_key", *BATCH], dropna=False).ngroup()
    found = rows.assign(batch=batch, place=rows["is_again"] * 32 + rows["lag_bin"])
    wide = found.pivot(index="batch", columns="place", values="log10").reindex(columns=range(64)).fillna(0.0)
    joint = pd.Series(together(wide.iloc[:, :32].to_numpy(), wide.iloc[:, 32:].to_numpy()), wide.index)
    return batch.map(joint).where(rows["log10"] >= BY_ITSELF, 0.0)


def _less(batches: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """The batches without those of their people that are in the parts."""
    sums = parts.groupby(BATCH_KEYS, as_index=False)[["exposed", "repeated"]].sum()
    left = batches.merge(sums, on=BATCH_KEYS, how="left", suffixes=("", "_of_parts"))
    left["share_of_parts"] = left["repeated_of_parts"] / left["exposed_of_parts"]
    for name in ("exposed", "repeated"):
        left[name] -= left.pop(f"{name}_of_parts").fillna(0)
    return left


def with_neighbours(alarms: pd.DataFrame, numbers: dict[str, int]) -> pd.DataFrame:
    """The alarms and, for templates that are size classes, the same for the classes next door.

    One mail's sizes may fall on both sides of a line. What came again after hours to a whole day's people is no such
    mail next door: there it may be a timetable. `numbers`: the number of each template.
    """
    of_a_day = (alarms["scope"] == "all") & (alarms["window_us"] >= DAY_US) & (alarms["lag_bin"] > _LAST_OF_THE_HOUR)
    sized = alarms[alarms["template_key"].str.startswith("z:") & ~of_a_day]
    if not len(sized):
        return alarms
    parts = sized["template_key"].str.rpartition("|")
    near = [sized.assign(template_key=parts[0] + "|" + (parts[2].astype(int) + step).astype(str)) for step in (-1, 1)]
    found = pd.concat([alarms, *near]).drop_duplicates([*BATCH_KEYS, "scope", "organization"])
    found = found[found["template_key"].isin(numbers)]
    return found.assign(template=found["template_key"].map(numbers))


def matrix(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The estimator's X out of a frame that has its columns."""
    return np.asarray(frame[list(COLUMNS)], dtype=np.float64)
