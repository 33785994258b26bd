"""A joint Wald test in weighted logistic regression, rows of one patient taken together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._influence import finite_factor
from vfprog.validation._logistic import fit_logistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import FloatArray


@dataclass(frozen=True)
class WaldTest:
    """A joint test of coefficients.

    Parameters
    ----------
    coef : ndarray of float, shape (k,)
        The coefficients tested, in log-odds.
    statistic : float
        ``coef' V^-1 coef``.
    df : int
        Coefficients tested.
    p_value : float
        From the chi-squared distribution.
    """

    coef: FloatArray
    statistic: float
    df: int
    p_value: float


def joint_wald_test(
    adjusted_for: FloatArray,
    tested: FloatArray,
    y_obs: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> WaldTest:
    """Test whether some terms have no effect on a binary outcome, given others.

    The covariance is the sandwich of a weighted logistic regression (White 1982, Econometrica
    50:1), rows of one patient summed first, times k / (k - 1) for k patients. Weights are not
    frequencies, so that likelihood-ratio tests would not hold.

    Parameters
    ----------
    adjusted_for : ndarray of float, shape (n, p)
        Terms that are in the model anyway, without an intercept.
    tested : ndarray of float, shape (n, k)
        Terms tested.
    y_obs : array-like of shape (n,)
        Outcome, 0 or 1.
    sample_weight : array-like of shape (n,), optional
        Weights >= 0.
    groups : array-like of shape (n,), optional
        Patient of each row.

    Returns
    -------
    WaldTest
        Coefficients, statistic, degrees of freedom and p-value.

    Raises
    ------
    UndefinedFigureError
        Terms separate the classes, or depend linearly on each other.

    Examples
    --------
    >>> x = np.array([[0.0], [1], [2], [3], [4], [5], [6], [7]])
    >>> test = joint_wald_test(np.zeros((8, 0)), x, [0, 1, 0, 0, 1, 0, 1, 1])
    >>> test.df, round(test.p_value, 2)
    (1, 0.24)
    """
    y = np.asarray(y_obs, dtype=np.float64)
    weight = np.ones(y.size) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    design = np.column_stack([np.ones(y.size), adjusted_for, tested])
    spread = design[:, 1:].std(axis=0)
    if (spread == 0).any():
        raise UndefinedFigureError("the test is undefined: a term has one value only")
    scale = np.concatenate([[1.0], spread])
    fit = fit_logistic(design / scale, y, weight, figure="the test")
    influence = fit.influence[:, -tested.shape[1] :]
    cluster = np.arange(y.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums = np.zeros((int(cluster.max()) + 1, tested.shape[1]))
    np.add.at(sums, cluster, influence)
    covariance = sums.T @ sums * finite_factor(len(sums)) ** 2
    coef = fit.coef[-tested.shape[1] :]
    statistic = float(coef @ np.linalg.solve(covariance, coef))
    p_value = float(chi2.sf(statistic, coef.size))
    return WaldTest(coef / spread[-tested.shape[1] :], statistic, coef.size, p_value)
