from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit
from sklearn.metrics import brier_score_loss

from tests.validation.samples import draw
from vfprog.validation.overall import brier, scaled_brier


def test_by_hand():
    # losses .04, .16, .25, .01 with weights 1, 2, 1, 0: (.04 + .32 + .25) / 4 = .1525
    y, risk, weight = [1, 0, 1, 0], [0.8, 0.4, 0.5, 0.1], [1, 2, 1, 0]
    assert brier(y, risk, sample_weight=weight).estimate == pytest.approx(0.1525)
    # weighted prevalence 2 / 4, so 1 - .1525 / .25
    assert scaled_brier(y, risk, sample_weight=weight).estimate == pytest.approx(0.39)


def test_equals_sklearn_and_the_standard_error_of_a_mean():
    y, risk, weight, _ = draw(300, 1)
    metric = brier(y, risk, sample_weight=weight)
    assert metric.estimate == pytest.approx(brier_score_loss(y, risk, sample_weight=weight))
    plain = brier(y, risk)
    loss = (y - risk) ** 2
    error = loss.std(ddof=1) / np.sqrt(300)
    half = 1.959963985 * error / (plain.estimate * (1 - plain.estimate))
    assert logit(plain.upper) - logit(plain.estimate) == pytest.approx(half, rel=1e-6)


def jackknife(figure, y, risk, weight, groups):
    """Return the jackknife standard error over patients."""
    values = []
    for patient in np.unique(groups):
        keep = groups != patient
        values.append(figure(y[keep], risk[keep], sample_weight=weight[keep]).estimate)
    k = len(values)
    return np.sqrt((k - 1) / k * np.sum((np.array(values) - np.mean(values)) ** 2))


def test_scaled_interval_agrees_with_the_jackknife():
    y, risk, weight, groups = draw(400, 2)
    metric = scaled_brier(y, risk, sample_weight=weight, groups=groups)
    error = (metric.upper - metric.lower) / 2 / 1.959963985
    assert error == pytest.approx(jackknife(scaled_brier, y, risk, weight, groups), rel=0.02)


def test_a_risk_equal_to_the_prevalence_scores_zero():
    metric = scaled_brier([1, 0, 0, 0, 1, 0, 0, 0], [0.25] * 8)
    assert metric.estimate == pytest.approx(0)


def test_one_class_is_undefined_when_scaled_only():
    with pytest.raises(ValueError, match="scaled_brier is undefined"):
        scaled_brier([0, 0], [0.2, 0.3])
    metric = brier([0, 0], [0.2, 0.4])
    assert metric.estimate == pytest.approx(0.1)
    assert metric.lower is None
