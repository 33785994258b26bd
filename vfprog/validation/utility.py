"""Clinical utility: net benefit of treating by predicted risk (decision curve analysis)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.validation._check import Sample, check_sample
from vfprog.validation._influence import Estimate, Result, finite_factor, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from vfprog.records import Metric

STRATEGIES = ("model", "treat_all", "treat_none")


def net_benefit(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    threshold: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the net benefit of acting where risk >= threshold [1]_.

    ``TP/n - FP/n * t / (1 - t)`` with weighted counts, and its Wald interval.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    threshold : float
        Risk from which one acts, in [0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the interval.

    Returns
    -------
    Metric
        ``net_benefit_at_<threshold>``.

    References
    ----------
    .. [1] Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574.

    Examples
    --------
    Two of four are acted on rightly and one wrongly; the odds of .2 are .25.

    >>> metric = net_benefit([1, 1, 0, 0], [0.9, 0.2, 0.5, 0.1], threshold=0.2)
    >>> round(metric.estimate, 6)
    0.4375
    """
    samples = check_sample(y_obs, risk, sample_weight, groups)
    return net_benefit_result(samples, threshold, level).metric


def decision_curve(
    y_obs: ArrayLike,
    risk: ArrayLike,
    thresholds: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the net benefit of the model, of treating all and of treating none.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    thresholds : array-like of float
        Thresholds in [0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the limits.

    Returns
    -------
    pandas.DataFrame
        Columns strategy (model, treat_all, treat_none), threshold, net_benefit, lower, upper;
        limits are missing where fewer than 2 patients have, or lack, the event.
    """
    samples = check_sample(y_obs, risk, sample_weight, groups)
    grid = np.atleast_1d(np.asarray(thresholds, dtype=float)).tolist()
    rows: list[tuple[str, float, float, float | None, float | None]] = []
    for threshold in grid:
        metric = net_benefit_result(samples, threshold, level).metric
        rows.append(("model", threshold, metric.estimate, metric.lower, metric.upper))
    for threshold in grid:
        metric = _treat_all(samples[:1], threshold, level).metric
        rows.append(("treat_all", threshold, metric.estimate, metric.lower, metric.upper))
    rows += [("treat_none", threshold, 0.0, 0.0, 0.0) for threshold in grid]
    columns = ["strategy", "threshold", "net_benefit", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns).astype({"lower": float, "upper": float})


def net_benefit_result(samples: Sequence[Sample], threshold: float, level: float) -> Result:
    """Return the net benefit of the model for checked samples."""
    figure = benefit_at(threshold)
    name = f"net_benefit_at_{threshold:g}"
    return summarise(samples, figure, name=name, link="identity", level=level)


def _treat_all(samples: Sequence[Sample], threshold: float, level: float) -> Result:
    figure = benefit_at(threshold, treat_all=True)
    return summarise(samples, figure, name="treat_all", link="identity", level=level)


def benefit_at(threshold: float, *, treat_all: bool = False) -> Callable[[Sample], Estimate]:
    """Return what gives the net benefit of a checked sample with its influence values."""
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must lie in [0, 1), got {threshold}")
    odds = threshold / (1 - threshold)

    def benefit(sample: Sample) -> Estimate:
        share = sample.weight / sample.weight.sum()
        gain = np.where(sample.y == 1, 1.0, -odds)
        if not treat_all:
            gain = np.where(sample.risk >= threshold, gain, 0.0)
        value = float(np.sum(share * gain))
        return Estimate(value, finite_factor(sample.n_clusters) * share * (gain - value))

    return benefit
