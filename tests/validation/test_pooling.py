from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar
from statsmodels.stats.meta_analysis import combine_effects

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.pooling import cochran_q, dersimonian_laird, pool, reml

# Colditz 1994, BCG vaccine: tuberculosis and not, vaccinated and not; the standard worked example.
BCG = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
        [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619],
        [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
        [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
    ],
    dtype=float,
)  # fmt: skip


@pytest.fixture(scope="module")
def bcg():
    """Log risk ratios and standard errors."""
    a, b, c, d = BCG.T
    error = np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    return np.log(a / (a + b) / (c / (c + d))), error


def draw(seed, k=7, tau=0.6):
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.1, 0.5, k)
    return rng.normal(0.4, np.hypot(tau, error)), error


def test_three_sites_by_hand():
    # Equal variances .25: mean 1, Q = 8, tau2 = (8 - 2) / (12 - 48 / 12) = .75, variance 1 / 3.
    done = pool([0, 1, 2], [0.5] * 3, tau2_method="dersimonian_laird")
    assert (done.estimate, done.q, done.tau2, done.i2) == pytest.approx((1, 8, 0.75, 0.75))
    assert done.standard_error == pytest.approx(np.sqrt(1 / 3))  # q of Hartung-Knapp is 1 here
    assert done.upper - 1 == pytest.approx(4.302653 * np.sqrt(1 / 3), abs=1e-6)
    ahead = 12.706205 * np.sqrt(0.75 + 1 / 3)
    assert (done.prediction_lower, done.prediction_upper) == pytest.approx(
        (1 - ahead, 1 + ahead), abs=1e-5
    )
    assert done.shares == pytest.approx([1 / 3] * 3)
    assert (done.k, done.reason) == (3, "")
    assert reml(np.array([0.0, 1, 2]), np.full(3, 0.25)) == pytest.approx(0.75)  # s2 - .25


def test_the_published_example(bcg):
    # As metafor prints them: REML, then DerSimonian-Laird.
    done = pool(*bcg, interval="wald")
    figures = (done.estimate, done.standard_error, done.lower, done.upper)
    assert figures == pytest.approx((-0.7145, 0.1798, -1.0669, -0.3622), abs=6e-5)
    assert done.tau2 == pytest.approx(0.3132, abs=6e-5)
    assert done.q == pytest.approx(152.2330, abs=6e-5)
    assert done.i2 == pytest.approx((152.2330 - 12) / 152.2330, abs=1e-6)
    other = pool(*bcg, interval="wald", tau2_method="dersimonian_laird")
    assert (other.estimate, other.tau2) == pytest.approx((-0.7141, 0.3088), abs=6e-5)


@pytest.mark.parametrize("seed", range(5))
def test_moment_estimate_and_both_intervals_against_statsmodels(seed):
    y, error = draw(seed)
    theirs = combine_effects(y, error**2, method_re="dl", use_t=True)
    assert theirs.tau2 > 0  # they do not hold it at 0
    ours = pool(y, error, tau2_method="dersimonian_laird", interval="hartung_knapp_plain")
    assert (ours.tau2, ours.q, ours.i2) == pytest.approx((theirs.tau2, theirs.q, theirs.i2))
    limits = theirs.conf_int(use_t=True)[3]
    found = (ours.estimate, ours.standard_error, ours.lower, ours.upper)
    assert found == pytest.approx((theirs.mean_effect_re, theirs.sd_eff_w_re_hksj, *limits))
    assert ours.shares == pytest.approx(theirs.weights_re / theirs.weights_re.sum())
    wald = pool(y, error, tau2_method="dersimonian_laird", interval="wald")
    assert (wald.lower, wald.upper) == pytest.approx(theirs.conf_int(use_t=False)[1])


def restricted(tau2, y, variance):
    weight = 1 / (variance + tau2)
    mean = np.sum(weight * y) / weight.sum()
    fit = np.sum(np.log(weight)) - np.log(weight.sum()) - np.sum(weight * (y - mean) ** 2)
    return -fit / 2


