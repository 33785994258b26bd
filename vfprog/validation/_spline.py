"""Restricted cubic splines of the predicted log-odds, and the weighted quantiles behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vfprog.features.arrays import FloatArray

_KNOT_PLACES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
}


@dataclass(frozen=True)
class SplineBasis:
    """Design of a restricted cubic spline: intercept, linear term, k - 2 curved terms.

    Parameters
    ----------
    knots : ndarray of float, shape (k,)
        Increasing knots; empty for a straight line.
    centre, scale : float
        The margin is centred and scaled before all else, for well-conditioned fits.
    """

    knots: FloatArray
    centre: float
    scale: float

    def __call__(self, margin: FloatArray) -> FloatArray:
        """Return the design matrix of these log-odds, shape (n, max(2, k))."""
        x = (np.asarray(margin, dtype=float) - self.centre) / self.scale
        knots = (self.knots - self.centre) / self.scale
        columns = [np.ones_like(x), x]
        if knots.size:
            last, before = knots[-1], knots[-2]
            span = last - before
            for knot in knots[:-2]:
                curve = (
                    _cube(x - knot)
                    - _cube(x - before) * (last - knot) / span
                    + _cube(x - last) * (before - knot) / span
                )
                columns.append(curve / (last - knots[0]) ** 2)
        return np.column_stack(columns)


def make_basis(margin: FloatArray, weight: FloatArray, *, n_knots: int) -> SplineBasis:
    """Return a basis with knots at Harrell's weighted quantiles; a line if they coincide.

    Where quantiles coincide the next smaller number of knots is tried, so that a risk of few
    distinct values still has a calibration line.
    """
    if n_knots not in _KNOT_PLACES:
        raise ValueError(f"n_knots must be one of {sorted(_KNOT_PLACES)}, got {n_knots}")
    centre = float(np.average(margin, weights=weight))
    scale = float(np.sqrt(np.average((margin - centre) ** 2, weights=weight)))
    for k in range(n_knots, 2, -1):
        knots = np.array([weighted_quantile(margin, weight, place) for place in _KNOT_PLACES[k]])
        if np.diff(knots).min() > 1e-3 * scale:
            return SplineBasis(knots, centre, scale)
    return SplineBasis(np.empty(0), centre, scale)


def weighted_quantile(values: FloatArray, weight: FloatArray, q: float) -> float:
    """Return the smallest value whose cumulative weight reaches the share q."""
    return float(weighted_quantiles(values[None, :], weight[None, :], q)[0])


def weighted_quantiles(values: FloatArray, weights: FloatArray, q: float) -> FloatArray:
    """Return the weighted quantile of each row; a row of weights may hold zeros."""
    order = np.argsort(values, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    target = q * reached[:, -1:] * (1 - 1e-12)
    place = np.argmax((reached >= target) & (reached > 0), axis=1)
    rows = np.arange(len(values))
    return np.asarray(values[rows, order[rows, place]], dtype=float)


def _cube(x: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(x, 0) ** 3, dtype=float)
