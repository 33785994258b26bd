"""Exact path-dependent SHAP values of depth-3 trees from one small table per leaf.

A leaf of value v contributes v times a product over the features of its path: the indicator
``o`` that the row agrees with the splits on that feature where the feature is known, the cover
ratio ``r`` where it is not. The Shapley value of a product game of three players has a closed
form, so there are eight possible results per leaf, computed once. Splits of one path on the same
feature are one player; pseudo nodes have o = r = 1 and get nothing.

References
----------
Lundberg SM, Erion GG, Lee SI. Consistent individualized feature attribution for tree ensembles.
arXiv:1802.03888 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vfprog.scoring.tree_routes import DEPTH, N_LEAVES, PATH_NODE, PATTERN_OF_CODE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import FloatArray, IntArray
    from vfprog.scoring.tree_routes import CodeArray

_N_PATTERNS = 2**DEPTH
_PATTERNS = (np.arange(_N_PATTERNS)[:, None] >> np.arange(DEPTH) & 1).astype(np.float64)


@dataclass(frozen=True, eq=False)
class LeafTables:
    """Shapley values of every leaf for every pattern of agreement along its path.

    Parameters
    ----------
    values : ndarray of float64, shape (n_trees * 64, 3)
        By tree, leaf and pattern: the share of the split at depth 0, 1, 2.
    first : ndarray of int, shape (n_trees * 8,)
        Row of `values` at which the patterns of each leaf begin.
    features : ndarray of int, shape (n_trees * 24,)
        Feature of each tree, leaf and depth.
    expected : float
        Cover-weighted mean of the sum of the trees.
    """

    values: FloatArray
    first: IntArray
    features: IntArray
    expected: float

    @classmethod
    def build(cls, feature: NDArray[np.int32], leaf: FloatArray, ratio: FloatArray) -> LeafTables:
        """Work out the tables of trees.

        Parameters
        ----------
        feature : ndarray of int32, shape (n_trees, 7)
            Feature of each node.
        leaf : ndarray of float64, shape (n_trees, 8)
            Leaf values.
        ratio : ndarray of float64, shape (n_trees, 8, 3)
            Cover ratios along the path of each leaf.

        Returns
        -------
        LeafTables
            The tables.
        """
        path = feature[:, PATH_NODE].astype(np.intp)
        values = leaf[:, :, None, None] * _shapley(path, ratio)
        return cls(
            values.reshape(-1, DEPTH),
            np.arange(leaf.size) * _N_PATTERNS,
            path.ravel(),
            float((leaf * ratio.prod(axis=2)).sum()),
        )

    def contributions(self, codes: CodeArray, n_features: int) -> FloatArray:
        """Return the SHAP values of one row.

        Parameters
        ----------
        codes : ndarray of uint8, shape (n_trees,)
            Decision codes of the row.
        n_features : int
            Number of features.

        Returns
        -------
        ndarray of float64, shape (n_features,)
            Contribution of each feature to the sum of the trees.
        """
        rows = PATTERN_OF_CODE.take(codes, axis=0).ravel() + self.first
        shares = self.values.take(rows, axis=0).ravel()
        phi = np.bincount(self.features, weights=shares, minlength=n_features)
        return phi.astype(np.float64, copy=False)

    def by_code(self) -> FloatArray:
        """Return the shares of the seven nodes of each tree for each of the 128 codes.

        Returns
        -------
        ndarray of float64, shape (n_trees, 128, 7)
            Sum over the leaves below each node; repeated features of a path stand at the first.
        """
        tables = self.values.reshape(-1, N_LEAVES, _N_PATTERNS, DEPTH)
        leaves = tables[:, np.arange(N_LEAVES), PATTERN_OF_CODE]
        nodes: list[FloatArray] = [
            leaves[..., depth].reshape(*leaves.shape[:2], 2**depth, N_LEAVES >> depth).sum(axis=3)
            for depth in range(DEPTH)
        ]
        return np.concatenate(nodes, axis=2)


def _shapley(path: IntArray, ratio: FloatArray) -> FloatArray:
    """Shapley values of the unit product game by tree, leaf, pattern and depth."""
    shape = (*path.shape[:2], _N_PATTERNS, DEPTH)
    known = np.broadcast_to(_PATTERNS, shape).copy()
    unknown = np.broadcast_to(ratio[:, :, None, :], shape).copy()
    _merge_repeated(path, known, unknown)
    shares = np.empty(shape)
    for i in range(DEPTH):
        j, k = (i + 1) % DEPTH, (i + 2) % DEPTH
        alike = known[..., j] * known[..., k] + unknown[..., j] * unknown[..., k]
        mixed = known[..., j] * unknown[..., k] + unknown[..., j] * known[..., k]
        shares[..., i] = (known[..., i] - unknown[..., i]) * (alike / 3 + mixed / 6)
    return shares


def _merge_repeated(path: IntArray, known: FloatArray, unknown: FloatArray) -> None:
    """Make splits of a path on one feature a single player, at the first of them."""
    for first, later in ((0, 1), (0, 2), (1, 2)):
        same = path[..., first] == path[..., later]
        for game in (known, unknown):
            game[same, :, first] *= game[same, :, later]
            game[same, :, later] = 1.0
