from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit

from tests.validation.samples import draw
from vfprog.validation._check import UndefinedFigureError, check_sample
from vfprog.validation._site_figures import RULES
from vfprog.validation.calibration import calibration_slope, observed_expected
from vfprog.validation.discrimination import c_statistic


def test_calibration_figures_have_the_variance_of_their_model():
    y, risk, _, _ = draw(120, 1)
    (sample,) = check_sample(y, risk)
    fit = sm.Logit(y, sm.add_constant(logit(risk))).fit(disp=0)
    slope = RULES["calibration_slope"].compute(sample)
    assert (slope.value, slope.error) == pytest.approx((fit.params[1], fit.bse[1]))
    family = sm.families.Binomial()
    fit = sm.GLM(y, np.ones(120), family=family, offset=logit(risk)).fit()
    large = RULES["calibration_in_the_large"].compute(sample)
    assert (large.value, large.error) == pytest.approx((fit.params[0], fit.bse[0]))
    assert "calibration model" in large.method


def test_weights_count_in_the_variance_and_their_scale_does_not():
    y, risk, weight, _ = draw(150, 2)
    compute = RULES["calibration_in_the_large"].compute
    one, other = (compute(check_sample(y, risk, w)[0]) for w in (weight, 3 * weight))
    assert (one.value, one.error) == pytest.approx((other.value, other.error))
    plain = sm.GLM(y, np.ones(150), family=sm.families.Binomial(), offset=logit(risk))
    p = 1 / (1 + np.exp(-one.value - logit(risk)))
    by_hand = np.sqrt(np.sum(weight**2 * p * (1 - p))) / np.sum(weight * p * (1 - p))
    assert one.error == pytest.approx(by_hand)
    assert one.error > plain.fit().bse[0]  # unequal weights cost precision


def test_patients_with_several_rows_have_the_sandwich():
    y, risk, weight, groups = draw(150, 3)
    found = RULES["calibration_slope"].compute(check_sample(y, risk, weight, groups)[0])
    metric = calibration_slope(y, risk, sample_weight=weight, groups=groups)
    assert found.error == pytest.approx((metric.upper - metric.lower) / (2 * 1.959964), rel=1e-6)
    assert "sandwich" in found.method


@pytest.mark.parametrize(
    ("name", "metric", "link"),
    [("c_statistic", c_statistic, logit), ("observed_expected", observed_expected, np.log)],
)
def test_the_others_have_the_error_of_their_interval(name, metric, link):
    y, risk, weight, groups = draw(150, 4)
    rule = RULES[name]
    found = rule.compute(check_sample(y, risk, weight, groups)[0])
    expected = metric(y, risk, sample_weight=weight, groups=groups)
    z = 1.959964
    limits = [rule.back(found.value + sign * z * found.error) for sign in (-1, 1)]
    assert limits == pytest.approx([expected.lower, expected.upper], rel=1e-6)
    assert rule.back(found.value) == pytest.approx(expected.estimate)
    assert found.value == pytest.approx(link(expected.estimate))


def test_what_has_no_interval_is_undefined():
    risk = np.linspace(0.1, 0.9, 20)
    (sample,) = check_sample(risk > 0.5, risk)
    with pytest.raises(UndefinedFigureError, match=r"c_statistic has no interval: .* at its limit"):
        RULES["c_statistic"].compute(sample)
    with pytest.raises(UndefinedFigureError, match="separate"):
        RULES["calibration_slope"].compute(sample)
