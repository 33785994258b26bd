from __future__ import annotations

import numpy as np
import pytest

from vfprog.scoring.tree_routes import (
    LEAF_OF_CODE,
    PATH_NODE,
    PATH_RIGHT,
    PATTERN_OF_CODE,
    Router,
    checked_rows,
)


def test_paths_of_the_eight_leaves():
    assert PATH_NODE.tolist() == [
        [0, 1, 3], [0, 1, 3], [0, 1, 4], [0, 1, 4], [0, 2, 5], [0, 2, 5], [0, 2, 6], [0, 2, 6],
    ]  # fmt: skip
    assert PATH_RIGHT[5].tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("code", "leaf"),
    [
        (0b0000000, 0),  # left, left, left
        (0b0001000, 1),  # node 3 right
        (0b0000010, 2),  # node 1 right, node 4 left
        (0b0010010, 3),
        (0b0000001, 4),
        (0b0100001, 5),
        (0b0000101, 6),
        (0b1111111, 7),
        (0b1010010, 3),  # decisions off the path do not matter
    ],
)
def test_leaf_of_a_code(code, leaf):
    assert LEAF_OF_CODE[code] == leaf
    assert PATTERN_OF_CODE[code, leaf] == 0b111


def test_pattern_counts_each_depth_by_itself():
    # all left: leaf 7 lies right everywhere, leaf 1 only at depth 2, leaf 4 only at depth 0
    assert PATTERN_OF_CODE[0, [7, 1, 4]].tolist() == [0b000, 0b011, 0b110]


@pytest.fixture
def router():
    """One tree: value 0 below 1 goes left, missing right; the rest are pseudo nodes."""
    threshold = np.full((1, 7), np.inf, np.float32)
    threshold[0, 0] = 1.0
    missing_left = np.ones((1, 7), dtype=bool)
    missing_left[0, 0] = False
    return Router.build(np.zeros((1, 7), np.int32), threshold, missing_left)


@pytest.mark.parametrize(("value", "code"), [(0.5, 0), (1.0, 1), (2.0, 1), (np.nan, 1)])
def test_code_of_one_split(router, value, code):
    assert router.codes(np.array([[value]])).tolist() == [[code]]


def test_comparison_is_in_float32(router):
    # the double just below 1 is 1 in float32, so it goes right, as in XGBoost
    assert router.codes(np.array([[np.nextafter(1.0, 0.0)]])).tolist() == [[1]]


def test_many_rows_are_routed_in_pieces(router, monkeypatch):
    rows = np.array([[0.0], [3.0], [np.nan], [0.9], [1.1]])
    monkeypatch.setattr("vfprog.scoring.tree_routes._CELLS", 16)
    assert router.codes(rows).ravel().tolist() == [0, 1, 1, 0, 1]


@pytest.mark.parametrize("rows", [np.zeros(3), np.zeros((2, 0)), np.zeros((1, 1, 1))])
def test_rows_of_the_wrong_shape_are_refused(router, rows):
    with pytest.raises(ValueError, match="at least 1 features expected"):
        router.codes(rows)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_infinite_values_are_refused(value):
    with pytest.raises(ValueError, match="infinite value"):
        checked_rows(np.array([[0.0, value]]), 2)
