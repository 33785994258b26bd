"""How far the risks might have differed, had other patients of the same kind been in the registry.

Refits of the whole procedure on bootstrap samples of patients give each participant other risks;
their spread is instability (Riley RD, Collins GS. Biom J 2023;65:2200302). It is no confidence
interval: refits share the registry, its definitions and what the model's form cannot express.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.calibration import calibration_curve, calibration_slope
from vfprog.validation.discrimination import c_statistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

LEVEL = 0.9
_MOST_GROUPS, _LEAST_IN_GROUP = 20, 10
_FIGURES = {"c_statistic": c_statistic, "calibration_slope": calibration_slope}


def instability(
    y_obs: ArrayLike,
    risk: ArrayLike,
    refit_risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return how far refits differ from the model: in single risks, and in performance.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,)
        Risk shown.
    refit_risk : array-like of shape (b, n)
        Risk of each refit for everybody.
    sample_weight : array-like of shape (n,), optional
        Weights of the performance; those of weight 0, whose outcome is not known, have a risk.
    level : float
        Level of the instability interval.

    Returns
    -------
    pandas.DataFrame
        figure, over, estimate, lower, upper, n, reason. Over participants: the mean absolute
        prediction error (the distance of the refits' risks from the risk shown) and the width of
        the instability interval, as mean and 5th and 95th percentile. Over refits: c-statistic and
        calibration slope on everybody, as median and 5th and 95th percentile.

    Raises
    ------
    ValueError
        There is no refit, or shapes do not match.
    """
    shown, refits = _checked(risk, refit_risk)
    low, high = instability_limits(refits, level=level)
    lines = [
        _line(
            "mean_absolute_prediction_error", "participants", np.abs(refits - shown).mean(axis=0)
        ),
        _line("interval_width", "participants", high - low),
    ]
    for name, compute in _FIGURES.items():
        found = []
        for row in refits:
            try:
                found.append(compute(y_obs, row, sample_weight=sample_weight).estimate)
            except UndefinedFigureError:  # told in reason
                continue
        lines.append(_line(name, "refits", np.array(found), asked=len(refits)))
    return pd.DataFrame(lines)


def instability_limits(refit_risk: FloatArray, *, level: float = LEVEL) -> FloatArray:
    """Return the limits of the instability interval of each participant.

    Parameters
    ----------
    refit_risk : ndarray of float, shape (b, n)
        Risk of each refit.
    level : float
        Level of the interval.

    Returns
    -------
    ndarray of float, shape (2, n)
        Lower and upper percentiles of the refits.
    """
    tail = (1 - level) / 2
    limits: FloatArray = np.quantile(refit_risk, [tail, 1 - tail], axis=0)
    return limits


def instability_by_risk(
    risk: ArrayLike, refit_risk: ArrayLike, *, level: float = LEVEL
) -> pd.DataFrame:
    """Return instability along the risk shown, in groups of participants of like risk.

    Parameters
    ----------
    risk : array-like of shape (n,)
        Risk shown.
    refit_risk : array-like of shape (b, n)
        Risk of each refit.
    level : float
        Level of the instability interval.

    Returns
    -------
    pandas.DataFrame
        A row per group of at least 10: n, risk (mean), lower and upper (mean limits of the
        participants' intervals), lowest and highest (mean extremes of the refits) and
        mean_absolute_prediction_error. Single participants do not appear.
    """
    shown, refits = _checked(risk, refit_risk)
    low, high = instability_limits(refits, level=level)
    per_person = pd.DataFrame(
        {"risk": shown, "lower": low, "upper": high, "lowest": refits.min(axis=0),
         "highest": refits.max(axis=0),
         "mean_absolute_prediction_error": np.abs(refits - shown).mean(axis=0)}
    )  # fmt: skip
    n_groups = max(1, min(_MOST_GROUPS, len(shown) // _LEAST_IN_GROUP))
    place = np.argsort(np.argsort(shown, kind="stable"), kind="stable")
    groups = per_person.groupby(place * n_groups // len(shown))
    table = groups.mean()
    table.insert(0, "n", groups.size())
    return table.reset_index(drop=True)


def calibration_instability(
    y_obs: ArrayLike,
    refit_risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    n_points: int = 21,
) -> pd.DataFrame:
    """Return the calibration curve of each refit on everybody.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    refit_risk : array-like of shape (b, n)
        Risk of each refit.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0.
    n_points : int
        Points of a curve.

    Returns
    -------
    pandas.DataFrame
        refit (from 0), risk, observed; a refit whose curve is undefined has none.
    """
    curves = [pd.DataFrame(columns=["refit", "risk", "observed"], dtype=float)]
    for number, row in enumerate(np.atleast_2d(np.asarray(refit_risk, dtype=float))):
        try:
            curve = calibration_curve(y_obs, row, sample_weight=sample_weight, n_points=n_points)
        except UndefinedFigureError:  # the count of curves tells
            continue
        curves.append(curve[["risk", "observed"]].assign(refit=number))
    drawn = pd.concat(curves[1:] or curves, ignore_index=True)
    return drawn[["refit", "risk", "observed"]]


def _checked(risk: ArrayLike, refit_risk: ArrayLike) -> tuple[FloatArray, FloatArray]:
    shown, refits = np.asarray(risk, dtype=float), np.asarray(refit_risk, dtype=float)
    if shown.ndim != 1 or refits.shape[1:] != shown.shape or refits.ndim != 2 or not len(refits):
        raise ValueError(
            f"risk must have shape (n,) and refit_risk (b, n) with b > 0, got {shown.shape} and "
            f"{refits.shape}"
        )
    return shown, refits


def _line(
    figure: str, over: str, values: FloatArray, *, asked: int | None = None
) -> dict[str, object]:
    """Return mean (of participants) or median (of refits) with the 5th and 95th percentile."""
    line: dict[str, object] = {"figure": figure, "over": over}
    missing = 0 if asked is None else asked - len(values)
    reason = f"undefined in {missing} of {asked} refits" if missing else ""
    if not len(values):
        nothing = dict.fromkeys(("estimate", "lower", "upper"), np.nan)
        return line | nothing | {"n": 0, "reason": reason}
    centre = np.mean(values) if over == "participants" else np.median(values)
    low, high = np.quantile(values, [0.05, 0.95])
    limits = {"estimate": float(centre), "lower": float(low), "upper": float(high)}
    return line | limits | {"n": len(values), "reason": reason}
