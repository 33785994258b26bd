from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.forests import random_rows, random_trees, slow_margin
from vfprog.errors import BundleError
from vfprog.scoring.trees import TreeArrays, contributions, margin


@pytest.fixture
def stump():
    """Feature 1 below 2 gives -.5, else or missing +.25; three quarters of the cover lie left."""
    feature = np.zeros((1, 7), np.int32)
    feature[0, 0] = 1
    threshold = np.full((1, 7), np.inf, np.float32)
    threshold[0, 0] = 2.0
    missing_left = np.ones((1, 7), dtype=bool)
    missing_left[0, 0] = False
    leaf = np.zeros((1, 8))
    leaf[0, [0, 4]] = [-0.5, 0.25]
    ratio = np.ones((1, 8, 3))
    ratio[0, :4, 0], ratio[0, 4:, 0] = 0.75, 0.25
    return TreeArrays(feature, threshold, missing_left, leaf, ratio, 0.1)


def empty(offset=-0.7):
    return TreeArrays(
        np.zeros((0, 7), np.int32), np.zeros((0, 7), np.float32), np.zeros((0, 7), bool),
        np.zeros((0, 8)), np.zeros((0, 8, 3)), offset,
    )  # fmt: skip


def test_margin_and_contributions_of_a_stump_by_hand(stump):
    rows = np.array([[9.0, 1.0], [9.0, 2.0], [9.0, np.nan]])
    assert margin(stump, rows).tolist() == [0.1 - 0.5, 0.1 + 0.25, 0.1 + 0.25]
    base, phi = contributions(stump, rows)
    # mean of the tree: .75 * -.5 + .25 * .25 = -.3125
    assert base == pytest.approx(0.1 - 0.3125)
    assert phi == pytest.approx(np.array([[0, -0.1875], [0, 0.5625], [0, 0.5625]]))


@given(st.integers(0, 2**32 - 1))
def test_margin_is_that_of_walking_each_tree(seed):
    rng = np.random.default_rng(seed)
    trees, rows = random_trees(rng, 6, 4), random_rows(rng, 5, 4)
    walked = [slow_margin(trees, row) for row in rows]
    # leaves add up exactly in any order; only the offset is rounded, once, by both
    assert margin(trees, rows).tolist() == walked


@given(st.integers(0, 2**32 - 1))
def test_contributions_add_up_to_the_margin(seed):
    rng = np.random.default_rng(seed)
    trees, rows = random_trees(rng, 6, 4), random_rows(rng, 5, 4)
    base, phi = contributions(trees, rows)
    assert base + phi.sum(axis=1) == pytest.approx(margin(trees, rows), abs=1e-12)


def test_one_row_gives_what_many_give():
    rng = np.random.default_rng(3)
    trees, rows = random_trees(rng, 50, 6), random_rows(rng, 40, 6)
    single = [margin(trees, row[None])[0] for row in rows]
    assert margin(trees, rows).tolist() == single
    phi = contributions(trees, rows)[1]
    for row, expected in zip(rows, phi, strict=True):
        assert contributions(trees, row[None])[1][0].tolist() == expected.tolist()


def test_no_trees_leave_the_offset():
    rows = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert margin(empty(), rows).tolist() == [-0.7, -0.7]
    base, phi = contributions(empty(), rows)
    assert base == -0.7
    assert phi.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_no_rows_give_no_margins(stump):
    assert margin(stump, np.zeros((0, 2))).shape == (0,)
    assert contributions(stump, np.zeros((0, 2)))[1].shape == (0, 2)


@pytest.mark.parametrize("make", [empty, lambda: random_trees(np.random.default_rng(5), 9, 4)])
def test_arrays_survive_an_npz_file(make):
    trees = make()
    file = BytesIO()
    np.savez(file, other=np.zeros(2), **trees.to_arrays("response/"))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = TreeArrays.from_arrays(arrays, "response/")
    for name, values in trees.to_arrays().items():
        assert np.array_equal(again.to_arrays()[name], values)
        assert again.to_arrays()[name].dtype == values.dtype


def damaged(arrays, name, change):
    arrays = dict(arrays)
    arrays[name] = change(arrays[name].copy())
    return arrays


def put(value):
    def change(values):
        values[(0,) * values.ndim] = value
        return values

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("feature", lambda a: a[:-1], "feature is int32 of shape"),
        ("feature", lambda a: a.astype(np.int64), "expected int32"),
        ("feature", put(-1), "not be negative"),
        ("threshold", put(np.nan), "thresholds must be numbers"),
        ("threshold", put(-np.inf), "thresholds must be numbers"),
        ("missing_left", lambda a: np.zeros_like(a), "pseudo nodes"),
        ("leaf", put(np.nan), "leaves must be finite"),
        ("leaf", put(0.1), "multiples of 2"),
        ("leaf", put(300.0), "no log-odds"),
        ("leaf", lambda a: a[:, :7], "leaf is float64 of shape"),
        ("ratio", put(np.nan), "between 0 and 1"),
        ("ratio", put(1.5), "between 0 and 1"),
        ("offset", lambda a: np.array(np.inf), "offset must be finite"),
        ("offset", lambda a: np.zeros(2), "damaged"),
    ],
)
def test_damaged_arrays_are_refused(name, change, message):
    arrays = random_trees(np.random.default_rng(1), 4, 3).to_arrays()
    with pytest.raises(BundleError, match=message):
        TreeArrays.from_arrays(damaged(arrays, name, change))


@pytest.mark.parametrize("name", ["feature", "ratio", "offset"])
def test_absent_arrays_are_refused(name):
    arrays = random_trees(np.random.default_rng(1), 4, 3).to_arrays("a/")
    del arrays[f"a/{name}"]
    with pytest.raises(BundleError, match=f"a/{name}"):
        TreeArrays.from_arrays(arrays, "a/")


def test_construction_refuses_too(stump):
    with pytest.raises(ValueError, match="offset must be finite"):
        replace(stump, offset=float("nan"))


def test_a_row_with_too_few_features_is_refused(stump):
    with pytest.raises(ValueError, match="at least 2 features"):
        contributions(stump, np.zeros((1, 1)))
