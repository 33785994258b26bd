import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, flat, maybe, ragged
from vfprog.features.procedure import (
    cement_per_level,
    cement_total,
    cement_untreated,
    level_left,
    levels_treated,
)
from vfprog.features.vertebrae import group_vertebrae


def one_episode(*rows):
    volume, treated = np.array(rows, dtype=float).reshape(-1, 2).T
    return volume, treated, group_vertebrae(np.zeros(len(rows), dtype=np.intp), 1)


# (volume, treated) of each vertebra -> total, per level
CASES = [
    ([(4, 1), (6, 1)], 10, 5),
    ([(4, 1), (NAN, 0)], 4, 4),  # untreated: no cement, written down or not
    ([(4, 1), (0, 0)], 4, 4),
    ([(4, 1), (NAN, 1)], NAN, NAN),
    ([(4, 1), (NAN, NAN)], NAN, NAN),
    ([(4, NAN), (6, NAN)], 10, 5),  # cement proves the treatment
    ([(NAN, 0)], 0, NAN),
    ([(0, NAN)], 0, NAN),
    ([(NAN, NAN)], NAN, NAN),
    ([], NAN, NAN),
]


@pytest.mark.parametrize(("rows", "total", "per_level"), CASES)
def test_cement_by_hand(rows, total, per_level):
    np.testing.assert_array_equal(cement_total(*one_episode(*rows)), [total])
    np.testing.assert_array_equal(cement_per_level(*one_episode(*rows)), [per_level])


@pytest.mark.parametrize(
    ("treated", "expected"), [([1, 1, 0], 2), ([0], 0), ([1, NAN], NAN), ([], NAN)]
)
def test_levels_treated(treated, expected):
    groups = group_vertebrae(np.zeros(len(treated), dtype=np.intp), 1)
    found = levels_treated(np.array(treated, dtype=float), groups)
    np.testing.assert_array_equal(found, [expected])


@pytest.mark.parametrize(
    ("treated", "expected"),
    [([1, 1, 0], 1), ([1, 1], 0), ([0], 1), ([0, NAN], 1), ([1, NAN], NAN), ([], NAN)],
)
def test_level_left(treated, expected):
    groups = group_vertebrae(np.zeros(len(treated), dtype=np.intp), 1)
    found = level_left(np.array(treated, dtype=float), groups)
    np.testing.assert_array_equal(found, [expected])


@given(ragged(st.tuples(maybe(st.integers(0, 9)), maybe(st.sampled_from([0, 1])))))
def test_per_level_equals_a_loop(drawn):
    lists, seed = drawn
    marks, owner, n, _ = flat(([list(range(len(rows))) for rows in lists], seed))
    picked = [lists[i][int(k)] for i, k in zip(owner, marks, strict=True)]
    volume, treated = np.array(picked, dtype=float).reshape(-1, 2).T
    found = cement_per_level(volume, treated, group_vertebrae(owner, n))
    np.testing.assert_allclose(found, [loop_per_level(rows) for rows in lists], rtol=1e-12)


def loop_per_level(rows):
    filled = [(0 if t == 0 and math.isnan(v) else v, t) for v, t in rows]
    cemented = [v for v, t in filled if t == 1 or v > 0]
    if any(math.isnan(v) for v, _ in filled) or not cemented:
        return NAN
    return sum(v for v, _ in filled) / len(cemented)


def test_cement_in_a_vertebra_not_treated_contradicts_itself():
    cement = np.array([5, 0, NAN, 5, 5, 1])
    treated = np.array([0, 0, 0, 1, NAN, 0])
    assert cement_untreated(cement, treated).tolist() == [True, False, False, False, False, True]
