"""Overall performance under censoring: the Brier score at a horizon and its scaled form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._influence import Estimate, Result
from vfprog.validation._survival_kaplan_meier import cumulative_incidence, ipcw_mean
from vfprog.validation._survival_sample import (
    SurvivalSample,
    check_survival,
    require_cases_and_others,
    require_follow_up,
    survival_result,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray
    from vfprog.records import Metric


def ipcw_brier(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the Brier score at the horizon, corrected for censoring.

    ``sum v (y - r)^2 / sum w`` with y the event by the horizon and
    ``v = w known / G(min(T, h)-)`` [1]_.

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
        ``brier``.

    Raises
    ------
    UndefinedFigureError
        Follow-up ends before the horizon.

    References
    ----------
    .. [1] Graf E et al. Stat Med 1999;18:2529-2545.

    Examples
    --------
    The second is censored: the third, at risk with the second then, counts twice.

    >>> metric = ipcw_brier([1, 2, 4], [1, 0, 0], [0.5, 0.9, 0.2], horizon=3)
    >>> round(metric.estimate, 6)
    0.11
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return ipcw_brier_result(sample, level).metric


def scaled_ipcw_brier(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return 1 - Brier / (F (1 - F)), F the cumulative incidence at the horizon.

    ``F (1 - F)`` is the score of giving all the Kaplan-Meier (Aalen-Johansen) risk; 0 is no
    better than that, 1 is perfect [1]_.

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
        ``scaled_brier``.

    Raises
    ------
    UndefinedFigureError
        Follow-up ends before the horizon, or all known have, or lack, the event.

    References
    ----------
    .. [1] Kattan MW, Gerds TA. Diagn Progn Res 2018;2:7.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return scaled_ipcw_brier_result(sample, level).metric


def ipcw_brier_result(sample: SurvivalSample, level: float) -> Result:
    """Return the Brier score at the horizon of a checked sample."""
    require_follow_up(sample, "brier")
    estimate = ipcw_mean(sample, _square(sample))
    return survival_result(sample, estimate, name="brier", link="logit", level=level)


def scaled_ipcw_brier_result(sample: SurvivalSample, level: float) -> Result:
    """Return the scaled Brier score at the horizon of a checked sample."""
    require_cases_and_others(sample, "scaled_brier")
    score, incidence = ipcw_mean(sample, _square(sample)), cumulative_incidence(sample)
    null = incidence.value * (1 - incidence.value)
    ratio = score.value / null
    of_null = (1 - 2 * incidence.value) * incidence.influence
    estimate = Estimate(1 - ratio, (ratio * of_null - score.influence) / null)
    return survival_result(sample, estimate, name="scaled_brier", link="identity", level=level)


def _square(sample: SurvivalSample) -> FloatArray:
    return np.asarray((sample.case - sample.risk) ** 2, dtype=float)
