from __future__ import annotations

import copy

import numpy as np
import pytest

from vfprog.errors import TrainingError
from vfprog.models.booster_json import round_leaves, tree_arrays
from vfprog.scoring.trees import LEAF_UNIT, margin

# root splits feature 2 at 1.5, its right child splits feature 0 at -1; leaves -.3, .1, .2
TREE = {
    "left_children": [1, -1, 3, -1, -1],
    "right_children": [2, -1, 4, -1, -1],
    "split_indices": [2, 0, 0, 0, 0],
    "split_conditions": [1.5, -0.3, -1.0, 0.1, 0.2],
    "default_left": [1, 0, 0, 0, 0],
    "sum_hessian": [10.0, 6.0, 4.0, 1.0, 3.0],
    "split_type": [0, 0, 0, 0, 0],
}


def model(*trees):
    return {
        "learner": {"gradient_booster": {"model": {"trees": [copy.deepcopy(t) for t in trees]}}}
    }


def test_leaves_are_rounded_and_thresholds_kept():
    parsed = model({**TREE, "split_conditions": [0.1, -0.3, -1.0, 0.1, 1e-7]})
    round_leaves(parsed)
    conditions = parsed["learner"]["gradient_booster"]["model"]["trees"][0]["split_conditions"]
    # .3 * 65536 = 19660.8, .1 * 65536 = 6553.6
    expected = [0.1, -19661 * LEAF_UNIT, -1.0, 6554 * LEAF_UNIT, 0.0]
    assert np.array(conditions, np.float32).tolist() == np.array(expected, np.float32).tolist()
    assert np.float32(conditions[1]) == -19661 * LEAF_UNIT


def test_layout_of_an_unbalanced_tree_by_hand():
    parsed = model(TREE)
    round_leaves(parsed)
    trees = tree_arrays(parsed, offset=-1.0)
    assert trees.feature[0].tolist() == [2, 0, 0, 0, 0, 0, 0]
    assert trees.threshold[0].tolist() == [1.5, np.inf, -1.0] + [np.inf] * 4
    assert trees.missing_left[0].tolist() == [True, True, False, True, True, True, True]
    units = np.rint(trees.leaf[0] / LEAF_UNIT).tolist()
    assert units == [-19661, 0, 0, 0, 6554, 0, 13107, 0]
    assert trees.ratio[0, 0].tolist() == [0.6, 1.0, 1.0]
    assert trees.ratio[0, 4].tolist() == [0.4, 0.25, 1.0]
    assert trees.ratio[0, 6].tolist() == [0.4, 0.75, 1.0]
    rows = np.array([[np.nan, 0, 1], [-2, 0, 2], [-1, 0, 2], [np.nan, 0, 2], [0, 0, np.nan]])
    reached = (margin(trees, rows) + 1.0) / LEAF_UNIT
    assert np.rint(reached).tolist() == [-19661, 6554, 13107, 13107, -19661]


def test_a_tree_of_one_leaf():
    leaf = {k: v[1:2] for k, v in TREE.items()} | {"split_conditions": [0.25]}
    assert margin(tree_arrays(model(leaf), 0.5), np.zeros((1, 0))).tolist() == [0.75]


def chain(depth):
    """A tree that splits `depth` times on the way to its leftmost leaf."""
    n = 2 * depth + 1
    left = [-1] * n
    for level in range(depth):
        left[max(2 * level - 1, 0)] = 2 * level + 1
    return {
        "left_children": left,
        "right_children": [child + 1 if child > 0 else -1 for child in left],
        "split_indices": [0] * n,
        "split_conditions": [0.5] * n,
        "default_left": [1] * n,
        "sum_hessian": [1.0] * n,
        "split_type": [0] * n,
    }


def test_deeper_trees_are_refused():
    tree_arrays(model(chain(3)), 0.0)
    with pytest.raises(TrainingError, match="deeper than 3"):
        tree_arrays(model(chain(4)), 0.0)


def test_categorical_splits_are_refused():
    with pytest.raises(TrainingError, match="categories"):
        tree_arrays(model({**TREE, "split_type": [1, 0, 0, 0, 0]}), 0.0)


def test_nodes_without_cover_are_refused():
    with pytest.raises(TrainingError, match="without cover"):
        tree_arrays(model({**TREE, "sum_hessian": [10.0, 10.0, 0.0, 0.0, 0.0]}), 0.0)


def test_leaves_that_were_not_rounded_are_refused():
    with pytest.raises(TrainingError, match="multiples of 2"):
        tree_arrays(model(TREE), 0.0)


def test_covers_of_float32_may_exceed_their_parent_a_little():
    parsed = model({**TREE, "sum_hessian": [10.0, 10.000001, 1.0, 0.5, 0.5]})
    round_leaves(parsed)
    assert tree_arrays(parsed, 0.0).ratio[0, 0, 0] == 1.0
