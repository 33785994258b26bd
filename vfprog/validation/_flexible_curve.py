"""The flexible calibration curve of a sample, and its refits on bootstrap draws of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from vfprog.validation._check import Sample, require_both_classes, require_varied_risk
from vfprog.validation._logistic import LogisticFit, fit_logistic, fit_many
from vfprog.validation._spline import SplineBasis, make_basis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vfprog.features.arrays import BoolArray, FloatArray

MIN_PER_CLASS = 10
"""Fewest events, and non-events, from which a flexible curve is drawn."""
MOST_FAILED = 0.1
"""Largest share of bootstrap refits that may fail before limits are undefined."""
_CELLS = 2_000_000


def fit_curve(sample: Sample, *, n_knots: int) -> tuple[SplineBasis, LogisticFit]:
    """Fit the flexible curve to a checked sample; return its basis and its fit."""
    figure = "calibration curve"
    require_both_classes(sample, figure, least=MIN_PER_CLASS)
    require_varied_risk(sample, figure)
    basis = make_basis(sample.margin, sample.weight, n_knots=n_knots)
    fit = fit_logistic(basis(sample.margin), sample.y, sample.weight, figure=figure)
    return basis, fit


class FlexibleCurve:
    """A fitted curve that can be refitted under many other weights at once, knots kept."""

    def __init__(self, sample: Sample, n_knots: int) -> None:
        self.basis, fit = fit_curve(sample, n_knots=n_knots)
        self.sample = sample
        design = self.basis(sample.margin)
        # Orthonormal columns: Newton steps of all refits are then of one scale.
        share = sample.weight / sample.weight.sum()
        self.triangle = np.linalg.qr(design * np.sqrt(share)[:, None]).R
        self.coef: FloatArray = self.triangle @ fit.coef
        self.design = self._orthonormal(design)

    def refit(self, weights: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return the coefficients under each row of weights, and which refits converged."""
        return fit_many(self.design, self.sample.y, weights, self.coef)

    def observed(self, coefs: FloatArray) -> FloatArray:
        """Return the observed risk of each row of coefficients at the risks of the sample."""
        return np.asarray(expit(coefs @ self.design.T), dtype=float)

    def margins(self, coefs: FloatArray, margin: FloatArray) -> FloatArray:
        """Return the log-odds of each row of coefficients at other log-odds of the risk."""
        return np.asarray(coefs @ self._orthonormal(self.basis(margin)).T, dtype=float)

    def _orthonormal(self, design: FloatArray) -> FloatArray:
        solved: FloatArray = np.linalg.solve(self.triangle.T, design.T).T
        return solved


def bootstrap_curves(
    curves: Sequence[FlexibleCurve],
    measure: Callable[[FlexibleCurve, FloatArray, FloatArray], FloatArray],
    n_bootstrap: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return what is measured on each draw of patients, the mean over the curves of the repeats.

    `measure` takes a curve, coefficients of shape (b, p) and weights of shape (b, n), and returns
    shape (b, k). The same patients are drawn for each repeat; draws in which a refit failed are
    left out.
    """
    sample = curves[0].sample
    size = max(1, min(n_bootstrap, _CELLS // sample.n))
    parts = []
    for start in range(0, n_bootstrap, size):
        rows = min(size, n_bootstrap - start)
        counts = np.stack([_draw(sample.n_clusters, rng) for _ in range(rows)])
        weights = sample.weight * counts[:, sample.cluster]
        found = []
        for curve in curves:
            coefs, converged = curve.refit(weights)
            values = measure(curve, coefs, weights)
            found.append(np.where(converged[:, None], values, np.nan))
        parts.append(np.mean(found, axis=0))
    draws = np.concatenate(parts)
    return np.asarray(draws[np.isfinite(draws).all(axis=1)], dtype=float)


def _draw(k: int, rng: np.random.Generator) -> FloatArray:
    counts: FloatArray = np.bincount(rng.integers(k, size=k), minlength=k).astype(float)
    return counts
