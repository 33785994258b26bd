"""The spline encoding as a scikit-learn transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from vfprog.features.encoder import encode, fit_encoding

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vfprog.features.arrays import BoolArray, FloatArray

SUFFIXES = ("", "_spline1", "_spline2", "_missing")


class ClinicalEncoder(TransformerMixin, BaseEstimator):
    """Median imputation, missing indicators and restricted cubic splines with four knots.

    A shell over `vfprog.features.encoder`, so that a scikit-learn pipeline sees the numbers the
    bundled models see. Columns without any observed value are left out, and so is every encoded
    column that does not vary in the data of ``fit``.

    Parameters
    ----------
    splines : bool
        Whether columns with more than two values get spline terms.
    indicator : bool
        Whether columns with missing values get a missing indicator.

    Attributes
    ----------
    encoding_ : Encoding
        What was learned of the columns in ``observed_``.
    observed_ : ndarray of bool, shape (n_features_in_,)
        Columns with any observed value.
    kept_ : ndarray of bool, shape (n_observed, 4)
        Encoded columns that vary.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [2.0, 1.0], [np.nan, 1.0]])
    >>> encoder = ClinicalEncoder().fit(X)
    >>> encoder.get_feature_names_out(["age_years", "smoker"]).tolist()
    ['age_years', 'age_years_missing', 'smoker']
    >>> encoder.transform(X)
    array([[1. , 0. , 0. ],
           [2. , 0. , 1. ],
           [1.5, 1. , 1. ]])
    """

    def __init__(self, *, splines: bool = True, indicator: bool = True) -> None:
        self.splines = splines
        self.indicator = indicator

    def fit(
        self,
        X: ArrayLike,
        y: object = None,  # noqa: ARG002  # scikit-learn's convention
        sample_weight: ArrayLike | None = None,
    ) -> ClinicalEncoder:
        """Learn knots, medians and which encoded columns vary.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Features, NaN where missing.
        y : ignored
            Present for the scikit-learn convention.
        sample_weight : array_like, shape (n_samples,), optional
            Weights; rows of weight 0 are left out.

        Returns
        -------
        ClinicalEncoder
            Itself, fitted.

        Raises
        ------
        ValueError
            Nothing varies in ``X``.
        """
        values = _values(self, X, reset=True)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, values, ensure_non_negative=True)
            values, weight = values[weight > 0], weight[weight > 0]
        self.observed_ = np.asarray((~np.isnan(values)).any(axis=0))
        observed = values[:, self.observed_]
        self.encoding_ = fit_encoding(
            observed,
            continuous=_more_than_two(observed),
            sample_weight=weight,
            splines=self.splines,
        )
        encoded = encode(self.encoding_, observed)
        self.kept_ = np.asarray((encoded != encoded[:1]).any(axis=0))
        self.kept_[:, 3] &= self.indicator
        if not self.kept_.any():
            raise ValueError(f"no column varies, nothing to encode (n_samples={len(values)})")
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the encoded columns.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Features, NaN where missing.

        Returns
        -------
        ndarray of float, shape (n_samples, n_encoded)
            Columns named by `get_feature_names_out`.
        """
        check_is_fitted(self)
        observed = _values(self, X, reset=False)[:, self.observed_]
        encoded: FloatArray = encode(self.encoding_, observed)[:, self.kept_]
        return encoded

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Return the names of the encoded columns.

        Parameters
        ----------
        input_features : array_like of str, optional
            Names of the features; default those seen in ``fit``.

        Returns
        -------
        ndarray of object, shape (n_encoded,)
            The name for the value, with suffix ``_spline1``, ``_spline2`` or ``_missing`` for the
            other columns.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)[self.observed_]
        table = np.array([[f"{name}{suffix}" for suffix in SUFFIXES] for name in names], object)
        return table[self.kept_]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _values(encoder: ClinicalEncoder, X: ArrayLike, *, reset: bool) -> FloatArray:
    values: FloatArray = validate_data(
        encoder, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset
    )
    return values


def _more_than_two(X: FloatArray) -> BoolArray:
    between = (np.fmin.reduce(X, axis=0) < X) & (np.fmax.reduce(X, axis=0) > X)
    return np.asarray(between.any(axis=0), dtype=np.bool_)
