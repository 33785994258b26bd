from __future__ import annotations

import re

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from tests.validation.samples import draw
from vfprog.validation._logistic import fit_logistic, fit_many
from vfprog.validation._spline import make_basis, weighted_quantile
from vfprog.validation.calibration_error import calibration_error
from vfprog.validation.performance import performance


def distance(y, risk, weight):
    """|curve - risk| with the curve fitted by statsmodels."""
    basis = make_basis(logit(risk), weight, n_knots=4)
    design = basis(logit(risk))
    fit = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=weight).fit()
    return np.abs(fit.predict(design) - risk)


def test_equals_a_second_implementation():
    y, risk, weight, _ = draw(400, 1)
    gap = distance(y, risk, weight)
    errors = calibration_error(y, risk, sample_weight=weight, n_bootstrap=0)
    assert errors["ici"].estimate == pytest.approx(np.average(gap, weights=weight), rel=1e-6)
    assert errors["emax"].estimate == pytest.approx(gap.max(), rel=1e-6)
    for name, q in (("e50", 0.5), ("e90", 0.9)):
        expected = np.quantile(gap, q, weights=weight, method="inverted_cdf")
        assert errors[name].estimate == pytest.approx(expected, rel=1e-6)
    assert errors["ici"].lower is None


def test_quantile_by_hand():
    values, weight = np.array([3.0, 1.0, 2.0, 9.0]), np.array([1.0, 2.0, 1.0, 0.0])
    # cumulative shares in order 1, 2, 3: .5, .75, 1
    assert [weighted_quantile(values, weight, q) for q in (0, 0.5, 0.51, 0.75, 1)] == [
        1,
        1,
        2,
        2,
        3,
    ]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), q=st.sampled_from([0.05, 0.1, 0.5, 0.9, 0.95]))
def test_quantile_of_whole_weights_is_that_of_repeated_values(seed, q):
    rng = np.random.default_rng(seed)
    values, weight = rng.normal(size=20), rng.integers(0, 4, 20).astype(float)
    weight[0] = 1
    long = np.repeat(values, weight.astype(int))
    expected = np.quantile(long, q, method="inverted_cdf")
    assert weighted_quantile(values, weight, q) == pytest.approx(expected)


def test_many_fits_equal_single_fits():
    y, risk, weight, _ = draw(300, 2)
    design = np.linalg.qr(make_basis(logit(risk), weight, n_knots=5)(logit(risk))).Q * np.sqrt(300)
    weights = np.random.default_rng(0).poisson(1, (6, 300)) * weight
    start = fit_logistic(design, y, weight, figure="curve").coef
    coefs, converged = fit_many(design, y, weights, start)
    assert converged.all()
    for row, w in zip(coefs, weights, strict=True):
        single = fit_logistic(design, y, w, figure="curve").coef
        np.testing.assert_allclose(row, single, atol=1e-4)


def test_interval_is_a_bootstrap_over_patients():
    y, risk, weight, groups = draw(400, 3)
    options = {"sample_weight": weight, "groups": groups, "n_bootstrap": 300}
    errors = calibration_error(y, risk, random_state=1, **options)
    assert errors == calibration_error(y, risk, random_state=1, **options)
    assert errors != calibration_error(y, risk, random_state=2, **options)
    # the same bootstrap, refitted one draw at a time by hand
    basis = make_basis(logit(risk), weight, n_knots=4)
    design, rng, values = basis(logit(risk)), np.random.default_rng(5), []
    for _ in range(300):
        counts = np.bincount(rng.choice(np.unique(groups), len(np.unique(groups))), minlength=400)
        w = weight * counts[groups]
        fit = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w).fit()
        values.append(np.average(np.abs(fit.predict(design) - risk), weights=w))
    lower, upper = np.quantile(values, [0.025, 0.975])
    assert errors["ici"].lower == pytest.approx(lower, abs=0.008)
    assert errors["ici"].upper == pytest.approx(upper, abs=0.012)


def test_doubled_rows_widen_nothing():
    y, risk, weight, groups = draw(300, 4)
    once = calibration_error(y, risk, sample_weight=weight, groups=groups)
    twice = calibration_error(
        np.tile(y, 2), np.tile(risk, 2), sample_weight=np.tile(weight, 2), groups=np.tile(groups, 2)
    )
    assert twice["ici"].lower == pytest.approx(once["ici"].lower, abs=1e-6)
    assert twice["e90"].upper == pytest.approx(once["e90"].upper, abs=1e-6)


def test_chunks_change_nothing(monkeypatch):
    y, risk, weight, _ = draw(200, 5)
    whole = calibration_error(y, risk, sample_weight=weight, n_bootstrap=20)
    monkeypatch.setattr("vfprog.validation._flexible_curve._CELLS", 200 * 7)
    parts = calibration_error(y, risk, sample_weight=weight, n_bootstrap=20)
    assert parts["ici"].lower == pytest.approx(whole["ici"].lower, abs=1e-9)


def test_failed_refits_are_counted():
    # Only two swapped participants keep the classes from being separated; most draws miss one.
    risk = np.linspace(0.02, 0.98, 60)
    y = (risk > 0.6).astype(float)
    y[[32, 40]] = 1, 0
    assert calibration_error(y, risk, n_bootstrap=0)["ici"].estimate > 0
    assert calibration_error(y, risk)["ici"].lower is None
    row = performance(y, risk).set_index("metric").loc["ici"]
    assert re.fullmatch(r"no interval: \d+ of 200 bootstrap refits .* failed", row["reason"])


def test_of_one_event_short_is_undefined():
    y = np.zeros(100)
    y[:9] = 1
    with pytest.raises(ValueError, match="at least 10 with and 10 without the event, got 9"):
        calibration_error(y, np.linspace(0.1, 0.9, 100))
