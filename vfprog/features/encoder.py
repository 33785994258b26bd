"""Dense spline encoding: each feature as value, two spline terms and a missing indicator.

Splines are restricted cubic with four knots, linear beyond the outer ones (Harrell 2015, Regression
Modeling Strategies, 2nd ed., section 2.4.5). The shape is the same for every feature, so that one
patient, many patients and many bootstrap members are the same few operations on arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

KNOT_QUANTILES = (0.05, 0.35, 0.65, 0.95)
TERMS = 4


@dataclass(frozen=True)
class _Spline:
    """Columns with knots, and the weights of their truncated cubes."""

    columns: IntArray
    knots: FloatArray  # (4, ..., S), infinite where linear
    own: FloatArray  # (..., S)
    third: FloatArray  # (2, ..., S)
    last: FloatArray  # (2, ..., S)


@dataclass(frozen=True)
class Encoding:
    """What is learned from development data to encode any other.

    Parameters
    ----------
    knots : ndarray of float, shape (..., F, 4)
        Knots of each feature; a row of NaN where it enters as a line only. Leading axes hold
        bootstrap members.
    fill : ndarray of float, shape (..., F)
        Development median, put in place of a missing value.
    has_indicator : ndarray of bool, shape (..., F)
        Whether the missing indicator is in use.
    """

    knots: FloatArray
    fill: FloatArray
    has_indicator: BoolArray

    @cached_property
    def _spline(self) -> _Spline:
        return _spline(self.knots)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the encoding as named arrays, for an npz file.

        Returns
        -------
        dict of str to ndarray
            What `from_arrays` reads.
        """
        return {"knots": self.knots, "fill": self.fill, "has_indicator": self.has_indicator}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ArrayLike]) -> Encoding:
        """Return the encoding that `to_arrays` wrote.

        Parameters
        ----------
        arrays : mapping of str to array_like
            Result of `to_arrays`, or lists of the same shape.

        Returns
        -------
        Encoding
            An equal encoding.

        Raises
        ------
        ValueError
            The shapes do not belong together.
        """
        knots = np.asarray(arrays["knots"], dtype=np.float64)
        fill = np.asarray(arrays["fill"], dtype=np.float64)
        has_indicator = np.asarray(arrays["has_indicator"], dtype=np.bool_)
        if knots.shape != (*fill.shape, 4) or has_indicator.shape != fill.shape:
            raise ValueError(
                f"knots {knots.shape}, fill {fill.shape} and has_indicator {has_indicator.shape} "
                "must be (..., F, 4), (..., F) and (..., F)"
            )
        return cls(knots, fill, has_indicator)


def fit_encoding(
    X: FloatArray,
    *,
    continuous: BoolArray,
    sample_weight: FloatArray | None = None,
    splines: bool = True,
) -> Encoding:
    """Learn knots, medians and indicators.

    Parameters
    ----------
    X : ndarray of float, shape (n, F)
        Features, NaN where missing.
    continuous : ndarray of bool, shape (F,)
        Features that may have splines.
    sample_weight : ndarray of float, shape (n,), optional
        Weights; a row of weight 2 counts as two rows, of weight 0 as none.
    splines : bool
        Whether to place knots at all.

    Returns
    -------
    Encoding
        Knots at the 5th, 35th, 65th and 95th percentile of the observed values, none where fewer
        than four of them differ; fill at the median; an indicator where any value is missing.

    Raises
    ------
    ValueError
        A column has no observed value; the message gives its index.
    """
    n, width = X.shape
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weight is not None and (weight == 0).any():
        X, weight = X[weight > 0], weight[weight > 0]
    knots, fill = np.full((width, 4), np.nan), np.empty(width)
    has_indicator = np.empty(width, dtype=np.bool_)
    for place in range(width):
        observed = ~np.isnan(X[:, place])
        has_indicator[place] = not observed.all()
        if not observed.any():
            raise ValueError(f"column {place} has no observed value in {n} rows")
        with_knots = splines and bool(continuous[place])
        levels = (0.5, *KNOT_QUANTILES) if with_knots else (0.5,)
        part = None if weight is None else weight[observed]
        found = weighted_quantile(X[observed, place], levels, part)
        fill[place] = found[0]
        if with_knots and (np.diff(found[1:]) > 0).all():
            knots[place] = found[1:]
    return Encoding(knots, fill, has_indicator)


