"""Clinical utility under censoring: net benefit of treating by the risk by a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.records import Metric
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._influence import Estimate, Result
from vfprog.validation._survival_kaplan_meier import ipcw_mean
from vfprog.validation._survival_sample import (
    SurvivalSample,
    check_survival,
    require_follow_up,
    survival_result,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import BoolArray


def survival_net_benefit(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    threshold: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the net benefit, by the horizon, of acting where risk >= threshold [1]_.

    ``share * (F - (1 - F) t / (1 - t))`` where share is that of those acted on and F their
    cumulative incidence at the horizon, by Kaplan-Meier among them, or Aalen-Johansen with
    competing events. Wald interval by influence function.

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
        ``net_benefit_at_<threshold>``; 0 without limits where nobody is acted on.

    Raises
    ------
    UndefinedFigureError
        Follow-up of those acted on ends before the horizon.

    References
    ----------
    .. [1] Vickers AJ et al. BMC Med Inform Decis Mak 2008;8:53.

    Examples
    --------
    Two of four are acted on and one of them has the event by 2; the odds of .2 are .25.

    >>> metric = survival_net_benefit(
    ...     [1, 3, 3, 1], [1, 0, 0, 1], [0.9, 0.3, 0.1, 0.1], horizon=2, threshold=0.2
    ... )
    >>> round(metric.estimate, 6)
    0.1875
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return survival_benefit_result(sample, threshold, level).metric


def survival_decision_curve(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    thresholds: ArrayLike,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the net benefit by the horizon of the model, of treating all and of treating none.

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
    thresholds : array-like of float
        Thresholds in [0, 1).
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns strategy (model, treat_all, treat_none), threshold, net_benefit, lower, upper and
        reason, which says why a figure or its limits are missing.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    grid = np.atleast_1d(np.asarray(thresholds, dtype=float)).tolist()
    rows = [_row("model", sample, threshold, level) for threshold in grid]
    rows += [_row("treat_all", sample, threshold, level) for threshold in grid]
    rows += [("treat_none", threshold, 0.0, 0.0, 0.0, "") for threshold in grid]
    columns = ["strategy", "threshold", "net_benefit", "lower", "upper", "reason"]
    numbers = dict.fromkeys(["net_benefit", "lower", "upper"], float)
    return pd.DataFrame(rows, columns=columns).astype(numbers)


def survival_benefit_result(sample: SurvivalSample, threshold: float, level: float) -> Result:
    """Return the net benefit of the model for a checked sample."""
    return _benefit(sample, sample.risk >= threshold, threshold, level)


def _row(
    strategy: str, sample: SurvivalSample, threshold: float, level: float
) -> tuple[str, float, float | None, float | None, float | None, str]:
    acted_on = np.ones(sample.n, dtype=bool)
    if strategy == "model":
        acted_on = np.asarray(sample.risk >= threshold)
    try:
        result = _benefit(sample, acted_on, threshold, level)
    except UndefinedFigureError as error:
        return strategy, threshold, None, None, None, str(error)
    metric = result.metric
    return strategy, threshold, metric.estimate, metric.lower, metric.upper, result.reason


def _benefit(sample: SurvivalSample, acted_on: BoolArray, threshold: float, level: float) -> Result:
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must lie in [0, 1), got {threshold}")
    name = f"net_benefit_at_{threshold:g}"
    if not acted_on.any():
        return Result(Metric(name, 0.0), "no interval: nobody is acted on")
    part = sample.take(acted_on)
    require_follow_up(part, f"{name} (those acted on)")
    gain = ipcw_mean(part, np.where(part.case, 1.0, -threshold / (1 - threshold)))
    weight = np.where(acted_on, sample.weight, 0.0) / sample.weight.sum()
    share = float(weight.sum())
    influence = weight * gain.value - sample.weight / sample.weight.sum() * share * gain.value
    influence[acted_on] += share * gain.influence
    estimate = Estimate(share * gain.value, influence)
    return survival_result(sample, estimate, name=name, link="identity", level=level)
