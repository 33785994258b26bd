"""Routing of rows through complete depth-3 trees: seven decisions, one code per row and tree.

A tree has the nodes ``0; 1, 2; 3, 4, 5, 6`` (children of ``k`` are ``2k + 1`` and ``2k + 2``) and
leaves 0 to 7 from left to right. All seven decisions are taken at once; bit ``k`` of the code
says that node ``k`` sends the row to the right, and small tables turn codes into leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

Float32Array: TypeAlias = NDArray[np.float32]
CodeArray: TypeAlias = NDArray[np.uint8]

N_NODES, N_LEAVES, DEPTH, N_CODES = 7, 8, 3, 128

#: Node on the way to each leaf, at depth 0, 1, 2.
PATH_NODE = np.array([[0, 1 + (k >> 2), 3 + (k >> 1)] for k in range(N_LEAVES)], dtype=np.intp)
#: Whether the way to each leaf turns right at depth 0, 1, 2.
PATH_RIGHT = np.array([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(N_LEAVES)], dtype=np.bool_)
#: For each code and leaf, the decisions that agree with the leaf's path (bit = depth).
PATTERN_OF_CODE = (
    ((np.arange(N_CODES)[:, None, None] >> PATH_NODE & 1) == PATH_RIGHT) << np.arange(DEPTH)
).sum(axis=2)
#: The one leaf on whose path all decisions of a code agree.
LEAF_OF_CODE = (PATTERN_OF_CODE == N_LEAVES - 1).argmax(axis=1)

_CELLS = 2_000_000  # comparisons held at once when many rows are routed


@dataclass(frozen=True, eq=False)
class Router:
    """Splits of many trees laid out for one gather and one comparison.

    Every feature stands twice in the gathered row, with missing as -inf and as +inf, after a
    constant -inf that feeds pseudo nodes; so a missing value needs no branch of its own.

    Parameters
    ----------
    columns : ndarray of int, shape (n_trees * 8,)
        Column of the doubled row each node looks at; the eighth node of a tree is a filler.
    thresholds : ndarray of float32, shape (n_trees * 8,)
        A value not below its threshold goes right.
    min_features : int
        Features a row must have at least.
    """

    columns: IntArray
    thresholds: Float32Array
    min_features: int

    @classmethod
    def build(
        cls, feature: NDArray[np.int32], threshold: Float32Array, missing_left: BoolArray
    ) -> Router:
        """Lay out the splits of trees; a threshold of +inf marks a pseudo node.

        Parameters
        ----------
        feature, threshold, missing_left : ndarray, shape (n_trees, 7)
            Splits as in `TreeArrays`.

        Returns
        -------
        Router
            The routes of these trees.
        """
        real = np.isfinite(threshold)
        columns = np.zeros((len(feature), N_LEAVES), dtype=np.intp)
        columns[:, :N_NODES] = np.where(real, 1 + 2 * feature + ~missing_left, 0)
        thresholds = np.full(columns.shape, np.inf, dtype=np.float32)
        thresholds[:, :N_NODES] = threshold
        return cls(columns.ravel(), thresholds.ravel(), int(feature[real].max(initial=-1)) + 1)

    def codes(self, X: FloatArray | Float32Array) -> CodeArray:
        """Return the decision code of each row in each tree.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_features)
            Feature rows; NaN = missing; infinities are refused.

        Returns
        -------
        ndarray of uint8, shape (n, n_trees)
            Bit ``k`` set where node ``k`` sends the row to the right.
        """
        doubled = self._doubled(X)
        if len(doubled) == 1:
            right = doubled[0].take(self.columns) >= self.thresholds
            return np.packbits(right, bitorder="little").reshape(1, -1)
        codes = np.empty((len(doubled), len(self.columns) // N_LEAVES), dtype=np.uint8)
        step = max(1, _CELLS // max(1, len(self.columns)))
        for start in range(0, len(doubled), step):
            rows = slice(start, start + step)
            right = doubled[rows].take(self.columns, axis=1) >= self.thresholds
            codes[rows] = np.packbits(right, axis=1, bitorder="little")
        return codes

    def _doubled(self, X: FloatArray | Float32Array) -> Float32Array:
        values = checked_rows(X, self.min_features)
        doubled = np.empty((len(values), 2 * values.shape[1] + 1), dtype=np.float32)
        doubled[:, 0] = -np.inf
        missing = np.isnan(values)
        doubled[:, 1::2] = np.where(missing, np.float32(-np.inf), values)
        doubled[:, 2::2] = np.where(missing, np.float32(np.inf), values)
        return doubled


def checked_rows(X: FloatArray | Float32Array, min_features: int) -> Float32Array:
    """Return rows as float32, the precision in which XGBoost compares.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing.
    min_features : int
        Features the trees need.

    Returns
    -------
    ndarray of float32, shape (n, n_features)
        The same rows, not copied if they were float32.

    Raises
    ------
    ValueError
        If ``X`` has not two dimensions, too few features, or a value beyond float32.
    """
    if X.ndim != 2 or X.shape[1] < min_features:
        raise ValueError(f"rows of at least {min_features} features expected, got shape {X.shape}")
    with np.errstate(over="ignore"):
        values = X.astype(np.float32, copy=False)
    if np.isinf(values).any():
        raise ValueError("features hold an infinite value; a missing value is written as NaN")
    return values
