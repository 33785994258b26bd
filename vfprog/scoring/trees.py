"""Gradient-boosted depth-3 trees as flat arrays: margins in plain numpy, equal to XGBoost's.

Leaves are multiples of 2^-16 and small, so their sums are exact in float32 and in float64 alike,
in any order; the offset is added once, in float64, by both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import BundleError
from vfprog.scoring.tree_routes import (
    DEPTH,
    LEAF_OF_CODE,
    N_LEAVES,
    N_NODES,
    CodeArray,
    Float32Array,
    Router,
)
from vfprog.scoring.tree_shap import LeafTables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

#: Leaves are whole multiples of this, exact in float32 up to sums of `MAX_SUM`.
LEAF_UNIT = 2.0**-16
MAX_SUM = 2.0**8

_SHAPES: dict[str, tuple[tuple[int, ...], type[Any]]] = {
    "feature": ((N_NODES,), np.int32),
    "threshold": ((N_NODES,), np.float32),
    "missing_left": ((N_NODES,), np.bool_),
    "leaf": ((N_LEAVES,), np.float64),
    "ratio": ((N_LEAVES, DEPTH), np.float64),
}


@dataclass(frozen=True, eq=False)
class TreeArrays:
    """Complete depth-3 trees; shallower ones are padded with nodes that send all rows left.

    Parameters
    ----------
    feature : ndarray of int32, shape (n_trees, 7)
        Feature each node splits on; children of node ``k`` are ``2k + 1`` and ``2k + 2``.
    threshold : ndarray of float32, shape (n_trees, 7)
        A value below goes left; +inf marks a pseudo node.
    missing_left : ndarray of bool, shape (n_trees, 7)
        Whether a missing value goes left; always so at pseudo nodes.
    leaf : ndarray of float64, shape (n_trees, 8)
        Leaf values on the log-odds scale, multiples of 2^-16.
    ratio : ndarray of float64, shape (n_trees, 8, 3)
        Cover of child over cover of parent along the path of each leaf; 1 at pseudo nodes.
    offset : float
        Log-odds every margin starts from.

    Raises
    ------
    ValueError
        If the arrays do not describe such trees.
    """

    feature: NDArray[np.int32]
    threshold: Float32Array
    missing_left: BoolArray
    leaf: FloatArray
    ratio: FloatArray
    offset: float

    def __post_init__(self) -> None:
        for name, (shape, dtype) in _SHAPES.items():
            check_array(name, getattr(self, name), (len(self.leaf), *shape), dtype)
        check_splits(self.feature, self.threshold, self.missing_left)
        check_leaves(self.leaf)
        if not ((self.ratio >= 0) & (self.ratio <= 1)).all():
            raise ValueError("tree cover ratios must lie between 0 and 1")
        if not np.isfinite(self.offset):
            raise ValueError(f"tree offset must be finite, got {self.offset}")

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.leaf)

    @cached_property
    def router(self) -> Router:
        """Layout of the routes, made once."""
        return Router.build(self.feature, self.threshold, self.missing_left)

    @cached_property
    def flat_leaf(self) -> tuple[FloatArray, IntArray]:
        """All leaf values in one row, and where those of each tree begin."""
        return self.leaf.ravel(), np.arange(self.n_trees) * N_LEAVES

    @cached_property
    def tables(self) -> LeafTables:
        """Shapley values of the leaves, worked out when first asked for."""
        return LeafTables.build(self.feature, self.leaf, self.ratio)

    def to_arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Return plain arrays for an npz file.

        Parameters
        ----------
        prefix : str
            Put before each name, so that several sets of trees share a file.

        Returns
        -------
        dict of str to ndarray
            One array per field.
        """
        return {prefix + f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> TreeArrays:
        """Read what `to_arrays` wrote.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Arrays by name, such as an open npz file.
        prefix : str
            Prefix given to `to_arrays`.

        Returns
        -------
        TreeArrays
            The trees.

        Raises
        ------
        BundleError
            If an array is absent or does not describe trees.
        """
        try:
            parts = {name: np.asarray(arrays[prefix + name]) for name in _SHAPES}
            return cls(**parts, offset=float(arrays[prefix + "offset"]))
        except KeyError as error:
            raise BundleError(f"tree arrays lack {error}") from error
        except (ValueError, TypeError) as error:
            raise BundleError(f"tree arrays {prefix!r} are damaged: {error}") from error


def margin(trees: TreeArrays, X: FloatArray) -> FloatArray:
    """Return the log-odds margin of each row, offset included.

    Parameters
    ----------
    trees : TreeArrays
        The trees.
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing.

    Returns
    -------
    ndarray of float64, shape (n,)
        Margins, bit for bit those of the XGBoost booster plus the offset.
    """
    sums: FloatArray = leaf_values(trees.flat_leaf, trees.router.codes(X)).sum(axis=1)
    return trees.offset + sums


def contributions(trees: TreeArrays, X: FloatArray) -> tuple[float, FloatArray]:
    """Return exact path-dependent SHAP values; each row's sum plus the base is its margin.

    Meant for few rows; `vfprog.batch.trees` has the same for many.

    Parameters
    ----------
    trees : TreeArrays
        The trees.
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing.

    Returns
    -------
    base : float
        Cover-weighted mean margin of the development data, offset included.
    contributions : ndarray of float64, shape (n, n_features)
        Log-odds each feature adds.
    """
    codes = trees.router.codes(X)
    phi = np.empty(X.shape)
    for row, row_codes in enumerate(codes):
        phi[row] = trees.tables.contributions(row_codes, X.shape[1])
    return trees.offset + trees.tables.expected, phi


def leaf_values(flat_leaf: tuple[FloatArray, IntArray], codes: CodeArray) -> FloatArray:
    """Return the leaf value each row reaches in each tree.

    Parameters
    ----------
    flat_leaf : tuple of ndarray
        Leaf values in one row, and where each tree's begin.
    codes : ndarray of uint8, shape (n, n_trees)
        Decision codes of a `Router`.

    Returns
    -------
    ndarray of float64, shape (n, n_trees)
        Leaf values.
    """
    values, first = flat_leaf
    reached: FloatArray = values.take(LEAF_OF_CODE.take(codes) + first)
    return reached


def check_array(name: str, values: NDArray[Any], shape: tuple[int, ...], dtype: type[Any]) -> None:
    """Refuse an array of another shape or type.

    Parameters
    ----------
    name : str
        Name for the message.
    values : ndarray
        The array.
    shape : tuple of int
        Shape it must have.
    dtype : type
        Type it must have.

    Raises
    ------
    ValueError
        If shape or type differ.
    """
    if values.shape != shape or values.dtype != dtype:
        expected = f"{np.dtype(dtype).name} of shape {shape}"
        raise ValueError(f"{name} is {values.dtype} of shape {values.shape}, expected {expected}")


def check_splits(
    feature: NDArray[np.int32], threshold: Float32Array, missing_left: BoolArray
) -> None:
    """Refuse splits no tree can have.

    Parameters
    ----------
    feature, threshold, missing_left : ndarray, shape (n_trees, 7)
        Splits as in `TreeArrays`.

    Raises
    ------
    ValueError
        If a feature is negative, a threshold NaN or -inf, or a pseudo node sends missing right.
    """
    if (feature < 0).any():
        raise ValueError("tree features must not be negative")
    if np.isnan(threshold).any() or (threshold == -np.inf).any():
        raise ValueError("tree thresholds must be numbers, or +inf at pseudo nodes")
    if not missing_left[threshold == np.inf].all():
        raise ValueError("pseudo nodes of padded trees must send missing values left")


def check_leaves(leaf: NDArray[Any], owner: NDArray[Any] | None = None) -> None:
    """Refuse leaves whose sums would depend on precision or order.

    Parameters
    ----------
    leaf : ndarray of float, shape (n_trees, 8)
        Leaf values.
    owner : ndarray of int, shape (n_trees,), optional
        Which trees are summed together; all by default.

    Raises
    ------
    ValueError
        If a leaf is not finite, not a multiple of 2^-16, or a sum may reach 2^8.
    """
    if not np.isfinite(leaf).all():
        raise ValueError("tree leaves must be finite")
    scaled = leaf / LEAF_UNIT
    if (scaled != np.rint(scaled)).any():
        raise ValueError("tree leaves must be multiples of 2^-16")
    owner = np.zeros(len(leaf), dtype=np.intp) if owner is None else owner
    largest = np.bincount(owner, weights=np.abs(leaf).max(axis=1, initial=0.0))
    if (largest >= MAX_SUM).any():
        raise ValueError(f"tree leaves may sum to {MAX_SUM:g} or more: no log-odds")
