"""The linear learner as arrays: margin and exact contributions of a spline logistic model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.errors import BundleError
from vfprog.features.encoder import Encoding, encode, encoded_sum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.features.arrays import FloatArray

_ROWS = 512  # rows encoded at once, so that their terms stay in the processor's cache


@dataclass(frozen=True)
class LinearPart:
    """A logistic model over dense spline encodings, on the scale of the encoded columns.

    Parameters
    ----------
    encoding : Encoding
        Knots, fill values and indicators, learned on development data.
    coef : ndarray of float, shape (n_features, 4)
        Log-odds per unit of each encoded column; zero for columns not in the model.
    center : ndarray of float, shape (n_features, 4)
        Weighted development mean of each encoded column: the reference of the contributions.
    intercept : float
        Log-odds where every encoded column is zero.
    """

    encoding: Encoding
    coef: FloatArray
    center: FloatArray
    intercept: float

    def margin(self, X: FloatArray) -> FloatArray:
        """Return the log-odds of each row.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_features)
            Feature matrix; NaN where missing.

        Returns
        -------
        ndarray of float, shape (n,)
            Log-odds.
        """
        margin = np.empty(len(X))
        for start in range(0, len(X), _ROWS):
            rows = slice(start, start + _ROWS)
            margin[rows] = encoded_sum(self.encoding, self.coef, X[rows])
        return self.intercept + margin

    def contributions(self, X: FloatArray) -> tuple[float, FloatArray]:
        """Return the contribution of each feature against the development mean.

        For a linear model with independent features these are its Shapley values
        (Lundberg and Lee 2017, corollary 1): ``coef * (x - mean(x))``.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_features)
            Feature matrix; NaN where missing.

        Returns
        -------
        base : float
            Log-odds at the development mean of every column.
        phi : ndarray of float, shape (n, n_features)
            Contributions; ``base + phi.sum(axis=1)`` is the margin.
        """
        base = self.intercept + float(np.sum(self.coef * self.center))
        middle = np.sum(self.center * self.coef, axis=1)
        phi = np.empty(X.shape)
        for start in range(0, len(X), _ROWS):
            terms = encode(self.encoding, X[start : start + _ROWS])
            np.einsum("nft,ft->nf", terms, self.coef, out=phi[start : start + _ROWS])
        return base, phi - middle

    def to_arrays(self, prefix: str) -> dict[str, Any]:
        """Return the part as named arrays for an npz file."""
        encoding = self.encoding.to_arrays()
        return {
            **{f"{prefix}encoding.{name}": values for name, values in encoding.items()},
            f"{prefix}coef": self.coef,
            f"{prefix}center": self.center,
            f"{prefix}intercept": np.asarray(self.intercept, dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], prefix: str) -> LinearPart:
        """Read the part back from named arrays; see `to_arrays`."""
        encoding = read_encoding(arrays, f"{prefix}encoding.")
        shape = (*encoding.fill.shape, 4)
        return cls(
            encoding,
            read_array(arrays, f"{prefix}coef", shape),
            read_array(arrays, f"{prefix}center", shape),
            float(read_array(arrays, f"{prefix}intercept", ())),
        )


def read_array(
    arrays: Mapping[str, Any], name: str, shape: tuple[int, ...], *, missing: bool = False
) -> FloatArray:
    """Return one array of numbers among named arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Arrays of a model or of its members.
    name : str
        Name of the array.
    shape : tuple of int
        Shape it must have.
    missing : bool
        Whether NaN is allowed.

    Returns
    -------
    ndarray of float
        The array.

    Raises
    ------
    BundleError
        The array is absent, not of this shape, or holds no finite numbers.
    """
    values = arrays.get(name)
    if not isinstance(values, np.ndarray) or values.dtype != np.float64 or values.shape != shape:
        raise BundleError(f"{name} is no array of numbers of shape {shape}")
    if np.isinf(values).any() or (np.isnan(values).any() and not missing):
        raise BundleError(f"{name} holds values that are no finite numbers")
    return values


def read_encoding(arrays: Mapping[str, Any], prefix: str) -> Encoding:
    """Return the encoding among named arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Arrays of a model or of its members.
    prefix : str
        Prefix of the encoding's names.

    Returns
    -------
    Encoding
        The encoding.

    Raises
    ------
    BundleError
        An array is absent or the arrays do not belong together.
    """
    start = len(prefix)
    named = {k[start:]: v for k, v in arrays.items() if k.startswith(prefix)}
    try:
        encoding = Encoding.from_arrays(named)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"the arrays {prefix}* are damaged: {error!r}") from error
    read_array(named, "fill", encoding.fill.shape)
    return encoding
