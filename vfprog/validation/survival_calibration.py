"""Whether risks of an event by a horizon are as high as what is observed, under censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.records import Metric
from vfprog.validation._check import UndefinedFigureError, check_level
from vfprog.validation._influence import Estimate, Result
from vfprog.validation._spline import SplineBasis, make_basis, weighted_quantile
from vfprog.validation._survival_cox import CoxFit, fit_cox
from vfprog.validation._survival_kaplan_meier import cumulative_incidence
from vfprog.validation._survival_sample import (
    SurvivalSample,
    check_survival,
    cloglog,
    require_cases_and_others,
    require_follow_up,
    require_varied_risk,
    survival_result,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray

MIN_EVENTS = 10
"""Fewest events by the horizon from which a secondary Cox model is drawn."""
ERROR_NAMES = ("ici", "e50", "e90", "emax")
_N_KNOTS = 3
_MOST_FAILED = 0.1


def survival_observed_expected(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the ratio of observed to expected events by the horizon; 1 is ideal.

    Observed is the cumulative incidence, 1 - Kaplan-Meier or, with competing events,
    Aalen-Johansen; expected the mean risk [1]_. Interval by influence function on the log scale,
    both parts random.

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
        Level of the interval.

    Returns
    -------
    Metric
        ``observed_expected``.

    Raises
    ------
    UndefinedFigureError
        Follow-up ends before the horizon.

    References
    ----------
    .. [1] McLernon DJ et al. Ann Intern Med 2023;176:105-114.

    Examples
    --------
    Kaplan-Meier at 3: 3/4 of the four, then 1/2 of the two left; the mean risk is .5.

    >>> metric = survival_observed_expected(
    ...     [1, 2, 3, 4], [1, 0, 1, 0], [0.8, 0.5, 0.4, 0.3], horizon=3
    ... )
    >>> round(metric.estimate, 6)
    1.25
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return survival_ratio_result(sample, level).metric


def survival_calibration_error(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    n_bootstrap: int = 200,
    random_state: int | np.random.Generator = 0,
) -> dict[str, Metric]:
    """Return ICI, E50, E90 and Emax against a secondary Cox model [1]_.

    The model has a restricted cubic spline (3 knots) of ``log(-log(1 - risk))``; its risk at the
    horizon is what is observed, and the figures are the mean, median, 90th percentile and largest
    distance to the predicted risk over the participants. Follow-up after the horizon is not used.
    Intervals are percentiles of a bootstrap that draws patients and refits the model, knots kept,
    widened to hold the estimate where they would miss it. Ties are Efron's, so a
    weight of 2 is not quite a participant given twice.

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
    n_bootstrap : int
        Bootstrap draws; 0 for no intervals.
    random_state : int or numpy.random.Generator
        Seed of the bootstrap.

    Returns
    -------
    dict of str to Metric
        ``ici``, ``e50``, ``e90``, ``emax``; without limits where over a tenth of the refits fail.

    Raises
    ------
    UndefinedFigureError
        Competing events (a Cox model of the cause does not give their cumulative incidence),
        fewer than 10 events, all risks equal, or follow-up that ends before the horizon.

    References
    ----------
    .. [1] Austin PC et al. Stat Med 2020;39:2714-2742.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    results = survival_error_results(
        sample, level=level, n_bootstrap=n_bootstrap, random_state=random_state
    )
    return {result.metric.name: result.metric for result in results}


