"""Whether risks are as high as what is observed: in the large, in slope, as a ratio, as a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from vfprog.validation._check import (
    Sample,
    UndefinedFigureError,
    check_level,
    check_sample,
    require_both_classes,
    require_varied_risk,
)
from vfprog.validation._flexible_curve import (
    MOST_FAILED,
    FlexibleCurve,
    bootstrap_curves,
    fit_curve,
)
from vfprog.validation._influence import Estimate, Result, finite_factor, summarise, z_value
from vfprog.validation._logistic import fit_logistic
from vfprog.validation._spline import weighted_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray
    from vfprog.records import Metric


def calibration_in_the_large(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the intercept of ``logit P(y) = a + logit(risk)``; 0 is ideal.

    Above 0 the risks are too low on average, below 0 too high. The interval is a Wald interval
    from the sandwich variance, clustered by patient.

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
        Level of the interval.

    Returns
    -------
    Metric
        ``calibration_in_the_large``.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class is present.
    """
    return in_the_large_result(check_sample(y_obs, risk, sample_weight, groups), level).metric


def calibration_slope(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the slope of ``logit P(y) = a + b logit(risk)``; 1 is ideal.

    Below 1 the risks are too extreme, the mark of overfitting. Interval as for
    `calibration_in_the_large`.

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
        Level of the interval.

    Returns
    -------
    Metric
        ``calibration_slope``.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class, all risks equal, or risks that separate the classes.
    """
    return slope_result(check_sample(y_obs, risk, sample_weight, groups), level).metric


def observed_expected(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the weighted ratio of observed to expected events; 1 is ideal.

    The interval is made on the log scale, with both numerator and denominator as random.

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
        Level of the interval.

    Returns
    -------
    Metric
        ``observed_expected``; without limits where no event, or nothing else, was observed.

    Examples
    --------
    >>> observed_expected([1, 0, 0, 1], [0.5, 0.25, 0.25, 0.6]).estimate
    1.25
    """
    return ratio_result(check_sample(y_obs, risk, sample_weight, groups), level).metric


def calibration_curve(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    n_knots: int = 4,
    n_points: int = 101,
    n_bootstrap: int = 200,
    random_state: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Return the flexible calibration curve with pointwise limits.

    Logistic regression of the outcome on a restricted cubic spline of ``logit(risk)`` [1]_. The
    limits are percentiles of a bootstrap that draws patients and refits the curve, knots kept, as
    for `vfprog.validation.calibration_error`; they are widened to hold the curve where they would
    miss it. The curve runs from the 1st to the 99th weighted percentile of the risks, beyond which
    it says little.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); the curves of the repeats are averaged on the logit scale.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the limits.
    n_knots : {3, 4, 5}
        Knots, at Harrell's quantiles; fewer, down to a line, where quantiles coincide.
    n_points : int
        Points of the curve.
    n_bootstrap : int
        Bootstrap draws; with 0 the limits are those of the clustered sandwich variance by the
        delta method, on the logit scale.
    random_state : int or numpy.random.Generator
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Columns risk, observed, lower, upper.

    Raises
    ------
    UndefinedFigureError
        Fewer than 10 events or non-events, all risks equal, risks that separate the classes, or
        more than a tenth of the bootstrap refits without a maximum.

    References
    ----------
    .. [1] Austin PC, Steyerberg EW. Stat Med 2019;38:4051-4065.
    """
    check_level(level)
    samples = check_sample(y_obs, risk, sample_weight, groups)
    grid = _grid(samples, n_points)
    if n_bootstrap < 1:
        return _with_sandwich(samples, grid, n_knots, level)
    curves = [FlexibleCurve(sample, n_knots) for sample in samples]
    margin = np.mean([c.margins(c.coef[None, :], logit(grid))[0] for c in curves], axis=0)
    draws = bootstrap_curves(
        curves, lambda curve, coefs, _: curve.margins(coefs, logit(grid)), n_bootstrap,
        np.random.default_rng(random_state),
    )  # fmt: skip
    if (failed := n_bootstrap - len(draws)) > MOST_FAILED * n_bootstrap:
        raise UndefinedFigureError(
            f"calibration curve has no limits: {failed} of {n_bootstrap} bootstrap refits failed"
        )
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    limits = {"lower": expit(np.minimum(low, margin)), "upper": expit(np.maximum(high, margin))}
    return pd.DataFrame({"risk": grid, "observed": expit(margin), **limits})


def _with_sandwich(
    samples: Sequence[Sample], grid: FloatArray, n_knots: int, level: float
) -> pd.DataFrame:
    fits = [fit_curve(sample, n_knots=n_knots) for sample in samples]
    designs = [basis(logit(grid)) for basis, _ in fits]
    margin = np.mean([d @ fit.coef for d, (_, fit) in zip(designs, fits, strict=True)], axis=0)
    by_patient = np.mean(
        [
            _patient_sums(fit.influence, sample) @ design.T
            for design, (_, fit), sample in zip(designs, fits, samples, strict=True)
        ],
        axis=0,
    )
    half = z_value(level) * np.sqrt(np.sum(by_patient**2, axis=0))
    limits = {"lower": expit(margin - half), "upper": expit(margin + half)}
    return pd.DataFrame({"risk": grid, "observed": expit(margin), **limits})


def in_the_large_result(samples: Sequence[Sample], level: float) -> Result:
    """Return calibration-in-the-large of checked samples."""
    name = "calibration_in_the_large"
    return summarise(samples, _in_the_large, name=name, link="identity", level=level)


def slope_result(samples: Sequence[Sample], level: float) -> Result:
    """Return the calibration slope of checked samples."""
    return summarise(samples, _slope, name="calibration_slope", link="identity", level=level)


def ratio_result(samples: Sequence[Sample], level: float) -> Result:
    """Return the observed to expected ratio of checked samples."""
    return summarise(samples, _ratio, name="observed_expected", link="log", level=level)


def _in_the_large(sample: Sample) -> Estimate:
    figure = "calibration-in-the-large"
    require_both_classes(sample, figure)
    ones, offset = np.ones((sample.n, 1)), sample.margin
    fit = fit_logistic(ones, sample.y, sample.weight, offset=offset, figure=figure)
    factor = finite_factor(sample.n_clusters)
    return Estimate(float(fit.coef[0]), factor * fit.influence[:, 0])


def _slope(sample: Sample) -> Estimate:
    figure = "calibration slope"
    require_both_classes(sample, figure)
    require_varied_risk(sample, figure)
    design = np.column_stack([np.ones(sample.n), sample.margin])
    fit = fit_logistic(design, sample.y, sample.weight, figure=figure)
    return Estimate(float(fit.coef[1]), finite_factor(sample.n_clusters) * fit.influence[:, 1])


def _ratio(sample: Sample) -> Estimate:
    observed = float(np.sum(sample.weight * sample.y))
    expected = float(np.sum(sample.weight * sample.risk))
    ratio = observed / expected
    influence = sample.weight * (sample.y - ratio * sample.risk) / expected
    return Estimate(ratio, finite_factor(sample.n_clusters) * influence)


def _grid(samples: Sequence[Sample], n_points: int) -> FloatArray:
    risks = np.concatenate([sample.risk for sample in samples])
    weights = np.tile(samples[0].weight, len(samples))
    ends = [weighted_quantile(risks, weights, q) for q in (0.01, 0.99)]
    return np.linspace(ends[0], ends[1], n_points)


def _patient_sums(influence: FloatArray, sample: Sample) -> FloatArray:
    sums = np.zeros((sample.n_clusters, influence.shape[1]))
    np.add.at(sums, sample.cluster, influence)
    return finite_factor(sample.n_clusters) * sums
