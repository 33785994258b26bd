from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from tests.scoring.forests import random_rows, random_trees
from vfprog.errors import BundleError
from vfprog.scoring.tree_members import MemberTrees, concatenate, margins_by_member
from vfprog.scoring.trees import margin


@pytest.fixture
def members():
    rng = np.random.default_rng(2)
    return [random_trees(rng, n_trees, 5) for n_trees in (3, 0, 7, 1, 0)]


def test_margins_are_those_of_each_member_alone(members):
    rows = random_rows(np.random.default_rng(8), 150, 5)
    together = margins_by_member(concatenate(members), rows)
    assert together.shape == (150, 5)
    for column, member in zip(together.T, members, strict=True):
        assert column.tolist() == margin(member, rows).tolist()


def test_members_without_any_tree_keep_their_offsets(members):
    bare = concatenate([members[1], members[4]])
    assert margins_by_member(bare, np.zeros((1, 5))).tolist() == [
        [members[1].offset, members[4].offset]
    ]


def test_many_members_may_sum_beyond_what_one_may():
    rng = np.random.default_rng(0)
    many = concatenate([random_trees(rng, 100, 3) for _ in range(10)])
    assert np.abs(many.leaf).max(axis=1).sum() > 256
    assert many.n_members == 10


def test_no_members_are_refused():
    with pytest.raises(ValueError, match="no members"):
        concatenate([])


def test_arrays_survive_an_npz_file(members):
    trees = concatenate(members)
    file = BytesIO()
    np.savez(file, **trees.to_arrays("m/"))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = MemberTrees.from_arrays(arrays, "m/")
    rows = random_rows(np.random.default_rng(1), 4, 5)
    assert margins_by_member(again, rows).tolist() == margins_by_member(trees, rows).tolist()


def put(value):
    def change(values):
        values = values.copy()
        values[(0,) * values.ndim] = value
        return values

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("owner", put(-1), "members 0 to 4"),
        ("owner", put(5), "members 0 to 4"),
        ("owner", lambda a: a[1:], "owner is int32 of shape"),
        ("offsets", put(np.nan), "offsets must be finite"),
        ("offsets", lambda a: a[None], "offsets is float64 of shape"),
        ("leaf", put(0.1), "multiples of 2"),
        ("leaf", put(300.0), "no log-odds"),
        ("threshold", put(np.nan), "thresholds"),
    ],
)
def test_damaged_arrays_are_refused(members, name, change, message):
    arrays = concatenate(members).to_arrays()
    arrays[name] = change(arrays[name])
    with pytest.raises(BundleError, match=message):
        MemberTrees.from_arrays(arrays)


def test_absent_arrays_are_refused(members):
    arrays = concatenate(members).to_arrays()
    del arrays["owner"]
    with pytest.raises(BundleError, match="owner"):
        MemberTrees.from_arrays(arrays)