@given(st.integers(0, 10_000), st.integers(2, 12), st.sampled_from([0.0, 0.1, 0.5, 3.0]))
def test_reml_is_where_the_restricted_likelihood_is_highest(seed, k, tau):
    y, error = draw(seed, k, tau)
    found = reml(y, error**2)
    best = minimize_scalar(
        restricted, bounds=(0, 10 * np.var(y) + 1), args=(y, error**2), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    assert restricted(found, y, error**2) <= best.fun + 1e-8


@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(0.1, 10))
def test_pooling_moves_and_scales_with_the_estimates(seed, shift, factor):
    y, error = draw(seed, 5)
    one, other = pool(y, error), pool(shift + factor * y, factor * error)
    for name in ("estimate", "lower", "upper", "prediction_lower", "prediction_upper"):
        expected = shift + factor * getattr(one, name)
        assert getattr(other, name) == pytest.approx(expected, abs=1e-5 * factor)
    assert other.i2 == pytest.approx(one.i2, abs=1e-9)
    assert one.prediction_lower <= one.lower <= one.estimate <= one.upper <= one.prediction_upper


def test_sites_that_agree_are_not_too_sure_of_it():
    y, error = np.array([0.5, 0.5, 0.51]), np.full(3, 0.3)
    plain = pool(y, error, interval="hartung_knapp_plain")
    held = pool(y, error)
    wald = pool(y, error, interval="wald")
    assert (held.tau2, held.i2) == (0, 0)
    assert plain.upper - plain.lower < 0.05
    assert held.upper - held.lower == pytest.approx(2 * stats.t.ppf(0.975, 2) * 0.3 / np.sqrt(3))
    assert held.standard_error == pytest.approx(wald.standard_error)


def test_hartung_knapp_covers_where_wald_does_not():
    rng = np.random.default_rng(0)
    hits = {"hartung_knapp": 0, "wald": 0}
    for _ in range(400):
        error = rng.uniform(0.1, 0.4, 4)
        y = rng.normal(0, np.hypot(0.4, error))
        for interval in hits:
            done = pool(y, error, interval=interval)
            hits[interval] += done.lower <= 0 <= done.upper
    assert hits["hartung_knapp"] / 400 >= 0.94
    assert hits["wald"] / 400 < 0.92


def test_one_site_is_that_site_with_a_reason():
    done = pool([0.7], [0.1], level=0.9)
    assert (done.estimate, done.k) == (0.7, 1)
    assert done.upper - 0.7 == pytest.approx(0.1 * 1.644854, abs=1e-6)
    assert (done.tau2, done.q, done.i2, done.prediction_lower) == (None,) * 4
    assert "one site: nothing is pooled" in done.reason


def test_two_sites_have_no_prediction_interval_and_say_why():
    done = pool([0.0, 1.0], [0.5, 0.5])
    assert done.prediction_lower is None
    assert done.prediction_upper is None
    assert "at least 3 sites, got 2; the limits rest on 1 degree of freedom" in done.reason
    assert done.upper - done.estimate == pytest.approx(12.706205 * 0.5, abs=1e-5)
    assert "degree" not in pool([0.0, 1.0], [0.5, 0.5], interval="wald").reason


def test_equal_estimates_have_no_heterogeneity():
    y, variance = np.full(4, 0.3), np.array([0.1, 0.2, 0.3, 0.4])
    assert cochran_q(y, variance) == pytest.approx(0, abs=1e-30)
    assert dersimonian_laird(y, variance) == 0
    assert pool(y, variance).i2 == 0


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([], [], "nothing to pool"),
        ([1, 2], [1], "must share the shape"),
        ([1, np.nan], [1, 1], "estimates must be finite"),
        ([1, 2], [1, 0], "above 0, got \\[0.0\\]"),
    ],
)
def test_what_cannot_be_pooled_is_refused(y, error, message):
    with pytest.raises(ValueError, match=message):
        pool(y, error)


def test_no_estimate_is_an_undefined_figure():
    with pytest.raises(UndefinedFigureError):
        pool([], [])
