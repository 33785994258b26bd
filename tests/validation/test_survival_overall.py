from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sksurv.metrics import brier_score

from tests.validation.survival_samples import as_sksurv, draw_survival, numeric_influence
from vfprog.validation._survival_sample import check_survival, clustered_error
from vfprog.validation.overall import brier, scaled_brier
from vfprog.validation.survival_overall import ipcw_brier, scaled_ipcw_brier


def test_by_hand():
    # the second is censored; G = 1/2 after it, so (.25 + 2 * .04) / 3; F = 1/3
    arrays = ([1, 2, 4], [1, 0, 0], [0.5, 0.9, 0.2])
    assert ipcw_brier(*arrays, horizon=3).estimate == pytest.approx(0.11)
    expected = 1 - 0.11 / (1 / 3 * 2 / 3)
    assert scaled_ipcw_brier(*arrays, horizon=3).estimate == pytest.approx(expected)


def test_equals_scikit_survival():
    time, status, risk, _ = draw_survival(300, 1)
    y = as_sksurv(time, status)
    expected = brier_score(y, y, 1 - risk[:, None], [1.0])[1][0]
    assert ipcw_brier(time, status, risk, horizon=1.0).estimate == pytest.approx(expected)


@given(seed=st.integers(0, 10_000))
def test_without_censoring_it_is_the_binary_score(seed):
    time, status, risk, weight = draw_survival(40, seed, competing=True)
    status = np.where(time < 1.0, np.maximum(status, 1), status)
    y = (status == 1) & (time <= 1.0)
    pairs = [(ipcw_brier, brier), (scaled_ipcw_brier, scaled_brier)]
    for figure, binary in pairs:
        found = figure(time, status, risk, horizon=1.0, sample_weight=weight)
        expected = binary(y, risk, sample_weight=weight)
        assert found.estimate == pytest.approx(expected.estimate)
        assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper))


@given(seed=st.integers(0, 10_000), ties=st.booleans(), competing=st.booleans())
def test_a_weight_is_a_repetition(seed, ties, competing):
    time, status, risk, _ = draw_survival(30, seed, ties=ties, competing=competing)
    times = np.random.default_rng(seed).integers(1, 4, 30)
    rows = np.repeat(np.arange(30), times)
    for figure in (ipcw_brier, scaled_ipcw_brier):
        once = figure(time, status, risk, horizon=1.0, sample_weight=times, groups=np.arange(30))
        many = figure(time[rows], status[rows], risk[rows], horizon=1.0, groups=rows)
        assert (many.estimate, many.lower) == pytest.approx((once.estimate, once.lower))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("competing", [False, True])
def test_interval_counts_the_estimation_of_the_weights(ties, competing):
    time, status, risk, weight = draw_survival(40, 2, ties=ties, competing=competing)

    def figure(w):
        return scaled_ipcw_brier(time, status, risk, horizon=1.0, sample_weight=w).estimate

    sample = check_survival(time, status, risk, 1.0, weight)
    half = 1.959963985 * clustered_error(sample, numeric_influence(figure, weight))
    metric = scaled_ipcw_brier(time, status, risk, horizon=1.0, sample_weight=weight)
    assert metric.upper - metric.estimate == pytest.approx(half, rel=1e-5)
    assert metric.estimate - metric.lower == pytest.approx(half, rel=1e-5)


def test_a_coin_scores_a_quarter():
    time, status, _, _ = draw_survival(50, 3)
    score = ipcw_brier(time, status, np.full(50, 0.5), horizon=1.0).estimate
    assert score == pytest.approx(0.25)  # (y - 1/2)^2 is 1/4 for all, and the weights sum to n


def test_undefined():
    with pytest.raises(ValueError, match="brier is undefined: follow-up ends at 2"):
        ipcw_brier([1, 2], [1, 0], [0.2, 0.3], horizon=3)
    with pytest.raises(ValueError, match=r"scaled_brier is undefined: .* got 0 with and 2 without"):
        scaled_ipcw_brier([4, 4], [0, 0], [0.2, 0.3], horizon=3)
