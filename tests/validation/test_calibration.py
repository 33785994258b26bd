from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from tests.validation.samples import draw
from vfprog.validation._spline import make_basis
from vfprog.validation.calibration import (
    calibration_curve,
    calibration_in_the_large,
    calibration_slope,
    observed_expected,
)

Z = 1.959963985


def glm(y, design, weight, groups, offset=None):
    """Weighted logistic regression by estimating equations; sandwich times k / (k - 1)."""
    family = sm.families.Binomial()
    model = sm.GEE(y, design, groups=groups, family=family, weights=weight, offset=offset)
    fit = model.fit(ctol=1e-10, params_niter=50)
    k = len(np.unique(groups))
    return fit.params, fit.cov_params() * k / (k - 1)


def test_in_the_large_equals_statsmodels():
    y, risk, weight, groups = draw(400, 1)
    coef, cov = glm(y, np.ones((400, 1)), weight, groups, offset=logit(risk))
    metric = calibration_in_the_large(y, risk, sample_weight=weight, groups=groups)
    assert metric.estimate == pytest.approx(coef[0], abs=1e-8)
    assert metric.upper - metric.estimate == pytest.approx(Z * np.sqrt(cov[0, 0]), rel=1e-6)


def test_slope_equals_statsmodels():
    y, risk, weight, groups = draw(400, 2)
    coef, cov = glm(y, sm.add_constant(logit(risk)), weight, groups)
    metric = calibration_slope(y, risk, sample_weight=weight, groups=groups)
    assert metric.estimate == pytest.approx(coef[1], abs=1e-8)
    assert metric.upper - metric.estimate == pytest.approx(Z * np.sqrt(cov[1, 1]), rel=1e-6)


def test_whole_weights_are_repeated_rows():
    y, risk, _, _ = draw(200, 3)
    weight = np.random.default_rng(0).integers(0, 3, 200)
    rows = np.repeat(np.arange(200), weight)
    for figure in (calibration_in_the_large, calibration_slope, observed_expected):
        heavy = figure(y, risk, sample_weight=weight, groups=np.arange(200))
        long = figure(y[rows], risk[rows], groups=rows)
        assert (heavy.estimate, heavy.lower) == pytest.approx((long.estimate, long.lower), rel=1e-8)


def test_recalibrating_by_the_figures_makes_them_ideal():
    y, risk, weight, _ = draw(500, 4)
    shift = calibration_in_the_large(y, risk, sample_weight=weight).estimate
    mended = expit(logit(risk) + shift)
    ideal = calibration_in_the_large(y, mended, sample_weight=weight).estimate
    assert ideal == pytest.approx(0, abs=1e-9)
    assert observed_expected(y, mended, sample_weight=weight).estimate == pytest.approx(1)


def test_in_the_large_survives_far_off_risks():
    # all risks 1e-6, half have the event: a = logit(.5) - logit(1e-6)
    metric = calibration_in_the_large([0, 1] * 10, [1e-6] * 20)
    assert metric.estimate == pytest.approx(-logit(1e-6), abs=1e-8)


def test_observed_expected_by_hand():
    # weights 1, 3, 2, 2: observed 1 + 2 = 3; expected .5 + .6 + .8 + 1 = 2.9
    metric = observed_expected([1, 0, 1, 0], [0.5, 0.2, 0.4, 0.5], sample_weight=[1, 3, 2, 2])
    assert metric.estimate == pytest.approx(3 / 2.9)
    # log scale: sum of w^2 (y - ratio r)^2 / 3^2, times 4 / 3
    residual = np.array([1, 3, 2, 2]) * (
        np.array([1, 0, 1, 0]) - 3 / 2.9 * np.array([0.5, 0.2, 0.4, 0.5])
    )
    error = np.sqrt(np.sum(residual**2) * 4 / 3) / 3
    assert np.log(metric.upper / metric.estimate) == pytest.approx(Z * error)


def test_observed_expected_without_events_has_no_interval():
    metric = observed_expected([0, 0, 0], [0.1, 0.2, 0.3])
    assert (metric.estimate, metric.lower, metric.upper) == (0, None, None)


@pytest.mark.parametrize(
    ("y", "risk", "reason"),
    [
        ([0, 1, 0, 1], [0.3] * 4, "all predicted risks are equal"),
        ([1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4], "got 4 with and 0 without"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "separate"),
        ([0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.3, 0.4, 0.5], "separate"),
    ],
)
def test_slope_is_undefined(y, risk, reason):
    with pytest.raises(ValueError, match=f"calibration slope is undefined: .*{reason}"):
        calibration_slope(y, risk)


def test_in_the_large_needs_both_classes():
    with pytest.raises(ValueError, match="calibration-in-the-large is undefined"):
        calibration_in_the_large([1, 1], [0.3, 0.4])


