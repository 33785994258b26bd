from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.scoring.forests import random_rows, random_trees, slow_expectation, slow_shapley
from vfprog.scoring.tree_shap import LeafTables
from vfprog.scoring.trees import contributions


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_features", [1, 2, 4])
def test_closed_form_is_shapleys_sum_over_subsets(seed, n_features):
    # with one or two features every path of depth three repeats a feature
    rng = np.random.default_rng(seed)
    trees = random_trees(rng, 3, n_features, pseudo=0.15)
    for row in random_rows(rng, 3, n_features):
        base, phi = contributions(trees, row[None])
        assert phi[0] == pytest.approx(slow_shapley(trees, row), abs=1e-10)
        assert base == pytest.approx(slow_expectation(trees, row, frozenset()), abs=1e-10)


def full_tree(features):
    """One unpadded tree with cover ratios .5, .25/.75 and .2/.8, and leaf 5 worth 1."""
    rng = np.random.default_rng(0)
    trees = random_trees(rng, 1, 3, pseudo=0.0)
    leaf = np.zeros((1, 8))
    leaf[0, 5] = 1.0
    ratio = np.array([[[0.5, (0.25, 0.75)[k >> 1 & 1], (0.2, 0.8)[k & 1]] for k in range(8)]])
    return replace(
        trees,
        feature=np.array([features], dtype=np.int32),
        threshold=np.zeros((1, 7), np.float32),
        leaf=leaf,
        ratio=ratio,
        offset=0.0,
    )


def test_three_players_by_hand():
    # leaf 5 = right, left, right: ratios .5, .25, .8; the row agrees with all three splits
    trees = full_tree([0, 1, 1, 2, 2, 2, 2])
    base, phi = contributions(trees, np.array([[1.0, -1.0, 1.0]]))
    assert base == pytest.approx(0.5 * 0.25 * 0.8)
    # (1 - r_i) [r_j r_k / 3 + (r_j + r_k) / 6 + 1 / 3]
    assert phi[0] == pytest.approx(
        [
            0.5 * (0.2 / 3 + 1.05 / 6 + 1 / 3),
            0.75 * (0.4 / 3 + 1.3 / 6 + 1 / 3),
            0.2 * (0.125 / 3 + 0.75 / 6 + 1 / 3),
        ]
    )


@pytest.mark.parametrize(
    ("features", "merged"),
    [
        ([0, 0, 0, 1, 1, 1, 1], {0: 0.5 * 0.25, 1: 0.8}),
        ([0, 1, 1, 0, 0, 0, 0], {0: 0.5 * 0.8, 1: 0.25}),
        ([0, 1, 1, 1, 1, 1, 1], {0: 0.5, 1: 0.25 * 0.8}),
    ],
)
def test_a_feature_met_twice_is_one_player(features, merged):
    trees = full_tree(features)
    # indicator of leaf 5 is all or nothing here: thresholds of 0 cannot be passed both ways
    row = np.array([[np.nan, np.nan]])
    directions = np.ones((1, 7), dtype=bool)
    directions[0, [0, 5]] = False  # missing goes right at 0, left at 2, right at 5: leaf 5
    trees = replace(trees, missing_left=directions)
    phi = contributions(trees, row)[1][0]
    # two players: (1 - r_i) (1 + r_j) / 2
    for i, j in ((0, 1), (1, 0)):
        assert phi[i] == pytest.approx((1 - merged[i]) * (1 + merged[j]) / 2)


def test_one_feature_everywhere_takes_all():
    trees = full_tree([0] * 7)
    directions = np.ones((1, 7), dtype=bool)
    directions[0, [0, 5]] = False
    trees = replace(trees, missing_left=directions)
    base, phi = contributions(trees, np.array([[np.nan]]))
    assert base == pytest.approx(0.1)
    assert phi[0] == pytest.approx([0.9])


def test_tables_by_code_hold_the_same_shares():
    rng = np.random.default_rng(4)
    trees, row = random_trees(rng, 20, 5), random_rows(rng, 1, 5)
    codes = trees.router.codes(row)[0]
    shares = trees.tables.by_code()[np.arange(20), codes]
    phi = np.bincount(trees.feature.ravel(), weights=shares.ravel(), minlength=5)
    assert phi == pytest.approx(contributions(trees, row)[1][0], abs=1e-12)


def test_pseudo_nodes_get_nothing():
    rng = np.random.default_rng(9)
    trees = random_trees(rng, 200, 4, pseudo=0.5)
    shares = LeafTables.build(trees.feature, trees.leaf, trees.ratio).by_code()
    pseudo = np.isposinf(trees.threshold)
    assert pseudo.any()
    right_at_pseudo = (np.arange(128)[:, None] >> np.arange(7) & 1).astype(bool)
    possible = ~(right_at_pseudo[None] & pseudo[:, None]).any(axis=2)
    assert (np.where(possible[..., None], shares, 0.0) * pseudo[:, None] == 0).all()
