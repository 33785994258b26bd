from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from tests.validation.survival_samples import draw_survival, numeric_influence
from tests.validation.test_survival_kaplan_meier import product_limit
from vfprog.validation._survival_sample import check_survival, cloglog, clustered_error
from vfprog.validation.calibration import observed_expected
from vfprog.validation.survival_calibration import (
    survival_calibration_curve,
    survival_calibration_error,
    survival_observed_expected,
)


def test_ratio_by_hand():
    # 1/4 of four, then 1/2 of the two left: .625 observed, .5 expected
    arrays = ([1, 2, 3, 4], [1, 0, 1, 0], [0.8, 0.5, 0.4, 0.3])
    assert survival_observed_expected(*arrays, horizon=3).estimate == pytest.approx(1.25)
    # as a competing event the second no longer passes its share on: 1/4 + 1/2 * 1/2
    arrays = ([1, 2, 3, 4], [1, 2, 1, 0], [0.8, 0.5, 0.4, 0.3])
    assert survival_observed_expected(*arrays, horizon=3).estimate == pytest.approx(1.0)


@pytest.mark.parametrize("competing", [False, True])
def test_ratio_and_its_interval(competing):
    time, status, risk, weight = draw_survival(40, 1, ties=True, competing=competing)

    def figure(w):
        return product_limit(time, status, w, 1.0) / np.average(risk, weights=w)

    metric = survival_observed_expected(time, status, risk, horizon=1.0, sample_weight=weight)
    value = figure(weight)
    assert metric.estimate == pytest.approx(value)
    sample = check_survival(time, status, risk, 1.0, weight)
    error = clustered_error(sample, numeric_influence(figure, weight))
    assert np.log(metric.upper / value) == pytest.approx(1.959963985 * error / value, rel=1e-5)


@given(seed=st.integers(0, 10_000), competing=st.booleans())
def test_ratio_without_censoring_is_the_binary_one(seed, competing):
    time, status, risk, weight = draw_survival(40, seed, competing=competing)
    status = np.where(time < 1.0, np.maximum(status, 1), status)
    found = survival_observed_expected(time, status, risk, horizon=1.0, sample_weight=weight)
    y = (status == 1) & (time <= 1.0)
    expected = observed_expected(y, risk, sample_weight=weight)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (expected.estimate, expected.lower, expected.upper)
    )


def secondary_model(time, status, risk, horizon):
    """Restricted cubic spline by Harrell's formula, Cox by statsmodels, Breslow by hand."""
    z = cloglog(risk)
    k1, k2, k3 = np.quantile(z, [0.1, 0.5, 0.9], method="inverted_cdf")
    cube = [np.maximum(z - k, 0) ** 3 for k in (k1, k2, k3)]
    curve = cube[0] - cube[1] * (k3 - k1) / (k3 - k2) + cube[2] * (k2 - k1) / (k3 - k2)
    design = np.column_stack([z, curve])
    event = (status == 1) & (time <= horizon)
    until = np.minimum(time, horizon)
    coef = sm.PHReg(until, design, event.astype(int), ties="efron").fit(disp=0).params
    hazard = np.exp(design @ coef)
    total = sum(1 / hazard[until >= t].sum() for t in until[event])
    return 1 - np.exp(-total * hazard)


def test_errors_equal_a_second_implementation():
    time, status, risk, _ = draw_survival(400, 2)
    observed = secondary_model(time, status, risk, 1.0)
    distance = np.abs(observed - risk)
    expected = [
        distance.mean(),
        np.quantile(distance, 0.5, method="inverted_cdf"),
        np.quantile(distance, 0.9, method="inverted_cdf"),
        distance.max(),
    ]
    found = survival_calibration_error(time, status, risk, horizon=1.0, n_bootstrap=0)
    assert list(found) == ["ici", "e50", "e90", "emax"]
    assert [m.estimate for m in found.values()] == pytest.approx(expected, rel=1e-5)
    assert all(m.lower is None for m in found.values())


def test_true_risks_are_nearly_on_the_diagonal_and_doubled_hazards_are_not():
    time, status, risk, _ = draw_survival(3000, 3)
    good = survival_calibration_error(time, status, risk, horizon=1.0, n_bootstrap=0)
    assert good["ici"].estimate < 0.02
    doubled = 1 - (1 - risk) ** 2
    bad = survival_calibration_error(time, status, doubled, horizon=1.0, n_bootstrap=0)
    assert bad["ici"].estimate == pytest.approx(np.mean(doubled - risk), abs=0.02)


def test_bootstrap_is_seeded_and_holds_the_estimate():
    arrays = draw_survival(200, 4)
    options = {"horizon": 1.0, "sample_weight": arrays[3], "n_bootstrap": 20}
    once = survival_calibration_error(*arrays[:3], random_state=1, **options)
    again = survival_calibration_error(*arrays[:3], random_state=1, **options)
    other = survival_calibration_error(*arrays[:3], random_state=2, **options)
    assert once == again
    assert once["ici"].lower != other["ici"].lower
    for seed in range(5):  # two draws often miss it, and are widened
        few = survival_calibration_error(*arrays[:3], horizon=1.0, n_bootstrap=2, random_state=seed)
        assert all(m.lower <= m.estimate <= m.upper for m in few.values())


def test_the_scale_of_the_weights_is_nothing():
    time, status, risk, weight = draw_survival(150, 5)
    options = {"horizon": 1.0, "n_bootstrap": 10}
    plain = survival_calibration_error(time, status, risk, sample_weight=weight, **options)
    scaled = survival_calibration_error(time, status, risk, sample_weight=3 * weight, **options)
    for name, metric in plain.items():
        assert scaled[name].estimate == pytest.approx(metric.estimate, rel=1e-8)
        assert scaled[name].upper == pytest.approx(metric.upper, rel=1e-8)


def test_curve():
    time, status, risk, _ = draw_survival(400, 2)
    table = survival_calibration_curve(
        time, status, risk, horizon=1.0, n_points=11, n_bootstrap=30, level=0.9
    )
    assert list(table.columns) == ["risk", "observed", "lower", "upper"]
    assert table["risk"].is_monotonic_increasing
    order = np.argsort(risk)
    observed = secondary_model(time, status, risk, 1.0)[order]
    expected = np.interp(table["risk"], risk[order], observed)
    assert table["observed"].to_numpy() == pytest.approx(expected, abs=0.002)
    assert (table["lower"] < table["upper"]).all()
    inside = (table["lower"] < table["observed"]) & (table["observed"] < table["upper"])
    assert inside.mean() > 0.8
    with pytest.raises(ValueError, match="no bootstrap draws"):
        survival_calibration_curve(time, status, risk, horizon=1.0, n_bootstrap=0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": np.tile([1, 2, 0], 10)}, "undefined with competing events"),
        ({"status": np.r_[np.ones(9), np.zeros(21)]}, "at least 10 events by the horizon, got 9"),
        ({"risk": np.full(30, 0.2)}, "all predicted risks are equal"),
        ({"horizon": 40.0}, "follow-up ends at 30 by censoring"),
    ],
)
def test_undefined(change, reason):
    given_ = {
        "time": np.arange(1.0, 31.0),
        "status": np.r_[np.ones(15), np.zeros(15)],
        "risk": np.linspace(0.1, 0.9, 30),
        "horizon": 20.0,
    }
    with pytest.raises(ValueError, match=reason):
        survival_calibration_error(**(given_ | change))
