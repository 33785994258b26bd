"""Weighted logistic regression with the influence of each row, for calibration models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.validation._check import UndefinedFigureError

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray

_TOLERANCE = 1e-8
_MAX_STEPS = 40


@dataclass(frozen=True)
class LogisticFit:
    """Maximum weighted likelihood fit.

    Parameters
    ----------
    coef : ndarray of float, shape (p,)
        Coefficients.
    influence : ndarray of float, shape (n, p)
        Influence of each row on them: score times the inverse information.
    """

    coef: FloatArray
    influence: FloatArray


def fit_logistic(
    design: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    *,
    offset: FloatArray | None = None,
    figure: str,
) -> LogisticFit:
    """Fit by Newton's method; raise UndefinedFigureError where no finite maximum exists."""
    shift = np.zeros(y.size) if offset is None else offset
    coef = np.zeros(design.shape[1])
    for _ in range(_MAX_STEPS):
        step = _newton_step(design, y, weight, shift, coef, figure)
        coef, moved = _move(design, y, weight, shift, coef, step)
        if moved < _TOLERANCE:
            risk = expit(design @ coef + shift)
            inverse = np.linalg.inv(_information(design, weight, risk))
            score = (weight * (y - risk))[:, None] * design
            return LogisticFit(coef, score @ inverse)
    raise UndefinedFigureError(
        f"{figure} is undefined: the predicted risks separate those with from those without "
        "the event, so the calibration model has no finite maximum"
    )


def fit_many(
    design: FloatArray, y: FloatArray, weights: FloatArray, start: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Fit one regression per row of weights at once, from a common start.

    Parameters
    ----------
    design : ndarray of float, shape (n, p)
        Design matrix.
    y : ndarray of float, shape (n,)
        Outcome.
    weights : ndarray of float, shape (b, n)
        Weights of each fit.
    start : ndarray of float, shape (p,)
        Coefficients to start from.

    Returns
    -------
    coefs : ndarray of float, shape (b, p)
        Coefficients.
    converged : ndarray of bool, shape (b,)
        Which fits reached their maximum.
    """
    p = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(y.size, p * p)
    coefs = np.tile(start, (len(weights), 1))
    moved = np.full(len(weights), np.inf)
    guard = 1e-9 * np.eye(p)
    active = np.arange(len(weights))
    for _ in range(12):
        weight = weights[active]
        risk = expit(coefs[active] @ design.T)
        score = (weight * (y - risk)) @ design
        information = ((weight * risk * (1 - risk)) @ products).reshape(-1, p, p)
        scale = np.trace(information, axis1=1, axis2=2)[:, None, None] + np.finfo(float).tiny
        step = np.linalg.solve(information + guard * scale, score[:, :, None])[:, :, 0]
        step = np.clip(step, -5, 5)
        coefs[active] += step
        moved[active] = np.abs(step).max(axis=1)
        active = active[moved[active] >= 1e-6]
        if not active.size:
            break
    return coefs, moved < 1e-4


def _newton_step(
    design: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    shift: FloatArray,
    coef: FloatArray,
    figure: str,
) -> FloatArray:
    risk = expit(design @ coef + shift)
    information = _information(design, weight, risk)
    if np.linalg.cond(information) > 1e13:
        raise UndefinedFigureError(
            f"{figure} is undefined: too few distinct predicted risks, or risks that separate "
            "those with from those without the event"
        )
    step: FloatArray = np.linalg.solve(information, design.T @ (weight * (y - risk)))
    return step


def _move(
    design: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    shift: FloatArray,
    coef: FloatArray,
    step: FloatArray,
) -> tuple[FloatArray, float]:
    """Take the step, halved until the likelihood does not fall; return how far log-odds moved."""
    before = _log_likelihood(design @ coef + shift, y, weight)
    for _ in range(30):
        after = _log_likelihood(design @ (coef + step) + shift, y, weight)
        if after >= before - 1e-12 * abs(before):
            break
        step = step / 2
    return coef + step, float(np.abs(design @ step).max())


def _information(design: FloatArray, weight: FloatArray, risk: FloatArray) -> FloatArray:
    return np.asarray(design.T @ ((weight * risk * (1 - risk))[:, None] * design), dtype=float)


def _log_likelihood(margin: FloatArray, y: FloatArray, weight: FloatArray) -> float:
    return float(np.sum(weight * (y * margin - np.logaddexp(0, margin))))
