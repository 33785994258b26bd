"""Random forests of flat arrays, and slow plain readings of them to check against."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np

from vfprog.scoring.trees import LEAF_UNIT, TreeArrays


def random_trees(
    rng: np.random.Generator, n_trees: int, n_features: int, *, pseudo: float = 0.3
) -> TreeArrays:
    """Draw trees in which features repeat along paths and branches end early."""
    feature = rng.integers(n_features, size=(n_trees, 7)).astype(np.int32)
    threshold = rng.integers(-2, 3, size=(n_trees, 7)).astype(np.float32)
    missing_left = rng.random((n_trees, 7)) < 0.5
    share = rng.uniform(0.05, 0.95, (n_trees, 7))
    leaf = rng.integers(-60_000, 60_000, (n_trees, 8)) * LEAF_UNIT
    ratio = np.empty((n_trees, 8, 3))
    for tree in range(n_trees):
        for node in range(7):
            parent_ends = node > 0 and np.isposinf(threshold[tree, (node - 1) // 2])
            if parent_ends or rng.random() < pseudo:
                _end(feature, threshold, missing_left, tree, node)
        for k in range(8):
            for depth, (node, right) in enumerate(path_of(k)):
                left = share[tree, node]
                ends = np.isposinf(threshold[tree, node])
                ratio[tree, k, depth] = 1.0 if ends else (1 - left if right else left)
                if ends and right:
                    leaf[tree, k] = 0.0
    return TreeArrays(feature, threshold, missing_left, leaf, ratio, float(rng.normal()))


def random_rows(rng: np.random.Generator, n: int, n_features: int) -> np.ndarray:
    """Draw rows that meet thresholds exactly and miss a third of their values."""
    rows = rng.integers(-3, 4, (n, n_features)).astype(float)
    rows[rng.random(rows.shape) < 1 / 3] = np.nan
    return rows


def path_of(leaf: int) -> list[tuple[int, int]]:
    """Nodes on the way to a leaf and whether the way turns right there."""
    node, path = 0, []
    for bit in (leaf >> 2 & 1, leaf >> 1 & 1, leaf & 1):
        path.append((node, bit))
        node = 2 * node + 1 + bit
    return path


def goes_right(trees: TreeArrays, tree: int, node: int, value: float) -> bool:
    """One decision, as XGBoost documents it."""
    if np.isposinf(trees.threshold[tree, node]):
        return False
    if np.isnan(value):
        return not trees.missing_left[tree, node]
    return not np.float32(value) < trees.threshold[tree, node]


def slow_margin(trees: TreeArrays, row: np.ndarray) -> float:
    """Walk every tree from its root."""
    total = 0.0
    for tree in range(trees.n_trees):
        node = 0
        while node < 7:
            right = goes_right(trees, tree, node, row[trees.feature[tree, node]])
            node = 2 * node + 1 + right
        total += trees.leaf[tree, node - 7]
    return trees.offset + total


def slow_expectation(trees: TreeArrays, row: np.ndarray, known: frozenset[int]) -> float:
    """Lundberg's EXPVALUE: follow known features, average unknown ones by cover."""

    def below(tree: int, node: int) -> float:
        if node >= 7:
            return float(trees.leaf[tree, node - 7])
        left, right = 2 * node + 1, 2 * node + 2
        if np.isposinf(trees.threshold[tree, node]):
            return below(tree, left)
        feature = int(trees.feature[tree, node])
        if feature in known:
            return below(tree, right if goes_right(trees, tree, node, row[feature]) else left)
        share_left, share_right = _shares(trees, tree, node)
        return share_left * below(tree, left) + share_right * below(tree, right)

    return trees.offset + sum(below(tree, 0) for tree in range(trees.n_trees))


def slow_shapley(trees: TreeArrays, row: np.ndarray) -> np.ndarray:
    """Shapley's formula over all subsets of the features."""
    n = len(row)
    phi = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for subset in combinations(others, size):
                known = frozenset(subset)
                gain = slow_expectation(trees, row, known | {i})
                phi[i] += weight * (gain - slow_expectation(trees, row, known))
    return phi


def _shares(trees: TreeArrays, tree: int, node: int) -> tuple[float, float]:
    depth = (node + 1).bit_length() - 1
    width = 8 >> depth
    first = (node + 1 - 2**depth) * width
    ratio = trees.ratio[tree, :, depth]
    return float(ratio[first]), float(ratio[first + width // 2])


def _end(
    feature: np.ndarray, threshold: np.ndarray, missing_left: np.ndarray, tree: int, node: int
) -> None:
    feature[tree, node], threshold[tree, node], missing_left[tree, node] = 0, np.inf, True
