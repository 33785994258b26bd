"""Two sets of patients side by side, predictor by predictor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray

COLUMNS = (
    "predictor", "label", "level", "statistic", "development", "here", "standardised_difference",
    "reason",
)  # fmt: skip
_KEYS = ["predictor", "level", "statistic"]
_SHOWN = ("mean", "sd", "median", "q1", "q3", "n", "percent")
_NOWHERE = "recorded in neither"


def population_differences(development: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Return the predictors of two sets of patients side by side.

    Parameters
    ----------
    development, here : pandas.DataFrame
        What `vfprog.data.cohort.characteristics` returned for either.

    Returns
    -------
    pandas.DataFrame
        predictor, label, level, statistic, development, here, standardised_difference and reason:
        for each predictor ``missing_percent``, then mean, sd, median, q1 and q3 of a number, or n
        and percent of each level. The standardised difference is that of the predictor, the same in
        each of its rows: difference of means (here minus development) over the root of the mean
        variance; of proportions likewise; for several levels the distance of Yang and Dalton [1]_,
        which has no sign. It is NaN, with a reason, where a side has no values.

    References
    ----------
    .. [1] Yang D, Dalton JE. SAS Global Forum 2012, paper 335.
    """
    labels = pd.concat([development, here]).drop_duplicates("predictor")
    rows: list[dict[str, Any]] = []
    for predictor, label in zip(labels["predictor"], labels["label"], strict=True):
        sides = [_of(table, predictor) for table in (development, here)]
        difference, reason = _standardised(*sides)
        shared = {"predictor": predictor, "label": label}
        shared |= {"standardised_difference": difference, "reason": reason}
        rows.append(shared | _missing(development, here, predictor))
        for level, statistic in dict.fromkeys([*sides[0], *sides[1]]):
            ours, theirs = (side.get((level, statistic), math.nan) for side in sides)
            what = {"level": level, "statistic": statistic}
            rows.append(shared | what | {"development": ours, "here": theirs})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of(table: pd.DataFrame, predictor: str) -> dict[tuple[str, str], float]:
    """Return the statistics of a predictor's recorded values; none where none is recorded."""
    part = table[(table["predictor"] == predictor) & table["statistic"].isin(_SHOWN)]
    found = {
        (str(row.level), str(row.statistic)): float(row.overall)  # type: ignore[arg-type]
        for row in part.itertuples()
    }
    return {} if found == {("", "n"): 0.0} else found


def _missing(development: pd.DataFrame, here: pd.DataFrame, predictor: str) -> dict[str, Any]:
    shares = []
    for table in (development, here):
        part = table[table["predictor"] == predictor]["missing_percent"]
        shares.append(float(part.iloc[0]) if len(part) else 100.0)
    ours, theirs = shares
    return {"level": "", "statistic": "missing_percent", "development": ours, "here": theirs}


def _standardised(
    ours: dict[tuple[str, str], float], theirs: dict[tuple[str, str], float]
) -> tuple[float, str]:
    if not ours or not theirs:
        where = "development" if theirs else "this registry" if ours else ""
        return math.nan, f"not recorded in {where}" if where else _NOWHERE
    if ("", "mean") in ours:
        return _of_means(ours, theirs)
    levels = sorted({level for level, _ in [*ours, *theirs]})
    shares = [
        np.array([side.get((level, "percent"), 0.0) / 100 for level in levels])
        for side in (ours, theirs)
    ]
    return _of_share(*shares) if len(levels) == 1 else _of_shares(*shares)


def _of_means(
    ours: dict[tuple[str, str], float], theirs: dict[tuple[str, str], float]
) -> tuple[float, str]:
    variance = (ours.get(("", "sd"), 0.0) ** 2 + theirs.get(("", "sd"), 0.0) ** 2) / 2
    if not variance > 0:
        return math.nan, "no value differs from another"
    return (theirs["", "mean"] - ours["", "mean"]) / math.sqrt(variance), ""


def _of_share(ours: FloatArray, theirs: FloatArray) -> tuple[float, str]:
    p, q = float(ours[0]), float(theirs[0])
    variance = (p * (1 - p) + q * (1 - q)) / 2
    if variance == 0:
        return (0.0, "") if p == q else (math.nan, "all on one side, none on the other")
    return (q - p) / math.sqrt(variance), ""


def _of_shares(ours: FloatArray, theirs: FloatArray) -> tuple[float, str]:
    """Return the Mahalanobis distance of two multinomials; a level in neither has no part."""
    there = (ours + theirs) > 0
    p, q = ours[there][1:], theirs[there][1:]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    difference = q - p
    if not len(p) or np.allclose(difference, 0):
        return 0.0, ""
    if np.linalg.cond(covariance) > 1e12:
        return math.nan, "levels on one side only"
    return math.sqrt(float(difference @ np.linalg.solve(covariance, difference))), ""
