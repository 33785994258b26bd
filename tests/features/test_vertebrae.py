import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, flat, maybe, ragged
from vfprog.features.vertebrae import (
    any_per_episode,
    group_vertebrae,
    max_per_episode,
    mean_per_episode,
    sum_per_episode,
)

NUMBERS = ragged(maybe(st.integers(-20, 100).map(float)))
FLAGS = ragged(maybe(st.sampled_from([0.0, 1.0])))


def known(rows):
    return [v for v in rows if not math.isnan(v)]


def loop_any(rows):
    if not rows:
        return NAN
    if any(v == 1 for v in rows):
        return 1.0
    return 0.0 if all(v == 0 for v in rows) else NAN


def loop_max(rows):
    return max(known(rows), default=NAN)


def loop_mean(rows):
    return sum(known(rows)) / len(known(rows)) if known(rows) else NAN


def loop_sum(rows):
    return math.fsum(rows) if rows else NAN


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([1, 0], 1),
        ([1, NAN], 1),
        ([0, 0], 0),
        ([0, NAN], NAN),
        ([NAN], NAN),
        ([], NAN),
    ],
)
def test_any_truth_table(rows, expected):
    groups = group_vertebrae(np.zeros(len(rows), dtype=np.intp), 1)
    found = any_per_episode(np.array(rows, dtype=float), groups)
    np.testing.assert_array_equal(found, [expected])


@given(FLAGS)
def test_any_equals_a_loop(drawn):
    values, owner, n, lists = flat(drawn)
    found = any_per_episode(values, group_vertebrae(owner, n))
    np.testing.assert_array_equal(found, [loop_any(rows) for rows in lists])


@pytest.mark.parametrize(
    ("aggregate", "loop"),
    [
        (max_per_episode, loop_max),
        (mean_per_episode, loop_mean),
        (sum_per_episode, loop_sum),
    ],
)
@given(drawn=NUMBERS)
def test_aggregates_equal_a_loop(aggregate, loop, drawn):
    values, owner, n, lists = flat(drawn)
    np.testing.assert_allclose(
        aggregate(values, group_vertebrae(owner, n)), [loop(rows) for rows in lists], rtol=1e-12
    )


@given(NUMBERS)
def test_a_stack_is_its_rows(drawn):
    values, owner, n, _ = flat(drawn)
    groups = group_vertebrae(owner, n)
    for aggregate in (max_per_episode, mean_per_episode, sum_per_episode):
        both = aggregate(np.stack([values, -values]), groups)
        np.testing.assert_array_equal(both[0], aggregate(values, groups))
        np.testing.assert_array_equal(both[1], aggregate(-values, groups))


def test_an_owner_outside_the_episodes_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1, got 0 to 2"):
        group_vertebrae(np.array([2, 0]), 2)
    with pytest.raises(ValueError, match="got -1 to 0"):
        group_vertebrae(np.array([-1, 0]), 2)
    with pytest.raises(ValueError, match="got 0 to 0"):
        group_vertebrae(np.array([0]), 0)
