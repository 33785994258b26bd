"""Trees of all bootstrap members side by side: one pass gives every member's margin."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import BundleError
from vfprog.scoring.tree_routes import N_LEAVES, N_NODES, Float32Array, Router
from vfprog.scoring.trees import check_array, check_leaves, check_splits, leaf_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray
    from vfprog.scoring.trees import TreeArrays

_SHAPES: dict[str, tuple[tuple[int, ...], type[Any]]] = {
    "feature": ((N_NODES,), np.int32),
    "threshold": ((N_NODES,), np.float32),
    "missing_left": ((N_NODES,), np.bool_),
    "leaf": ((N_LEAVES,), np.float32),
    "owner": ((), np.int32),
}
_ROWS = 64  # rows routed at once: 100 members hold 12,000 trees


@dataclass(frozen=True, eq=False)
class MemberTrees:
    """Trees of several members, without the covers that only SHAP values need.

    Parameters
    ----------
    feature, threshold, missing_left : ndarray, shape (n_trees, 7)
        Splits as in `TreeArrays`.
    leaf : ndarray of float32, shape (n_trees, 8)
        Leaf values; exact, being small multiples of 2^-16.
    owner : ndarray of int32, shape (n_trees,)
        Member of each tree, in ascending order.
    offsets : ndarray of float64, shape (n_members,)
        Log-odds each member starts from.

    Raises
    ------
    ValueError
        If the arrays do not describe such trees.
    """

    feature: NDArray[np.int32]
    threshold: Float32Array
    missing_left: BoolArray
    leaf: Float32Array
    owner: NDArray[np.int32]
    offsets: FloatArray

    def __post_init__(self) -> None:
        for name, (shape, dtype) in _SHAPES.items():
            check_array(name, getattr(self, name), (len(self.leaf), *shape), dtype)
        check_array("offsets", self.offsets, (self.offsets.size,), np.float64)
        check_splits(self.feature, self.threshold, self.missing_left)
        if ((self.owner < 0) | (self.owner >= self.n_members)).any():
            raise ValueError(f"owners of trees must be members 0 to {self.n_members - 1}")
        if not np.isfinite(self.offsets).all():
            raise ValueError("tree offsets must be finite")
        check_leaves(self.leaf, self.owner)

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.offsets)

    @cached_property
    def router(self) -> Router:
        """Layout of the routes, made once."""
        return Router.build(self.feature, self.threshold, self.missing_left)

    @cached_property
    def flat_leaf(self) -> tuple[FloatArray, IntArray]:
        """All leaf values in one row, and where those of each tree begin."""
        return self.leaf.ravel().astype(np.float64), np.arange(len(self.leaf)) * N_LEAVES

    def to_arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Return plain arrays for an npz file.

        Parameters
        ----------
        prefix : str
            Put before each name.

        Returns
        -------
        dict of str to ndarray
            One array per field.
        """
        return {prefix + field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> MemberTrees:
        """Read what `to_arrays` wrote.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Arrays by name, such as an open npz file.
        prefix : str
            Prefix given to `to_arrays`.

        Returns
        -------
        MemberTrees
            The trees.

        Raises
        ------
        BundleError
            If an array is absent or does not describe trees.
        """
        try:
            return cls(**{f.name: np.asarray(arrays[prefix + f.name]) for f in fields(cls)})
        except KeyError as error:
            raise BundleError(f"tree arrays of members lack {error}") from error
        except (ValueError, TypeError) as error:
            raise BundleError(f"tree arrays {prefix!r} of members are damaged: {error}") from error


def concatenate(members: Sequence[TreeArrays]) -> MemberTrees:
    """Put the trees of members side by side.

    Parameters
    ----------
    members : sequence of TreeArrays
        One set of trees per member; a set may be empty.

    Returns
    -------
    MemberTrees
        All trees, each with its owner.

    Raises
    ------
    ValueError
        If there is no member.
    """
    if not members:
        raise ValueError("no members to concatenate")
    sizes = [member.n_trees for member in members]
    return MemberTrees(
        np.concatenate([member.feature for member in members]),
        np.concatenate([member.threshold for member in members]),
        np.concatenate([member.missing_left for member in members]),
        np.concatenate([member.leaf for member in members]).astype(np.float32),
        np.repeat(np.arange(len(members), dtype=np.int32), sizes),
        np.array([member.offset for member in members], dtype=np.float64),
    )


def margins_by_member(members: MemberTrees, X: FloatArray) -> FloatArray:
    """Return the margin of each row under each member.

    Parameters
    ----------
    members : MemberTrees
        Concatenated trees.
    X : ndarray of float, shape (n, n_features)
        Feature rows; NaN = missing.

    Returns
    -------
    ndarray of float64, shape (n, n_members)
        Margins, bit for bit those of `vfprog.scoring.trees.margin` member by member.
    """
    margins = np.empty((len(X), members.n_members))
    for start in range(0, len(X), _ROWS):
        codes = members.router.codes(X[start : start + _ROWS])
        for row, values in enumerate(leaf_values(members.flat_leaf, codes), start):
            margins[row] = np.bincount(members.owner, weights=values, minlength=members.n_members)
    return members.offsets + margins
