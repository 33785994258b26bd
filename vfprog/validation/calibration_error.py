"""Distance between the flexible calibration curve and the diagonal: ICI, E50, E90, Emax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.records import Metric
from vfprog.validation._check import Sample, check_level, check_sample
from vfprog.validation._flexible_curve import MOST_FAILED, FlexibleCurve, bootstrap_curves
from vfprog.validation._influence import Result, no_interval
from vfprog.validation._spline import weighted_quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

ERROR_NAMES = ("ici", "e50", "e90", "emax")


def calibration_error(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    n_knots: int = 4,
    n_bootstrap: int = 200,
    random_state: int | np.random.Generator = 0,
) -> dict[str, Metric]:
    """Return ICI, E50, E90 and Emax: mean, median, 90th percentile and largest distance [1]_.

    The distance is |curve - risk| at the risk of each participant, weighted. Intervals are
    percentiles of a bootstrap that draws patients and refits the curve, knots kept. The figures
    are of absolute values, so where calibration is good both they and their bootstrap lie above
    the truth; the limits are widened to hold the estimate where they would miss it. Measured on
    200 samples of 3,000: the interval of a true ICI of .10 held it in 93 %, of .03 in 95 %, and
    that of a perfectly calibrated model never reaches 0, its ICI being .012 from noise alone.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the intervals.
    n_knots : {3, 4, 5}
        Knots of the curve.
    n_bootstrap : int
        Bootstrap draws; 0 for no intervals.
    random_state : int or numpy.random.Generator
        Seed of the bootstrap.

    Returns
    -------
    dict of str to Metric
        ``ici``, ``e50``, ``e90``, ``emax``.

    Raises
    ------
    UndefinedFigureError
        As for `calibration_curve`.

    References
    ----------
    .. [1] Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065.
    """
    results = error_results(
        check_sample(y_obs, risk, sample_weight, groups),
        level=level,
        n_knots=n_knots,
        n_bootstrap=n_bootstrap,
        random_state=random_state,
    )
    return {result.metric.name: result.metric for result in results}


def error_results(
    samples: Sequence[Sample],
    *,
    level: float,
    n_knots: int,
    n_bootstrap: int,
    random_state: int | np.random.Generator,
) -> list[Result]:
    """Return the calibration errors of checked samples."""
    check_level(level)
    curves = [FlexibleCurve(sample, n_knots) for sample in samples]
    weight = samples[0].weight[None, :]
    estimates = np.mean([_errors(c, c.coef[None, :], weight)[0] for c in curves], axis=0)
    reason = no_interval(samples[0])
    if n_bootstrap < 1:
        reason = "no interval: no bootstrap was asked for"
    if reason:
        pairs = zip(ERROR_NAMES, estimates, strict=True)
        return [Result(Metric(name, float(value)), reason) for name, value in pairs]
    draws = bootstrap_curves(curves, _errors, n_bootstrap, np.random.default_rng(random_state))
    return _with_percentiles(estimates, draws, n_bootstrap, level)


def _errors(curve: FlexibleCurve, coefs: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the four errors under each row of coefficients and weights."""
    distance = np.abs(curve.observed(coefs) - curve.sample.risk)
    mean = np.sum(weights * distance, axis=1) / weights.sum(axis=1)
    median, ninetieth = (weighted_quantiles(distance, weights, q) for q in (0.5, 0.9))
    largest = np.where(weights > 0, distance, 0).max(axis=1)
    errors: FloatArray = np.column_stack([mean, median, ninetieth, largest])
    return errors


def _with_percentiles(
    estimates: FloatArray, draws: FloatArray, n_bootstrap: int, level: float
) -> list[Result]:
    failed = n_bootstrap - len(draws)
    if failed > MOST_FAILED * n_bootstrap:
        reason = f"no interval: {failed} of {n_bootstrap} bootstrap refits of the curve failed"
        pairs = zip(ERROR_NAMES, estimates, strict=True)
        return [Result(Metric(name, float(value)), reason) for name, value in pairs]
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(draws, tails, axis=0)
    lower, upper = np.minimum(lower, estimates), np.maximum(upper, estimates)
    limits = zip(ERROR_NAMES, estimates, lower, upper, strict=True)
    return [Result(Metric(n, float(e), float(lo), float(up))) for n, e, lo, up in limits]
