"""Ridge logistic regression by Newton's method, warm from one penalty to the next.

scikit-learn's newton-cholesky finds the same numbers (tests/models/test_ridge.py). It checks its
input anew for every penalty, which on registries of ordinary size takes as long as the fits, and it
does not hand out the Hessian that the adaptive prior needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import TrainingError
from vfprog.scoring.model import expit

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray

_MAX_STEPS = 100
# Excess of the mean loss, by the Newton decrement, from which one more step ends the search: that
# step leaves its square.
_CLOSE = 1e-8
# Steps that gain less than this, in mean loss, are near enough to the minimum to be taken whole.
_SURE = 1e-3
_SMALLEST = 1e-9
# Rows whose weighted copy is made at once: no second copy of a large design.
_ROWS = 20_000


@dataclass(frozen=True)
class RidgeFit:
    """Coefficients, and the curvature of the penalised loss where they lie.

    Parameters
    ----------
    coef : ndarray of float, shape (p,)
        Coefficients.
    intercept : float
        The intercept, not penalised.
    hessian : ndarray of float, shape (p, p)
        Second derivatives in the coefficients, the intercept being free.
    """

    coef: FloatArray
    intercept: float
    hessian: FloatArray


def fit_ridge(
    columns: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    precision: FloatArray,
    start: RidgeFit | None = None,
) -> RidgeFit:
    """Minimise ``sum(weight * log loss) + sum(precision * coef**2) / 2``.

    Parameters
    ----------
    columns : ndarray of float, shape (n, p)
        Standardised columns.
    y, weight : ndarray of float, shape (n,)
        Outcome and weights.
    precision : ndarray of float, shape (p,)
        Positive precision of the prior of each coefficient; ``1 / C`` for all is the usual ridge.
    start : RidgeFit, optional
        Where to start; default 0, and the log-odds of the prevalence.

    Returns
    -------
    RidgeFit
        The fit.

    Raises
    ------
    TrainingError
        The search did not converge.
    """
    coef, intercept = _start(columns, y, weight) if start is None else (start.coef, start.intercept)
    total = float(weight.sum())
    margin = columns @ coef + intercept
    for _ in range(_MAX_STEPS):
        p = expit(margin)
        slope = columns.T @ (weight * (p - y)) + precision * coef
        hessian, mean, whole = _curvature(columns, weight * p * (1 - p), precision)
        # The intercept moves with the coefficients, so its own equation is solved beforehand.
        rest = float(weight @ (p - y)) / whole
        step = np.asarray(np.linalg.solve(hessian, slope - mean * rest * whole), dtype=float)
        shift = rest - float(mean @ step)
        along = columns @ step + shift
        decrement = float(slope @ step + rest * whole * shift) / total
        share = 1.0
        if decrement > _SURE:
            share = _share(y, weight, precision, coef, margin, step, along)
        coef, intercept = coef - share * step, intercept - share * shift
        margin = margin - share * along
        if decrement < _CLOSE:
            return RidgeFit(coef, intercept, hessian)
    raise TrainingError("the ridge did not converge: margins grow without end")


def _start(columns: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[FloatArray, float]:
    share = float(np.average(y, weights=weight))
    return np.zeros(columns.shape[1]), float(np.log(share / (1 - share)))


def _share(
    y: FloatArray,
    weight: FloatArray,
    precision: FloatArray,
    coef: FloatArray,
    margin: FloatArray,
    step: FloatArray,
    along: FloatArray,
) -> float:
    """Return how much of a Newton step to take: halved until the loss does not rise."""

    def loss(share: float) -> float:
        there = margin - share * along
        prior = precision @ (coef - share * step) ** 2 / 2
        return float(weight @ (np.logaddexp(0, there) - y * there) + prior)

    before, share = loss(0.0), 1.0
    while loss(share) > before and share > _SMALLEST:
        share /= 2
    return share


def _curvature(
    columns: FloatArray, information: FloatArray, precision: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Return the Hessian with the intercept solved for, the mean columns and the information."""
    whole = float(information.sum())
    root = np.sqrt(information)
    hessian = np.zeros((columns.shape[1],) * 2)
    for first in range(0, len(columns), _ROWS):
        part = columns[first : first + _ROWS] * root[first : first + _ROWS, None]
        hessian += part.T @ part
    mean = columns.T @ information / whole
    hessian -= whole * np.outer(mean, mean)
    hessian[np.diag_indices_from(hessian)] += precision
    return hessian, mean, whole
