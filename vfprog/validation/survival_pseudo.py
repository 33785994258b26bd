"""Calibration under censoring through pseudo-values: intercept and slope, competing events too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._influence import Estimate, Result
from vfprog.validation._survival_kaplan_meier import pseudo_values
from vfprog.validation._survival_sample import (
    SurvivalSample,
    check_survival,
    cloglog,
    require_cases_and_others,
    require_varied_risk,
    survival_result,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray
    from vfprog.records import Metric

_MAX_STEPS = 100
_SINGULAR = 1e12
_TOLERANCE = 1e-9


def pseudo_calibration(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> dict[str, Metric]:
    """Return calibration intercept and slope on the cloglog scale, through pseudo-values.

    Each participant's pseudo-value of the cumulative incidence, known or censored, is regressed
    with independence working covariance on ``g(risk)``, ``g(p) = log(-log(1 - p))``: the slope b
    of ``g(p) = a + b g(risk)``, and the intercept with the slope held at 1 [1]_ [2]_.
    Pseudo-values are infinitesimal-jackknife ones, ``F + n dF/dw_i``. Sandwich intervals,
    clustered by patient, pseudo-values taken as data.

    Parameters
    ----------
    time : array-like of shape (n,)
        Time to the event, the competing event or the end of follow-up.
    status : array-like of shape (n,)
        0 censored, 1 event, 2 competing event.
    risk : array-like of shape (n,)
        Predicted risk of the event by the horizon, in (0, 1).
    horizon : float
        Time by which the event is predicted.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the intervals.

    Returns
    -------
    dict of str to Metric
        ``calibration_intercept`` (0 is ideal) and ``calibration_slope`` (1 is ideal).

    Raises
    ------
    UndefinedFigureError
        Follow-up ends before the horizon, all known have, or lack, the event, all risks are
        equal, or the least squares have no finite solution (few events, or separation).

    References
    ----------
    .. [1] Royston P. Stata J 2014;14:738-755.
    .. [2] van Geloven N et al. BMJ 2022;377:e069249.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    results = pseudo_results(sample, level)
    return {result.metric.name: result.metric for result in results}


def pseudo_results(sample: SurvivalSample, level: float) -> list[Result]:
    """Return intercept and slope of a checked sample through pseudo-values."""
    require_cases_and_others(sample, "calibration through pseudo-values")
    require_varied_risk(sample, "calibration_slope")
    pseudo, margin = pseudo_values(sample), cloglog(sample.risk)
    line = np.column_stack([np.ones(sample.n), margin])
    start = np.array([0.0, 1.0])  # predicted risks as they are
    intercept = _fit_pseudo(line[:, :1], pseudo, sample.weight, margin, start[:1])
    slope = _fit_pseudo(line, pseudo, sample.weight, np.zeros(sample.n), start)
    named = {"calibration_intercept": intercept[0], "calibration_slope": slope[1]}
    return [
        survival_result(sample, estimate, name=name, link="identity", level=level)
        for name, estimate in named.items()
    ]


def _fit_pseudo(
    design: FloatArray,
    pseudo: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    start: FloatArray,
) -> list[Estimate]:
    """Solve ``sum w mu' x (pseudo - mu) = 0``, mu = 1 - exp(-exp(eta)), by Newton's method."""
    coef = start
    for _ in range(_MAX_STEPS):
        mean, slope, bend = _inverse_cloglog(design @ coef + offset)
        tangent, residual = slope[:, None] * design, weight * (pseudo - mean)
        bread = tangent.T @ (weight[:, None] * tangent)
        if np.linalg.cond(bread) > _SINGULAR:
            break
        curvature = bread - design.T @ ((residual * bend)[:, None] * design)
        if np.linalg.eigvalsh(curvature)[0] <= 0:
            curvature = bread  # far from the solution: a step that goes downhill
        full = np.asarray(np.linalg.solve(curvature, tangent.T @ residual), dtype=float)
        step = _halved(design, pseudo, weight, offset, coef, full)
        coef = coef + step
        if np.abs(step).max() < _TOLERANCE:
            influence = residual[:, None] * tangent @ np.linalg.inv(bread)
            return [Estimate(float(c), influence[:, i]) for i, c in enumerate(coef)]
    raise UndefinedFigureError(
        "calibration through pseudo-values is undefined: the regression has no finite "
        "solution: too few events, or risks that separate those with from those without"
    )


def _halved(
    design: FloatArray,
    pseudo: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    coef: FloatArray,
    step: FloatArray,
) -> FloatArray:
    """Halve the step until the weighted squares do not rise."""

    def squares(at: FloatArray) -> float:
        return float(weight @ (pseudo - _inverse_cloglog(design @ at + offset)[0]) ** 2)

    before = squares(coef)
    for _ in range(30):
        if squares(coef + step) <= before * (1 + 1e-12):
            break
        step = step / 2
    return step


def _inverse_cloglog(margin: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return 1 - exp(-exp(x)) with its first and second derivative."""
    hazard = np.exp(np.minimum(margin, 50.0))
    slope = hazard * np.exp(-hazard)
    return -np.expm1(-hazard), slope, slope * (1 - hazard)
