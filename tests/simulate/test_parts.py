from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from vfprog.simulate.config import load_simulation
from vfprog.simulate.draws import choose, cut, linear, mean_of
from vfprog.simulate.heights import _exceeds
from vfprog.simulate.observe import end_of_follow_up
from vfprog.simulate.pain import recorded_pain
from vfprog.simulate.parts import PART_SIZE, parts_of
from vfprog.simulate.procedure import intercept_for


@given(st.floats(-30, 40), st.sampled_from([0.5, 1.0]))
def test_recorded_pain_is_within_the_scale_and_near_what_was_felt(pain, step):
    seen = recorded_pain(np.array([pain]), np.array([step]))[0]
    assert 0 <= seen <= 10
    assert seen / step == round(seen / step)
    assert abs(seen - min(max(pain, 0), 10)) <= step / 2


def test_the_intercept_gives_the_mean_probability():
    score = np.random.default_rng(1).normal(3, 2, 500)
    assert expit(score + intercept_for(score, 0.3)).mean() == pytest.approx(0.3, abs=1e-9)
    assert intercept_for(score, 1.0) == np.inf
    assert intercept_for(score, 0.0) == -np.inf


def test_linear_is_the_sum_of_products():
    terms = {"a": np.array([1.0, 2.0]), "b": np.array([0.0, 4.0])}
    np.testing.assert_allclose(linear({"a": 10, "b": 0.5, "c": 99}, terms), [10, 22])


def test_cut_gives_each_class_its_share():
    z = norm.ppf((np.arange(1000) + 0.5) / 1000)
    shares = np.bincount(cut(z, [0.1, 0.3, 0.35]).astype(int)) / 1000
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.35, 0.25], atol=1e-9)


def test_choose_scales_shares_and_never_draws_what_has_none():
    drawn = choose(np.random.default_rng(0), [2.0, 0.0, 6.0], 40_000)
    np.testing.assert_allclose(np.bincount(drawn) / 40_000, [0.25, 0, 0.75], atol=0.01)


def test_mean_of_is_weighted_and_nought_without_weight():
    owner, values = np.array([0, 0, 1]), np.array([2.0, 8.0, 5.0])
    np.testing.assert_allclose(mean_of(owner, values, np.array([3.0, 1.0, 0.0]), 2), [3.5, 0.0])


def test_chance_of_ten_points_by_brute_force():
    config, rng = load_simulation(), np.random.default_rng(3)
    m, n = 1.2, 2_000_000
    loss = np.exp(m + config["height.log_sd"] * rng.standard_normal(n))
    error = config["vertebra.height_error"]
    before = np.round(30 + error * rng.standard_normal(n), 1)
    after = np.round(30 + loss + error * rng.standard_normal(n), 1)
    expected = np.mean(after - before >= 10 - 1e-9)
    assert _exceeds(np.array([m, 2.0]), config)[0] == pytest.approx(expected, abs=0.001)


def test_follow_up_ends_at_the_lock_or_when_the_episode_closes():
    config = load_simulation()
    # Entry lasts 2190 days and the lock is 150 days later: the last to enter has 151 days.
    entry = np.array([2189.0, 2000.0, 0.0])
    np.testing.assert_array_equal(end_of_follow_up(entry, config), [151, 340, 760])
    whole = config.with_overrides({"dropout": 0})
    np.testing.assert_array_equal(end_of_follow_up(entry, whole), [461, 650, 760])


@given(st.integers(1, 3_000_000))
def test_parts_hold_everybody_once_and_number_nobody_twice(n):
    parts = parts_of(n)
    assert sum(part.n for part in parts) == n
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(0 < part.n <= PART_SIZE for part in parts)
    for one, other in pairwise(parts):
        assert one.first_person + one.n == other.first_person
        assert one.first_episode + 2 * one.n <= other.first_episode
    assert len({part.width for part in parts}) == 1
    assert len(str(parts[-1].first_episode + parts[-1].n)) <= parts[-1].width


def test_parts_draw_differently_and_the_first_as_the_seed_does():
    first, second = (part.stream(7).random() for part in parts_of(PART_SIZE + 1))
    assert first == np.random.default_rng(7).random()
    assert second != first