def encode(encoding: Encoding, X: FloatArray) -> FloatArray:
    """Return value, two spline terms and missing indicator of every feature.

    Parameters
    ----------
    encoding : Encoding
        What `fit_encoding` learned, or members of it stacked along leading axes.
    X : ndarray of float, shape (n, F) or (F,)
        Features, NaN where missing; its shape must broadcast with ``encoding.fill``.

    Returns
    -------
    ndarray of float, shape (n, F, 4) or (..., F, 4)
        Terms; the spline terms are 0 for a feature without knots, the indicator for one without
        an indicator.
    """
    missing = np.isnan(X)
    filled = np.where(missing, encoding.fill, X)
    out = np.zeros((*filled.shape, TERMS))
    out[..., 0] = filled
    out[..., 3] = missing & encoding.has_indicator
    spline = encoding._spline  # noqa: SLF001  # the two halves of one thing
    if len(spline.columns):
        first, second = _spline_terms(spline, filled[..., spline.columns])
        out[..., spline.columns, 1] = first
        out[..., spline.columns, 2] = second
    return out


def encoded_sum(encoding: Encoding, coef: FloatArray, X: FloatArray) -> FloatArray:
    """Return the weighted sum of the encoded columns of each row, without writing them out.

    Parameters
    ----------
    encoding : Encoding
        What `fit_encoding` learned.
    coef : ndarray of float, shape (F, 4)
        Weight of each encoded column.
    X : ndarray of float, shape (n, F)
        Features, NaN where missing.

    Returns
    -------
    ndarray of float, shape (n,)
        Sum of ``encode(encoding, X) * coef`` over features and terms.
    """
    missing = np.isnan(X)
    filled = np.where(missing, encoding.fill, X)
    total: FloatArray = filled @ coef[:, 0] + missing @ (coef[:, 3] * encoding.has_indicator)
    spline = encoding._spline  # noqa: SLF001  # the two halves of one thing
    if len(spline.columns):
        x, (first, second) = filled[:, spline.columns], coef[spline.columns, 1:3].T
        weights = (
            first * spline.own,
            second * spline.own,
            first * spline.third[0] + second * spline.third[1],
            first * spline.last[0] + second * spline.last[1],
        )
        for knot, weight in zip(spline.knots, weights, strict=True):
            total += _cube_above(x, knot) @ weight
    return total


def weighted_quantile(
    values: FloatArray, levels: tuple[float, ...], weight: FloatArray | None = None
) -> FloatArray:
    """Return quantiles of the weighted empirical distribution.

    The inverse of the distribution function, averaged where it is flat (type 2 of Hyndman and
    Fan 1996, Am Stat 50:361): integer weights then give what repeated rows give.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Observed values.
    levels : tuple of float
        Probabilities.
    weight : ndarray of float, shape (n,), optional
        Positive weights; default all equal.

    Returns
    -------
    ndarray of float, shape (len(levels),)
        Quantiles.
    """
    if weight is None:
        ordered = np.sort(values)
        reached = np.arange(1.0, len(values) + 1)
    else:
        order = np.argsort(values, kind="stable")
        ordered, reached = values[order], np.cumsum(weight[order])
    target = np.asarray(levels) * reached[-1]
    slack = 1e-9 * reached[-1]  # sums of weights are not exact
    lower = np.searchsorted(reached, target - slack)
    upper = np.minimum(np.searchsorted(reached, target + slack), len(ordered) - 1)
    quantiles: FloatArray = (ordered[lower] + ordered[upper]) / 2
    return quantiles


def _spline(knots: FloatArray) -> _Spline:
    linear = np.asarray(np.isnan(knots).any(axis=-1))
    columns = np.flatnonzero(~linear.all(axis=tuple(range(linear.ndim - 1))))
    linear = linear[..., columns]
    t = np.moveaxis(np.where(linear[..., None], np.arange(4.0), knots[..., columns, :]), -1, 0)
    own = np.where(linear, 0.0, (t[3] - t[0]) ** -2.0)
    third = -(t[3] - t[:2]) / (t[3] - t[2]) * own
    last = (t[2] - t[:2]) / (t[3] - t[2]) * own
    return _Spline(columns, np.where(linear, np.inf, t), own, third, last)


def _spline_terms(spline: _Spline, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    cubes = [_cube_above(x, knot) for knot in spline.knots]
    first, second = (
        cubes[j] * spline.own + cubes[2] * spline.third[j] + cubes[3] * spline.last[j]
        for j in (0, 1)
    )
    return first, second


def _cube_above(x: FloatArray, knot: FloatArray) -> FloatArray:
    above = np.maximum(x - knot, 0.0)
    cube: FloatArray = above * above * above
    return cube
