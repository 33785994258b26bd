from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from tests.validation.survival_samples import draw_survival
from vfprog.validation._check import UndefinedFigureError
from vfprog.validation._survival_sample import cloglog
from vfprog.validation.survival_pseudo import pseudo_calibration

ARGUMENTS = {"horizon": 1.0}


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.DomainWarning")
@pytest.mark.parametrize("competing", [False, True])
def test_without_censoring_equals_statsmodels(competing):
    time, status, risk, _ = draw_survival(300, 1, competing=competing)
    status = np.where(time < 1.0, np.maximum(status, 1), status)
    y, margin = ((status == 1) & (time <= 1.0)).astype(float), cloglog(risk)
    family = sm.families.Gaussian(sm.families.links.CLogLog(), check_link=False)
    options = {"groups": np.arange(300), "family": family}
    line = sm.GEE(y, sm.add_constant(margin), **options)
    line = line.fit(start_params=[0.0, 1.0], ctol=1e-10)
    level = sm.GEE(y, np.ones(300), offset=margin, **options).fit(start_params=[0.0], ctol=1e-10)
    found = pseudo_calibration(time, status, risk, **ARGUMENTS)
    for name, fit, at in (("intercept", level, 0), ("slope", line, 1)):
        metric = found[f"calibration_{name}"]
        assert metric.estimate == pytest.approx(fit.params[at], abs=1e-6)
        half = 1.959963985 * fit.bse[at] * np.sqrt(300 / 299)
        assert metric.upper - metric.estimate == pytest.approx(half, rel=1e-5)


@given(seed=st.integers(0, 10_000), competing=st.booleans())
def test_a_weight_is_a_repetition(seed, competing):
    time, status, risk, _ = draw_survival(80, seed, competing=competing)
    times = np.random.default_rng(seed).integers(1, 4, 80)
    rows = np.repeat(np.arange(80), times)

    def once():
        options = {"sample_weight": times, "groups": np.arange(80)}
        return pseudo_calibration(time, status, risk, **options, **ARGUMENTS)

    def many():
        return pseudo_calibration(time[rows], status[rows], risk[rows], groups=rows, **ARGUMENTS)

    try:
        expected = once()
    except UndefinedFigureError:  # 80 rows may hold too little for a slope
        with pytest.raises(UndefinedFigureError, match="no finite solution"):
            many()
        return
    for name, metric in many().items():
        limits = (expected[name].estimate, expected[name].lower)
        assert (metric.estimate, metric.lower) == pytest.approx(limits, abs=1e-6)


def test_true_risks_are_calibrated_and_extreme_ones_are_not():
    time, status, risk, _ = draw_survival(4000, 2)
    event = pseudo_calibration(time, status, risk, **ARGUMENTS)
    assert event["calibration_intercept"].lower < 0 < event["calibration_intercept"].upper
    assert event["calibration_slope"].lower < 1 < event["calibration_slope"].upper
    extreme = 1 - np.exp(-np.exp(2 * cloglog(risk) + 0.5))
    extreme = np.clip(extreme, 1e-6, 1 - 1e-6)
    bent = pseudo_calibration(time, status, extreme, **ARGUMENTS)
    assert bent["calibration_slope"].estimate == pytest.approx(0.5, abs=0.05)


def test_undefined():
    time, status, _, _ = draw_survival(30, 3)
    with pytest.raises(ValueError, match="all predicted risks are equal"):
        pseudo_calibration(time, status, np.full(30, 0.3), **ARGUMENTS)
    with pytest.raises(ValueError, match="got 0 with"):
        pseudo_calibration([3, 4], [0, 0], [0.3, 0.4], **ARGUMENTS)
    with pytest.raises(ValueError, match="no finite solution"):
        pseudo_calibration([0.5, 0.6, 2, 3], [1, 1, 0, 0], [0.8, 0.7, 0.2, 0.1], **ARGUMENTS)
