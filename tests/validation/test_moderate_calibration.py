from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from scipy.special import expit, logit

from tests.validation.samples import draw
from vfprog.validation.moderate_calibration import calibration_test, combine


def brute_force(y, risk):
    """The largest distance from the chord of the standardised sums, one step after the other."""
    order = np.argsort(risk)
    total = sum(p * (1 - p) for p in risk)
    walk, time, path = 0.0, 0.0, []
    for i in order:
        walk += (y[i] - risk[i]) / total**0.5
        time += risk[i] * (1 - risk[i]) / total
        path.append((time, walk))
    return walk, max(abs(w - t * walk) for t, w in path)


def test_equals_the_sums_by_hand():
    y, risk, _, _ = draw(150, 1)
    z, bridge = brute_force(y, risk)
    test = calibration_test(y, risk)
    assert test.z_mean == pytest.approx(z)
    assert test.bridge == pytest.approx(bridge)
    assert test.p_mean == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert test.p_bridge == pytest.approx(stats.kstwobign.sf(bridge))
    assert (test.n, test.n_events) == (150, y.sum())


def test_p_values_are_those_of_the_package_of_its_authors():
    # The printed example of cumulcalib 0.0.1: statistics and p-values.
    p_mean = 2 * stats.norm.sf(0.489295496431201)
    p_bridge = special.kolmogorov(0.904915434767163)
    assert (p_mean, p_bridge) == pytest.approx((0.624632509005787, 0.385979705481866), abs=1e-12)
    assert combine(p_mean, p_bridge) == pytest.approx(0.584068794836004, abs=1e-12)


def test_the_order_of_tied_risks_does_not_matter():
    y, risk, _, _ = draw(300, 2, ties=True)
    order = np.random.default_rng(0).permutation(300)
    one, two = calibration_test(y, risk), calibration_test(y[order], risk[order])
    assert one.bridge == pytest.approx(two.bridge)
    assert one.risk_at_bridge == two.risk_at_bridge


def test_equal_weights_of_any_size_and_own_patients_change_nothing():
    y, risk, _, _ = draw(200, 3)
    plain = calibration_test(y, risk)
    assert calibration_test(y, risk, sample_weight=np.full(200, 3.0)) == plain
    assert calibration_test(y, np.stack([risk, risk]), groups=np.arange(200)) == plain


def test_doubled_rows_of_a_patient_say_no_more():
    y, risk, weight, _ = draw(200, 4)
    once = calibration_test(y, risk, sample_weight=weight, groups=np.arange(200))
    twice = calibration_test(
        np.tile(y, 2), np.tile(risk, 2), sample_weight=np.tile(weight, 2),
        groups=np.tile(np.arange(200), 2),
    )  # fmt: skip
    assert twice.p_value == pytest.approx(once.p_value)
    assert twice.bridge == pytest.approx(once.bridge)
    assert "by patient" in twice.method


def test_risks_too_extreme_are_found_where_the_mean_is_right():
    rng = np.random.default_rng(5)
    truth = expit(rng.normal(0, 0.6, 3000))
    y = (rng.random(3000) < truth).astype(float)
    test = calibration_test(y, expit(2 * logit(truth)))
    assert test.p_mean > 0.01
    assert test.p_bridge < 1e-6
    assert 0.4 < test.risk_at_bridge < 0.6  # too low below it, too high above
    assert calibration_test(y, truth).p_value > 0.01


def test_few_events_are_refused():
    y = np.zeros(50)
    y[:9] = 1
    with pytest.raises(ValueError, match="calibration test is undefined: it needs at least 10"):
        calibration_test(y, np.linspace(0.1, 0.9, 50))


def simulate(kind, n, rng):
    """Calibrated risks: plain, weighted for censoring, or two correlated rows to a patient."""
    risk = expit(rng.normal(-1, 1, n))
    y = (rng.random(n) < risk).astype(float)
    if kind == "censored":
        time, censored = np.where(y == 1, rng.random(n), 1.0), rng.exponential(1.5, n)
        return y, risk, np.where(censored >= time, np.exp(time / 1.5), 0.0), None
    if kind == "clustered":
        patient = np.repeat(np.arange(n // 2), 2)
        shared = rng.random(n // 2)[patient]
        u = np.where(rng.random(n // 2)[patient] < 0.5, shared, rng.random(n))
        risk = risk[patient]
        return (u < risk).astype(float), risk, None, patient
    return y, risk, None, None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "censored", "clustered"])
def test_size_on_calibrated_risks(kind):
    rng = np.random.default_rng(6)
    found = []
    for _ in range(1500):
        y, risk, weight, groups = simulate(kind, 400, rng)
        test = calibration_test(y, risk, sample_weight=weight, groups=groups)
        found.append([test.p_value, test.p_mean, test.p_bridge])
    # Four standard errors of a share of .05 in 1,500 are .023.
    assert (np.array(found) < 0.05).mean(axis=0) == pytest.approx([0.05] * 3, abs=0.023)


@pytest.mark.slow
def test_ignoring_that_patients_repeat_would_reject_too_often():
    rng = np.random.default_rng(7)
    rejected = np.zeros(2)
    for _ in range(600):
        y, risk, _, groups = simulate("clustered", 400, rng)
        tests = calibration_test(y, risk), calibration_test(y, risk, groups=groups)
        rejected += [test.p_value < 0.05 for test in tests]
    assert rejected[0] / 600 > 0.09 > rejected[1] / 600
