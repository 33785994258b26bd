"""Blend and calibrator, learned from out-of-fold margins by weighted log loss.

The linear learner stands alone unless the blend is better by more than one standard error of the
paired difference in loss, the participants being the pairs. The calibrator is always learned:
penalised margins are too timid, and choosing between them and their recalibration by the same
rule left the slope further from one (docs/adr/0004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import TrainingError
from vfprog.scoring.model import Blend, expit

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray, IntArray

_SHARES = np.linspace(0, 1, 21)
_MAX_STEPS = 50


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold rows from which blend and calibrator are learned.

    Parameters
    ----------
    y, weight : ndarray of float, shape (n,)
        Outcome and weight.
    patient : ndarray of int, shape (n,)
        Patient of each row, as numbers from 0.
    """

    y: FloatArray
    weight: FloatArray
    patient: IntArray

    def loss(self, log_odds: FloatArray) -> FloatArray:
        """Return the log loss of each row."""
        return np.logaddexp(0, log_odds) - self.y * log_odds

    def mean_loss(self, log_odds: FloatArray) -> float:
        """Return the weighted mean log loss."""
        return float(np.average(self.loss(log_odds), weights=self.weight))

    def clearly_better(self, simple: FloatArray, complex_: FloatArray) -> bool:
        """Return whether a complex choice beats a simple one by over one standard error.

        Parameters
        ----------
        simple, complex_ : ndarray of float, shape (n,)
            Log-odds of either choice.

        Returns
        -------
        bool
            Whether the mean paired difference in loss exceeds its standard error over patients.
        """
        gain, error = self.gain(simple, complex_)
        return gain > error

    def gain(self, simple: FloatArray, complex_: FloatArray) -> tuple[float, float]:
        """Return how much lower the mean loss of a complex choice is, and its standard error.

        Parameters
        ----------
        simple, complex_ : ndarray of float, shape (n,)
            Log-odds of either choice.

        Returns
        -------
        gain, error : float
            Mean paired difference in loss, and its standard error over patients.
        """
        whole = self.weight.sum()
        difference = (self.loss(simple) - self.loss(complex_)) * self.weight
        per_patient = np.bincount(self.patient, weights=difference)
        total = per_patient.sum()
        spread = per_patient - np.bincount(self.patient, weights=self.weight) * total / whole
        return float(total / whole), float(np.sqrt(np.sum(spread**2)) / whole)


def fit_calibrator(margin: FloatArray, rows: OutOfFold) -> tuple[float, float]:
    """Return intercept and slope of the logistic recalibration of a margin.

    Parameters
    ----------
    margin : ndarray of float, shape (n,)
        Log-odds before calibration.
    rows : OutOfFold
        Outcomes and weights.

    Returns
    -------
    tuple of float
        Intercept a and slope b of ``a + b * margin`` (Cox 1958, Biometrika 45:562).

    Raises
    ------
    TrainingError
        The margins do not vary, or separate the outcomes.
    """
    if np.ptp(margin) == 0:
        raise TrainingError("calibration slope is undefined: all out-of-fold risks are equal")
    design = np.column_stack([np.ones_like(margin), margin])
    a, b = _newton(design, rows, np.array([0.0, 1.0]))
    return float(a), float(b)


def fit_blend(
    linear: FloatArray, trees: FloatArray | None, rows: OutOfFold, *, may_be_flat: bool = False
) -> Blend:
    """Choose weights of the learners, then the calibrator.

    Parameters
    ----------
    linear : ndarray of float, shape (n,)
        Out-of-fold margins of the linear learner.
    trees : ndarray of float, shape (n,) or None
        Out-of-fold margins of the trees; None where they were left out.
    rows : OutOfFold
        Outcomes, weights and patients.
    may_be_flat : bool
        Whether a sample from which nothing can be learned gets its prevalence as everybody's risk.

    Returns
    -------
    Blend
        Weights and calibrator. The slope is not negative; at 0 the risk is the prevalence, which
        is the best fit under that bound, for the log loss is convex (docs/adr/0016).

    Raises
    ------
    TrainingError
        The slope is not positive or undefined and may not be 0, or the margins separate the
        outcomes.
    """
    share = 0.0 if trees is None else _best_share(linear, trees, rows)
    margin = linear if trees is None else (1 - share) * linear + share * trees
    if may_be_flat and np.ptp(margin) == 0:
        return _flat(rows)
    a, b = fit_calibrator(margin, rows)
    if b <= 0 and may_be_flat:
        return _flat(rows)
    if b <= 0:
        raise TrainingError(
            f"out-of-fold calibration slope is {b:.2f}: "
            "these predictors say nothing about the outcome"
        )
    return Blend(1 - share, share, a, b)


def _flat(rows: OutOfFold) -> Blend:
    """Return the calibrator that gives everybody the prevalence."""
    prevalence = np.average(rows.y, weights=rows.weight)
    return Blend(1.0, 0.0, float(np.log(prevalence) - np.log1p(-prevalence)), 0.0)


def _best_share(linear: FloatArray, trees: FloatArray, rows: OutOfFold) -> float:
    losses = [rows.mean_loss((1 - s) * linear + s * trees) for s in _SHARES]
    best = float(_SHARES[int(np.argmin(losses))])
    blended = (1 - best) * linear + best * trees
    return best if rows.clearly_better(linear, blended) else 0.0


def _newton(design: FloatArray, rows: OutOfFold, start: FloatArray) -> FloatArray:
    beta = start
    for _ in range(_MAX_STEPS):
        p = expit(design @ beta)
        gradient = design.T @ (rows.weight * (rows.y - p))
        hessian = design.T @ (design * (rows.weight * p * (1 - p))[:, None])
        try:
            step = np.asarray(np.linalg.solve(hessian, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            break
        if np.abs(step).max() < 1e-10:  # far below any figure shown
            return beta + step
        beta = _downhill(design, rows, beta, step)
    raise TrainingError("the calibrator did not converge: the margins separate the outcomes")


def _downhill(
    design: FloatArray, rows: OutOfFold, beta: FloatArray, step: FloatArray
) -> FloatArray:
    """Take a Newton step, halved until the loss does not rise: margins may be far too wide."""
    before = rows.mean_loss(design @ beta)
    for _ in range(_MAX_STEPS):
        if rows.mean_loss(design @ (beta + step)) <= before + 1e-12:
            break
        step = step / 2
    return beta + step
