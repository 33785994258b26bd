"""The linear learner: ridge logistic regression on dense spline encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import TrainingError
from vfprog.features.encoder import TERMS, Encoding, encode, fit_encoding
from vfprog.models.ridge import fit_ridge
from vfprog.scoring.linear import LinearPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.models.ridge import RidgeFit

# A column whose standard deviation is below this is constant and carries nothing.
_CONSTANT = 1e-9
# Prior standard deviation of a coefficient, relative to that of a value: spline terms and missing
# indicators refine what the value says and are penalised four times as hard (docs/adr/0005).
PRIOR_SD = np.array([1.0, 0.5, 0.5, 0.5])


class LinearLearner:
    """Encode, standardise and fit along a path of penalties.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_features)
        Feature matrix; NaN where missing.
    y : ndarray of 0 and 1, shape (n,)
        Outcome.
    weight : ndarray of float, shape (n,)
        Weights; their sum sets the scale of the penalty.
    continuous : ndarray of bool, shape (n_features,)
        Features that may have splines.
    splines : bool
        Whether to use splines at all.
    adaptive : bool
        Whether to learn the prior variance of each coefficient from a first fit (docs/adr/0008).

    Raises
    ------
    TrainingError
        No column varies.
    """

    def __init__(
        self,
        X: FloatArray,
        y: FloatArray,
        weight: FloatArray,
        *,
        continuous: BoolArray,
        splines: bool,
        adaptive: bool = False,
    ) -> None:
        self.adaptive = adaptive
        self.empty = np.isnan(X).all(axis=0)
        self.y, self.weight = y, weight
        self.encoding = self._fit_encoding(X, continuous, splines)
        terms = encode(self.encoding, X).reshape(len(X), -1)
        mean = np.average(terms, weights=weight, axis=0)
        scale = np.sqrt(np.average((terms - mean) ** 2, weights=weight, axis=0))
        self.kept = np.flatnonzero(scale > _CONSTANT * np.maximum(1, np.abs(mean)))
        if self.kept.size == 0:
            raise TrainingError("no predictor varies among these participants")
        self.mean = mean[self.kept]
        self.scale = scale[self.kept] / PRIOR_SD[self.kept % TERMS]
        self.columns = (terms[:, self.kept] - self.mean) / self.scale
        self._last: RidgeFit | None = None

    def path(self, penalties: Sequence[float], X_eval: FloatArray) -> FloatArray:
        """Return margins of other rows for each penalty.

        Parameters
        ----------
        penalties : sequence of float
            Values of C, ascending.
        X_eval : ndarray of float, shape (n_eval, n_features)
            Rows to score.

        Returns
        -------
        ndarray of float, shape (len(penalties), n_eval)
            Log-odds.
        """
        terms = encode(self.encoding, X_eval).reshape(len(X_eval), -1)
        columns = (terms[:, self.kept] - self.mean) / self.scale
        margins = np.empty((len(penalties), len(X_eval)))
        for place, penalty in enumerate(penalties):
            coef, intercept = self._coefficients(penalty)
            margins[place] = columns @ coef + intercept
        return margins

    def fit(self, penalty: float, *, reference: FloatArray, weight: FloatArray) -> LinearPart:
        """Return the fitted learner for one penalty.

        Parameters
        ----------
        penalty : float
            Value of C.
        reference : ndarray of float, shape (m, n_features)
            Rows whose weighted mean is the reference of contributions.
        weight : ndarray of float, shape (m,)
            Their weights.

        Returns
        -------
        LinearPart
            Coefficients on the scale of the encoded columns.
        """
        found, constant = self._coefficients(penalty)
        slopes = found / self.scale
        coef = np.zeros(self.encoding.fill.size * TERMS)
        coef[self.kept] = slopes
        center = np.average(encode(self.encoding, reference), weights=weight, axis=0)
        intercept = float(constant - slopes @ self.mean)
        return LinearPart(self.encoding, coef.reshape(-1, TERMS), center, intercept)

    def _fit_encoding(self, X: FloatArray, continuous: BoolArray, splines: bool) -> Encoding:
        # A column unknown throughout this resample is encoded as a constant, so it has no part.
        known = np.where(self.empty, 0.0, X)
        return fit_encoding(
            known, continuous=continuous, sample_weight=self.weight, splines=splines
        )

    def _coefficients(self, penalty: float) -> tuple[FloatArray, float]:
        """Return coefficients of the standardised columns, and the intercept.

        Adaptive: one step of expectation and maximisation towards the largest marginal likelihood
        (Tipping 2001, J Mach Learn Res 1:211). The prior variance of each coefficient becomes its
        expected square given the data, by Laplace's approximation, and the ridge is fitted again.
        """
        data = (self.columns, self.y, self.weight)
        ridge = fit_ridge(*data, np.full(self.kept.size, 1 / penalty), self._last)
        self._last = ridge  # a warm start for the next penalty
        if not self.adaptive:
            return ridge.coef, ridge.intercept
        expected_square = ridge.coef**2 + np.diag(np.linalg.inv(ridge.hessian))
        again = fit_ridge(*data, 1 / expected_square, ridge)
        return again.coef, again.intercept
