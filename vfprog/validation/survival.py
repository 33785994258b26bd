"""Discrimination of risks of an event by a horizon, under censoring.

Censoring is undone by inverse probability weights that are estimated in the evaluation data
themselves, without covariates; intervals count that estimation too. Participants who had a
competing event (status 2) stay in the risk set as people who never have the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._influence import Estimate, Result
from vfprog.validation._survival_kaplan_meier import Censoring
from vfprog.validation._survival_sample import (
    SurvivalSample,
    check_survival,
    require_cases_and_others,
    survival_result,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.records import Metric

_CELLS = 4_000_000


def harrell_c(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return Harrell's c-statistic: the share of comparable pairs that the risks order rightly.

    ``sum w_i w_j [r_i > r_j] / sum w_i w_j`` over pairs where i has the event by the horizon and
    j is followed longer, equal risks counted half [1]_; with competing events j may also have had
    one before [2]_. Which pairs are comparable depends on the censoring, so its limit does, too:
    see `uno_c`. Interval by influence function on the logit scale. Costs events times n.

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
        ``harrell_c``.

    Raises
    ------
    UndefinedFigureError
        No pair is comparable.

    References
    ----------
    .. [1] Harrell FE et al. Stat Med 1996;15:361-387.
    .. [2] Wolbers M et al. Epidemiology 2009;20:555-561.

    Examples
    --------
    Of the pairs (1, 2), (1, 3) and (2, 3) the last is ordered wrongly.

    >>> metric = harrell_c([1, 2, 3], [1, 1, 0], [0.8, 0.2, 0.4], horizon=3)
    >>> round(metric.estimate, 6)
    0.666667
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return harrell_c_result(sample, level).metric


def uno_c(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return Uno's c-statistic: that of the pairs as they would be without censoring.

    As `harrell_c`, each pair weighted by ``G(t_i-)^-2`` [1]_, or ``1 / (G(t_i-) G(t_j-))`` where
    j had a competing event before [2]_; G is the Kaplan-Meier estimate of staying uncensored.

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
        ``uno_c``.

    Raises
    ------
    UndefinedFigureError
        No pair is comparable.

    References
    ----------
    .. [1] Uno H et al. Stat Med 2011;30:1105-1117.
    .. [2] Wolbers M et al. Biostatistics 2014;15:526-539.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return uno_c_result(sample, level).metric


def ipcw_auc(
    time: ArrayLike,
    status: ArrayLike,
    risk: ArrayLike,
    *,
    horizon: float,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the cumulative/dynamic AUC: those with the event by the horizon against the others.

    ``sum v_i v_j [r_i > r_j] / sum v_i v_j`` over i with the event by the horizon and j known to
    have reached it without (or to have had a competing event), ``v = w / G(min(T, h)-)``, equal
    risks counted half [1]_ [2]_.

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
        ``auc``.

    Raises
    ------
    UndefinedFigureError
        Follow-up ends before the horizon, or all known have, or lack, the event.

    References
    ----------
    .. [1] Uno H et al. J Am Stat Assoc 2007;102:527-537.
    .. [2] Blanche P et al. Stat Med 2013;32:5381-5397.
    """
    sample = check_survival(time, status, risk, horizon, sample_weight, groups)
    return auc_result(sample, level).metric


def harrell_c_result(sample: SurvivalSample, level: float) -> Result:
    """Return Harrell's c-statistic of a checked sample."""
    estimate = _concordance(sample, "harrell_c", None)
    return survival_result(sample, estimate, name="harrell_c", link="logit", level=level)


def uno_c_result(sample: SurvivalSample, level: float) -> Result:
    """Return Uno's c-statistic of a checked sample."""
    estimate = _concordance(sample, "uno_c", Censoring(sample))
    return survival_result(sample, estimate, name="uno_c", link="logit", level=level)


