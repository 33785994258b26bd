import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, flat, maybe, ragged
from vfprog.features.fracture import (
    cascade,
    log_fracture_age,
    mean_level,
    number_of_vertebrae,
    sandwich,
    thoracolumbar,
    within_weeks,
)
from vfprog.features.vertebrae import group_vertebrae
from vfprog.schema.dictionary import LEVELS

LEVEL_LISTS = ragged(maybe(st.integers(0, 13).map(float)))


def one_episode(*names):
    codes = [NAN if name is None else float(LEVELS.index(name)) for name in names]
    return np.array(codes), group_vertebrae(np.zeros(len(codes), dtype=np.intp), 1)


def test_log_age_by_hand():
    ages = log_fracture_age(np.array([0.0, math.e - 1, 99.0, NAN]))
    np.testing.assert_allclose(ages, [0, 1, math.log(100), NAN], rtol=1e-15)


def test_a_negative_age_is_refused():
    with pytest.raises(ValueError, match="0 days or more, got -3"):
        log_fracture_age(np.array([4.0, -3.0, NAN]))


@pytest.mark.parametrize(
    ("days", "weeks", "expected"),
    [(21, 3, 1), (22, 3, 0), (42, 6, 1), (43, 6, 0), (63, 9, 1), (64, 9, 0), (NAN, 6, NAN)],
)
def test_a_mark_includes_its_last_day(days, weeks, expected):
    np.testing.assert_array_equal(within_weeks(np.array([float(days)]), weeks), [expected])


@pytest.mark.parametrize(
    ("levels", "junction"),
    [
        (["T10"], 0),
        (["T11"], 1),
        (["L2"], 1),
        (["L3"], 0),
        (["T5", "L1"], 1),
        (["L1", None], 1),
        (["L3", None], NAN),
        ([], NAN),
    ],
)
def test_thoracolumbar_junction_is_t11_to_l2(levels, junction):
    np.testing.assert_array_equal(thoracolumbar(*one_episode(*levels)), [junction])


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["T12", "L2"], 1),  # L1 is the sandwich vertebra
        (["L2", "T12"], 1),
        (["T12", "L1", "L2"], 0),
        (["T12", "L3"], 0),  # two whole vertebrae between
        (["T4", "T6", "T7"], 1),
        (["L3", "L5"], 1),
        (["L1"], 0),
        (["T12", "T12", "L2"], 1),
        (["T12", "L2", None], NAN),  # the unknown one may be L1
        ([None], NAN),
        ([], NAN),
    ],
)
def test_sandwich(levels, expected):
    np.testing.assert_array_equal(sandwich(*one_episode(*levels)), [expected])


def loop_sandwich(levels):
    if not levels or any(math.isnan(v) for v in levels):
        return NAN
    return float(any(v + 2 in levels and v + 1 not in levels for v in levels))


@given(LEVEL_LISTS)
def test_sandwich_equals_a_loop(drawn):
    level, owner, n, lists = flat(drawn)
    found = sandwich(level, group_vertebrae(owner, n))
    np.testing.assert_array_equal(found, [loop_sandwich(rows) for rows in lists])


@given(LEVEL_LISTS)
def test_number_counts_all_vertebrae_once_a_level_is_known(drawn):
    level, owner, n, lists = flat(drawn)
    found = number_of_vertebrae(level, group_vertebrae(owner, n))
    expected = [len(rows) if any(v == v for v in rows) else NAN for rows in lists]
    np.testing.assert_array_equal(found, expected)


def test_a_cascade_is_more_than_three():
    np.testing.assert_array_equal(cascade(np.array([1.0, 3.0, 4.0, NAN])), [0, 0, 1, NAN])


def test_mean_level_runs_from_head_to_tail():
    assert mean_level(*one_episode("T4", "L5")).item() == 6.5
    assert mean_level(*one_episode("L1", None)).item() == 9
    assert mean_level(*one_episode("T12", "L1")) < mean_level(*one_episode("L1", "L2"))
