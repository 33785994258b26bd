"""How well the risks rank those with the event above those without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.validation._check import (
    Sample,
    UndefinedFigureError,
    check_sample,
    require_both_classes,
)
from vfprog.validation._influence import Estimate, Result, finite_factor, summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.records import Metric


def c_statistic(
    y_obs: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    level: float = 0.95,
) -> Metric:
    """Return the weighted c-statistic, ties counted half, with its interval.

    The variance is DeLong's [1]_, with weights, and with the rows of a patient summed before
    they are squared, as Obuchowski does for clustered data [2]_; the interval is a Wald interval
    on the logit scale. Costs one sort.

    Parameters
    ----------
    y_obs : array-like of shape (n,)
        Observed outcome, 0 or 1.
    risk : array-like of shape (n,) or (r, n)
        Predicted risk in (0, 1); repeats of a cross-validation as rows are averaged.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0, such as inverse probabilities of being observed; taken as fixed.
    groups : array-like of shape (n,), optional
        Patient of each row.
    folds : array-like of shape (n,) or (r, n), optional
        Fold of each row, of every repeat: only pairs of one fold are counted. Risks of different
        folds come from different models; of a coarse predictor their ties are told apart by the
        intercepts of the folds, which lean away from the outcomes of the fold itself [3]_.
    level : float
        Level of the interval.

    Returns
    -------
    Metric
        ``c_statistic``; without limits where fewer than 2 patients have, or lack, the event,
        or where the estimate is 0 or 1.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class is present, or in every fold.

    References
    ----------
    .. [1] DeLong ER et al. Biometrics 1988;44:837-845.
    .. [2] Obuchowski NA. Biometrics 1997;53:567-578.
    .. [3] LeDell E et al. Electron J Stat 2015;9:1583-1607.

    Examples
    --------
    >>> c_statistic([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.8]).estimate
    0.75
    """
    samples = check_sample(y_obs, risk, sample_weight, groups, folds)
    return c_statistic_result(samples, level).metric


def c_statistic_result(samples: Sequence[Sample], level: float) -> Result:
    """Return the c-statistic of checked samples."""
    return summarise(samples, concordance, name="c_statistic", link="logit", level=level)


def concordance(sample: Sample) -> Estimate:
    """Return the c-statistic of a checked sample with its influence values.

    Where the sample has folds, pairs of one fold only are counted, each by the product of its
    weights; the influence of a row is the derivative of that share with respect to its weight.

    Parameters
    ----------
    sample : Sample
        The sample.

    Returns
    -------
    Estimate
        The c-statistic.

    Raises
    ------
    UndefinedFigureError
        Only one outcome class is present, or in every fold.
    """
    require_both_classes(sample, "c_statistic")
    case = sample.y == 1
    fold = np.zeros(sample.n, dtype=np.intp) if sample.fold is None else sample.fold
    weight, placement = np.zeros(sample.n), np.zeros(sample.n)
    for rows in (np.flatnonzero(fold == which) for which in range(int(fold.max()) + 1)):
        if np.unique(case[rows]).size < 2:
            continue  # no pair
        placement[rows] = _placements(sample.risk[rows], sample.weight[rows], case[rows])
        weight[rows] = _pairs(sample.weight[rows], case[rows])
    total = float(weight[case].sum())
    if total == 0:
        raise UndefinedFigureError("c_statistic is undefined: no fold has both outcomes")
    share = weight / total
    value = round(float(np.sum((share * placement)[case])), 14)  # 1 stays 1 after many sums
    factor = np.where(
        case, finite_factor(sample.patients_with(1)), finite_factor(sample.patients_with(0))
    )
    return Estimate(value, factor * share * (placement - value))


def _placements(risk: FloatArray, weight: FloatArray, case: BoolArray) -> FloatArray:
    """Return of each row the share of the other class that it is ranked rightly against."""
    rank = np.unique(risk, return_inverse=True)[1]
    below_case = _share_below(rank, np.where(case, 0.0, weight))
    above_other = 1 - _share_below(rank, np.where(case, weight, 0.0))
    return np.where(case, below_case, above_other)


def _pairs(weight: FloatArray, case: BoolArray) -> FloatArray:
    """Return the weight of the pairs each row belongs to."""
    others = np.where(case, weight[~case].sum(), weight[case].sum())
    return np.asarray(weight * others, dtype=float)


def _share_below(
    rank: IntArray,
    weight: FloatArray,
) -> FloatArray:
    """Return for each row the share of weight at lower ranks, plus half of that at its own."""
    at = np.bincount(rank, weights=weight)
    below = np.cumsum(at) - at / 2
    return np.asarray((below / at.sum())[rank], dtype=float)