def auc_result(sample: SurvivalSample, level: float) -> Result:
    """Return the cumulative/dynamic AUC of a checked sample."""
    require_cases_and_others(sample, "auc")
    censoring = Censoring(sample)
    share = sample.weight * censoring.inverse()
    first, second = np.where(sample.case, share, 0.0), np.where(sample.case, 0.0, share)
    pairs = _count(sample.risk, first, second, lambda rows: np.ones((rows.size, 1), dtype=bool))
    value = pairs.right / pairs.total
    change = (pairs.excess_first(value) + pairs.excess_second(value)) / pairs.total
    estimate = Estimate(value, change + censoring.through_weights(change))
    return survival_result(sample, estimate, name="auc", link="logit", level=level)


@dataclass(frozen=True)
class _Pairs:
    """Weight of the pairs of each row as first and as second, and of those ordered rightly."""

    right_first: FloatArray
    right_second: FloatArray
    all_first: FloatArray
    all_second: FloatArray

    @property
    def right(self) -> float:
        return float(self.right_first.sum())

    @property
    def total(self) -> float:
        return float(self.all_first.sum())

    def excess_first(self, value: float) -> FloatArray:
        return self.right_first - value * self.all_first

    def excess_second(self, value: float) -> FloatArray:
        return self.right_second - value * self.all_second


def _concordance(sample: SurvivalSample, figure: str, censoring: Censoring | None) -> Estimate:
    """Return the c-statistic over comparable pairs, weighted where a censoring is given."""
    inverse = np.ones(sample.n) if censoring is None else censoring.inverse()
    later, before = _followed_longer(sample, inverse), _competing_before(sample, inverse)
    total = later.total + before.total
    if total == 0:
        raise UndefinedFigureError(
            f"{figure} is undefined: no participant is followed longer than one with the event "
            f"by the horizon {sample.horizon:g}"
        )
    value = round((later.right + before.right) / total, 14)  # 1 stays 1 after many sums
    of_first, of_second = later.excess_first(value), later.excess_second(value)
    of_before = before.excess_first(value) + before.excess_second(value)
    influence = of_first + of_second + of_before
    if censoring is not None:
        influence = influence + censoring.through_weights(2 * of_first + of_before)
    return Estimate(value, influence / total)


def _followed_longer(sample: SurvivalSample, inverse: FloatArray) -> _Pairs:
    """Count pairs of a case and one followed longer; at one time events precede censorings."""
    first = np.where(sample.case, sample.weight * inverse**2, 0.0)
    rank = 2 * np.unique(sample.time, return_inverse=True)[1] + (sample.status == 0)
    return _count(sample.risk, first, sample.weight, lambda rows: rank > rank[rows, None])


def _competing_before(sample: SurvivalSample, inverse: FloatArray) -> _Pairs:
    """Count pairs of a case and one who had a competing event by then."""
    share = sample.weight * inverse
    first = np.where(sample.case, share, 0.0)
    second = np.where(sample.status > 1, share, 0.0)
    return _count(sample.risk, first, second, lambda rows: sample.time <= sample.time[rows, None])


def _count(
    risk: FloatArray,
    first: FloatArray,
    second: FloatArray,
    comparable: Callable[[IntArray], BoolArray],
) -> _Pairs:
    """Sum ``first_i second_j`` over comparable pairs, a block of rows i at a time."""
    n = risk.size
    pairs = _Pairs(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))
    active, others = np.flatnonzero(first > 0), np.flatnonzero(second > 0)
    size = max(1, _CELLS // max(n, 1))
    for start in range(0, active.size if others.size else 0, size):
        rows = active[start : start + size]
        pair = np.broadcast_to(comparable(rows), (rows.size, n)).astype(float)
        above = np.sign(risk[rows, None] - risk) / 2 + 0.5
        right = pair * above
        pairs.all_first[rows] = first[rows] * (pair @ second)
        pairs.right_first[rows] = first[rows] * (right @ second)
        pairs.all_second[:] += second * (first[rows] @ pair)
        pairs.right_second[:] += second * (first[rows] @ right)
    return pairs