def survival_calibration_curve(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
    n_points: int = 101,
    n_bootstrap: int = 200,
    random_state: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Return the curve behind `survival_calibration_error` with a pointwise bootstrap band.

    It runs from the 1st to the 99th weighted percentile of the risks.

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
        Level of the interval.
    n_points : int
        Points of the curve.
    n_bootstrap : int
        Bootstrap draws, at least 1.
    random_state : int or numpy.random.Generator
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Columns risk, observed, lower, upper.

    Raises
    ------
    UndefinedFigureError
        As for `survival_calibration_error`, or over a tenth of the refits fail.
    """
    check_level(level)
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    curve = _fit_curve(sample)
    ends = [weighted_quantile(sample.risk, sample.weight, q) for q in (0.01, 0.99)]
    grid = np.linspace(ends[0], ends[1], n_points)
    draws = [refit.observed(grid) for refit in _refits(sample, curve, n_bootstrap, random_state)]
    if reason := _too_few(len(draws), n_bootstrap) or ("" if draws else "no bootstrap draws"):
        raise UndefinedFigureError(f"calibration band is undefined: {reason}")
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    columns = {"risk": grid, "observed": curve.observed(grid), "lower": lower, "upper": upper}
    return pd.DataFrame(columns)


def survival_ratio_result(sample: SurvivalSample, level: float) -> Result:
    """Return the observed to expected ratio of a checked sample."""
    require_follow_up(sample, "observed_expected")
    observed, share = cumulative_incidence(sample), sample.weight / sample.weight.sum()
    expected = float(share @ sample.risk)
    ratio = observed.value / expected
    influence = (observed.influence - ratio * share * (sample.risk - expected)) / expected
    estimate = Estimate(ratio, influence)
    return survival_result(sample, estimate, name="observed_expected", link="log", level=level)


def survival_error_results(
    sample: SurvivalSample,
    *,
    level: float,
    n_bootstrap: int,
    random_state: int | np.random.Generator,
) -> list[Result]:
    """Return ICI, E50, E90 and Emax of a checked sample."""
    check_level(level)
    curve = _fit_curve(sample)
    estimates = _errors(sample, curve)
    refits = _refits(sample, curve, n_bootstrap, random_state)
    draws = np.array([_errors(refit.sample, refit) for refit in refits])
    reason = _too_few(len(draws), n_bootstrap) or ("" if len(draws) else "no bootstrap draws")
    if reason:
        pairs = zip(ERROR_NAMES, estimates, strict=True)
        return [Result(Metric(name, float(e)), f"no interval: {reason}") for name, e in pairs]
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    lower, upper = np.minimum(lower, estimates), np.maximum(upper, estimates)
    limits = zip(ERROR_NAMES, estimates, lower, upper, strict=True)
    return [Result(Metric(n, float(e), float(lo), float(up))) for n, e, lo, up in limits]


@dataclass(frozen=True)
class _Curve:
    """A secondary Cox model, its spline, and the sample it is fitted to."""

    basis: SplineBasis
    fit: CoxFit
    sample: SurvivalSample

    def observed(self, risk: FloatArray) -> FloatArray:
        return self.fit.risk(self.basis(cloglog(risk))[:, 1:], self.sample.horizon)


def _fit_curve(sample: SurvivalSample) -> _Curve:
    figure = "calibration curve"
    if (sample.status > 1).any():
        raise UndefinedFigureError(
            f"{figure} is undefined with competing events: a Cox model of the cause does not give "
            "the cumulative incidence; intercept and slope through pseudo-values take its place"
        )
    require_cases_and_others(sample, figure)
    if (events := int(sample.case.sum())) < MIN_EVENTS:
        raise UndefinedFigureError(
            f"{figure} is undefined: it needs at least {MIN_EVENTS} events by the horizon, "
            f"got {events}"
        )
    require_varied_risk(sample, figure)
    basis = make_basis(cloglog(sample.risk), sample.weight, n_knots=_N_KNOTS)
    return _fit_with(basis, sample)


def _fit_with(basis: SplineBasis, sample: SurvivalSample) -> _Curve:
    design = basis(cloglog(sample.risk))[:, 1:]  # the baseline hazard is the intercept
    fit = fit_cox(design, sample.until, sample.case, sample.weight, figure="calibration curve")
    return _Curve(basis, fit, sample)


def _refits(
    sample: SurvivalSample, curve: _Curve, n_bootstrap: int, random_state: int | np.random.Generator
) -> list[_Curve]:
    """Refit to draws of patients, knots kept; those without a maximum are left out."""
    rng = np.random.default_rng(random_state)
    k = sample.n_clusters
    refits = []
    for _ in range(n_bootstrap):
        counts = np.bincount(rng.integers(k, size=k), minlength=k).astype(float)
        try:
            refits.append(_fit_with(curve.basis, sample.reweighted(counts[sample.cluster])))
        except UndefinedFigureError:
            continue
    return refits


def _too_few(n_draws: int, n_bootstrap: int) -> str:
    failed = n_bootstrap - n_draws
    if failed > _MOST_FAILED * n_bootstrap:
        return f"{failed} of {n_bootstrap} bootstrap refits of the curve failed"
    return ""


def _errors(sample: SurvivalSample, curve: _Curve) -> FloatArray:
    distance = np.abs(curve.observed(sample.risk) - sample.risk)
    middle, high = (weighted_quantile(distance, sample.weight, q) for q in (0.5, 0.9))
    mean = np.average(distance, weights=sample.weight)
    return np.array([mean, middle, high, distance.max()])