def test_curve_equals_a_spline_regression_in_statsmodels():
    y, risk, weight, groups = draw(600, 5)
    shared = {"sample_weight": weight, "groups": groups, "n_points": 7}
    curve = calibration_curve(y, risk, n_bootstrap=0, **shared)
    basis = make_basis(logit(risk), weight, n_knots=4)
    coef, cov = glm(y, basis(logit(risk)), weight, groups)
    design = basis(logit(curve["risk"].to_numpy()))
    half = Z * np.sqrt(np.einsum("ij,jk,ik->i", design, cov, design))
    np.testing.assert_allclose(curve["observed"], expit(design @ coef), rtol=1e-6)
    np.testing.assert_allclose(curve["upper"], expit(design @ coef + half), rtol=1e-6)
    np.testing.assert_allclose(curve["lower"], expit(design @ coef - half), rtol=1e-6)


def test_band_is_a_bootstrap_over_patients():
    y, risk, weight, groups = draw(400, 5)
    shared = {"sample_weight": weight, "groups": groups, "n_points": 5}
    curve = calibration_curve(y, risk, n_bootstrap=300, random_state=1, **shared)
    again = calibration_curve(y, risk, n_bootstrap=300, random_state=1, **shared)
    pd.testing.assert_frame_equal(curve, again)
    # the same bootstrap, refitted one draw at a time by hand
    basis, rng, drawn = make_basis(logit(risk), weight, n_knots=4), np.random.default_rng(7), []
    design, there = basis(logit(risk)), basis(logit(curve["risk"].to_numpy()))
    for _ in range(300):
        counts = np.bincount(rng.choice(np.unique(groups), len(np.unique(groups))), minlength=400)
        w = weight * counts[groups]
        fit = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w).fit()
        drawn.append(there @ fit.params)
    lower, upper = np.quantile(drawn, [0.025, 0.975], axis=0)
    # In the middle; at the ends the curve itself is hardly known.
    np.testing.assert_allclose(logit(curve["lower"])[1:4], lower[1:4], atol=0.15)
    np.testing.assert_allclose(logit(curve["upper"])[1:4], upper[1:4], atol=0.15)
    one_each = calibration_curve(y, risk, sample_weight=weight, n_points=5)
    assert not np.allclose(one_each["upper"], curve["upper"], atol=1e-3)


def test_a_band_of_failed_refits_is_undefined():
    risk = np.linspace(0.02, 0.98, 60)
    y = (risk > 0.6).astype(float)
    y[[32, 40]] = 1, 0  # most draws miss one of the two that keep the classes from separation
    assert len(calibration_curve(y, risk, n_bootstrap=0)) == 101
    with pytest.raises(ValueError, match=r"no limits: \d+ of 200 bootstrap refits failed"):
        calibration_curve(y, risk)


def test_spline_is_restricted_and_cubic():
    x = np.random.default_rng(1).normal(size=300)
    basis = make_basis(x, np.ones(300), n_knots=4)
    beyond = basis(np.array([3.0, 4.0, 5.0, -3.0, -4.0, -5.0]) * 4)
    for tail in (beyond[:3], beyond[3:]):  # straight beyond the outer knots
        np.testing.assert_allclose(np.diff(tail, n=2, axis=0), 0, atol=1e-8)
    inside = basis(np.linspace(basis.knots[1], basis.knots[2], 6))
    np.testing.assert_allclose(np.diff(inside, n=4, axis=0), 0, atol=1e-10)
    assert np.abs(np.diff(inside, n=3, axis=0)).max() > 1e-4


def test_curve_of_good_risks_is_the_diagonal():
    y, risk, _, _ = draw(20_000, 6, slope=1.0, shift=0.0)
    curve = calibration_curve(y, risk)
    assert np.abs(curve["observed"] - curve["risk"]).max() < 0.03
    inside = (curve["lower"] < curve["risk"]) & (curve["risk"] < curve["upper"])
    assert inside.mean() > 0.8


def test_curve_falls_back_to_a_line_for_few_distinct_risks():
    y, risk, _, _ = draw(400, 7)
    two = np.where(risk > 0.3, 0.6, 0.2)
    curve = calibration_curve(y, two, n_points=2)
    expected = [y[two == 0.2].mean(), y[two == 0.6].mean()]
    np.testing.assert_allclose(curve["observed"], expected, rtol=1e-6)


def test_curve_of_equal_repeats_is_the_curve():
    y, risk, weight, groups = draw(300, 8)
    one = calibration_curve(y, risk, sample_weight=weight, groups=groups)
    two = calibration_curve(y, np.tile(risk, (2, 1)), sample_weight=weight, groups=groups)
    np.testing.assert_allclose(two, one, rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda y, r: (np.where(np.arange(y.size) < 9, 1.0, 0.0), r), "at least 10 with"),
        (lambda y, r: (y, np.full_like(r, 0.4)), "all predicted risks are equal"),
        (lambda y, r: ((r > 0.4).astype(float), r), "separate"),
    ],
)
def test_curve_is_undefined(change, reason):
    y, risk, _, _ = draw(100, 9)
    with pytest.raises(ValueError, match=f"calibration curve is undefined: .*{reason}"):
        calibration_curve(*change(y, risk))


def test_number_of_knots_is_checked():
    y, risk, _, _ = draw(100, 9)
    with pytest.raises(ValueError, match=r"n_knots must be one of \[3, 4, 5\], got 7"):
        calibration_curve(y, risk, n_knots=7)
