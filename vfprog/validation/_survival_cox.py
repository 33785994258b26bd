"""A small proportional hazards fit: Newton's method, ties by Efron or Breslow, with weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vfprog.validation._check import UndefinedFigureError

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

Ties = Literal["efron", "breslow"]
_TOLERANCE = 1e-9
_MAX_STEPS = 40


@dataclass(frozen=True)
class CoxFit:
    """Maximum partial likelihood fit.

    Parameters
    ----------
    coef : ndarray of float, shape (p,)
        Log hazard ratios.
    covariance : ndarray of float, shape (p, p)
        Inverse information.
    log_likelihood : float
        Log partial likelihood.
    event_times : ndarray of float, shape (k,)
        Distinct event times.
    cumulative_hazard : ndarray of float, shape (k,)
        Baseline cumulative hazard at them, for a design row of zeros.
    """

    coef: FloatArray
    covariance: FloatArray
    log_likelihood: float
    event_times: FloatArray
    cumulative_hazard: FloatArray

    def risk(self, design: FloatArray, horizon: float) -> FloatArray:
        """Return 1 - S(horizon) of each row of a design."""
        steps = np.searchsorted(self.event_times, horizon, side="right")
        hazard = np.concatenate([[0.0], self.cumulative_hazard])[steps]
        return np.asarray(-np.expm1(-hazard * np.exp(design @ self.coef)), dtype=float)


def fit_cox(
    design: FloatArray,
    time: FloatArray,
    event: BoolArray,
    weight: FloatArray | None = None,
    *,
    ties: Ties = "efron",
    figure: str = "Cox model",
) -> CoxFit:
    """Fit by Newton's method with halved steps; UndefinedFigureError without a finite maximum.

    With Efron's ties a weight is R's case weight: the tied share uses the number of rows, so
    a weight of 2 equals a row given twice only under Breslow's.
    """
    weight = np.ones(time.size) if weight is None else weight
    if not event.any():
        raise UndefinedFigureError(f"{figure} is undefined: there is no event")
    centre = np.average(design, axis=0, weights=weight)
    data = _RiskSets(design - centre, time, event, weight, ties)
    coef = np.zeros(design.shape[1])
    value, score, information, hazard = data.derivatives(coef)
    for _ in range(_MAX_STEPS):
        step = _solve(information, score, figure)
        for _ in range(30):
            after = data.derivatives(coef + step)
            if after[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
        coef = coef + step
        value, score, information, hazard = after
        if np.abs(data.x @ step).max() < _TOLERANCE:
            cumulative = np.cumsum(hazard) * np.exp(-centre @ coef)
            covariance = np.asarray(np.linalg.inv(information), dtype=float)
            return CoxFit(coef, covariance, value, data.event_times, cumulative)
    raise UndefinedFigureError(f"{figure} is undefined: the likelihood has no finite maximum")


class _RiskSets:
    """Rows sorted from late to early, and for each event time where its risk set ends."""

    def __init__(
        self, x: FloatArray, time: FloatArray, event: BoolArray, weight: FloatArray, ties: Ties
    ) -> None:
        order = np.argsort(-time, kind="stable")
        self.x, self.weight = x[order], weight[order]
        self.dead = np.flatnonzero(event[order])
        self.event_times, self.group = np.unique(time[order][self.dead], return_inverse=True)
        self.end = np.searchsorted(-time[order], -self.event_times, side="right") - 1
        counts = np.bincount(self.group)
        self.term: IntArray = np.repeat(np.arange(counts.size), counts)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        share = (np.arange(self.term.size) - starts) / counts[self.term]
        self.share = share if ties == "efron" else np.zeros(self.term.size)
        mass = np.bincount(self.group, weights=self.weight[self.dead])
        self.mass = (mass / counts)[self.term]

    def derivatives(self, coef: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Return log-likelihood, score, information and hazard increments."""
        n, p = self.x.shape
        margin = self.x @ coef
        shift = margin.max()
        hazard = self.weight * np.exp(margin - shift)
        square = (self.x[:, :, None] * self.x[:, None, :]).reshape(n, p * p)
        sums = np.column_stack([np.ones(n), self.x, square]) * hazard[:, None]
        at_risk = np.cumsum(sums, axis=0)[self.end]
        tied = np.zeros_like(at_risk)
        np.add.at(tied, self.group, sums[self.dead])
        terms = at_risk[self.term] - self.share[:, None] * tied[self.term]
        mean = terms[:, 1 : p + 1] / terms[:, :1]
        second = (terms[:, p + 1 :] / terms[:, :1]).reshape(-1, p, p)
        spread = second - mean[:, :, None] * mean[:, None, :]
        dead = self.weight[self.dead]
        value = float(dead @ margin[self.dead] - self.mass @ (np.log(terms[:, 0]) + shift))
        score = dead @ self.x[self.dead] - self.mass @ mean
        information = np.tensordot(self.mass, spread, axes=1)
        increments = np.bincount(self.term, weights=self.mass / terms[:, 0]) * np.exp(-shift)
        return value, score, information, increments


def _solve(information: FloatArray, score: FloatArray, figure: str) -> FloatArray:
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    if np.linalg.cond(information / np.outer(scale, scale)) > 1e11 or scale.min() < 1e-7:
        raise UndefinedFigureError(
            f"{figure} is undefined: the design is collinear, or it separates the order of events"
        )
    return np.asarray(np.linalg.solve(information, score), dtype=float)
