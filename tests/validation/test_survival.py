from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sksurv.metrics import (
    concordance_index_censored,
    concordance_index_ipcw,
    cumulative_dynamic_auc,
)

from tests.validation.survival_samples import as_sksurv, draw_survival, numeric_influence
from vfprog.validation import survival as module
from vfprog.validation._survival_sample import check_survival, clustered_error
from vfprog.validation.survival import harrell_c, ipcw_auc, uno_c

FIGURES = [harrell_c, uno_c, ipcw_auc]


def stays(time, status, weight, before):
    """G(before-), the weighted Kaplan-Meier of staying uncensored, events first."""
    free = 1.0
    for u in np.unique(time[(status == 0) & (time < before)]):
        at_risk = weight[(time > u) | ((time == u) & (status == 0))].sum()
        free *= 1 - weight[(time == u) & (status == 0)].sum() / at_risk
    return free


def all_pairs(figure, time, status, risk, weight, horizon=1.0):
    """Concordance over all pairs, the definition itself."""
    uno = figure is uno_c
    g = [stays(time, status, weight, min(t, horizon)) if uno else 1.0 for t in time]
    won = total = 0.0
    for i in np.flatnonzero((status == 1) & (time <= horizon)):
        for j in range(time.size):
            later = time[j] > time[i] or (time[j] == time[i] and status[j] == 0)
            before = status[j] == 2 and time[j] <= time[i]
            if later or before:
                pair = weight[i] * weight[j] / (g[i] * (g[i] if later else g[j]))
                total += pair
                won += pair * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return won / total


def dynamic(time, status, risk, weight, horizon=1.0):
    """Cumulative/dynamic AUC over all pairs, the definition itself."""
    won = total = 0.0
    for i in np.flatnonzero((status == 1) & (time <= horizon)):
        for j in np.flatnonzero((time >= horizon) | (status == 2)):
            if status[j] == 1 and time[j] <= horizon:
                continue
            ends = (min(time[i], horizon), min(time[j], horizon))
            pair = weight[i] * weight[j]
            pair /= np.prod([stays(time, status, weight, end) for end in ends])
            total += pair
            won += pair * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return won / total


def brute(figure, time, status, risk, weight):
    if figure is ipcw_auc:
        return dynamic(time, status, risk, weight)
    return all_pairs(figure, time, status, risk, weight)


def test_by_hand():
    # comparable: (1, 2), (1, 3), (2, 3) by the events of 1 and 2; (2, 3) is ordered wrongly
    metric = harrell_c([1, 2, 3], [1, 1, 0], [0.8, 0.2, 0.4], horizon=3)
    assert metric.estimate == pytest.approx(2 / 3)
    arrays = ([1, 1.5, 2, 3], [1, 0, 1, 0], [0.8, 0.1, 0.2, 0.4])
    # G falls from 1 to 2/3 at 1.5: (1, j) weigh 1 each, (3, 4) weighs 9/4 and is wrong
    assert uno_c(*arrays, horizon=3).estimate == pytest.approx(3 / (3 + 9 / 4))
    assert harrell_c(*arrays, horizon=3).estimate == pytest.approx(3 / 4)
    # cases 1 and 3 weigh 1 and 1.5 against the last: the first pair is right
    assert ipcw_auc(*arrays, horizon=2.5).estimate == pytest.approx(1 / 2.5)


def test_a_competing_event_is_nobody_s_event():
    # the second dies at 1 and so never fractures: the pair with the fracture at 2 counts
    arrays = ([2, 1, 3], [1, 2, 0], [0.4, 0.6, 0.2])
    assert harrell_c(*arrays, horizon=2).estimate == pytest.approx(1 / 2)
    assert uno_c(*arrays, horizon=2).estimate == pytest.approx(1 / 2)
    assert ipcw_auc(*arrays, horizon=2).estimate == pytest.approx(1 / 2)


@pytest.mark.parametrize("figure", FIGURES)
@given(
    seed=st.integers(0, 10_000), n=st.integers(6, 25), ties=st.booleans(), competing=st.booleans()
)
def test_equals_all_pairs(figure, seed, n, ties, competing):
    time, status, risk, weight = draw_survival(n, seed, ties=ties, competing=competing)
    found = figure(time, status, risk, horizon=1.0, sample_weight=weight).estimate
    assert found == pytest.approx(brute(figure, time, status, risk, weight), abs=1e-10)


@pytest.mark.parametrize("figure", FIGURES)
@given(seed=st.integers(0, 10_000), ties=st.booleans(), competing=st.booleans())
def test_a_weight_is_a_repetition(figure, seed, ties, competing):
    time, status, risk, _ = draw_survival(30, seed, ties=ties, competing=competing)
    times = np.random.default_rng(seed).integers(1, 4, 30)
    once = figure(time, status, risk, horizon=1.0, sample_weight=times, groups=np.arange(30))
    rows = np.repeat(np.arange(30), times)
    many = figure(time[rows], status[rows], risk[rows], horizon=1.0, groups=rows)
    assert (many.estimate, many.lower, many.upper) == pytest.approx(
        (once.estimate, once.lower, once.upper), abs=1e-9
    )


def test_equals_scikit_survival():
    time, status, risk, _ = draw_survival(300, 1)
    y = as_sksurv(time, status)
    harrell = concordance_index_censored(y["event"], time, risk)[0]
    uno = concordance_index_ipcw(y, y, risk, tau=1.0)[0]
    auc = cumulative_dynamic_auc(y, y, risk, [1.0])[0][0]
    assert harrell_c(time, status, risk, horizon=4.0).estimate == pytest.approx(harrell)
    assert uno_c(time, status, risk, horizon=1.0).estimate == pytest.approx(uno)
    assert ipcw_auc(time, status, risk, horizon=1.0).estimate == pytest.approx(auc)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("competing", [False, True])
def test_interval_is_the_delta_method(figure, ties, competing):
    time, status, risk, weight = draw_survival(25, 2, ties=ties, competing=competing)
    influence = numeric_influence(lambda w: brute(figure, time, status, risk, w), weight)
    a = brute(figure, time, status, risk, weight)
    sample = check_survival(time, status, risk, 1.0, weight)
    half = 1.6448536 * clustered_error(sample, influence) / (a * (1 - a))
    metric = figure(time, status, risk, horizon=1.0, sample_weight=weight, level=0.9)
    assert metric.lower == pytest.approx(expit(logit(a) - half), abs=1e-6)
    assert metric.upper == pytest.approx(expit(logit(a) + half), abs=1e-6)


def test_blocks_of_rows_change_nothing(monkeypatch):
    time, status, risk, weight = draw_survival(60, 4, competing=True)
    whole = [f(time, status, risk, horizon=1.0, sample_weight=weight) for f in FIGURES]
    monkeypatch.setattr(module, "_CELLS", 200)
    parts = [f(time, status, risk, horizon=1.0, sample_weight=weight) for f in FIGURES]
    for one, other in zip(whole, parts, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=1e-12)
        assert other.upper == pytest.approx(one.upper, abs=1e-12)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_limits_at_one(figure):
    metric = figure([1, 2, 3, 4], [1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], horizon=2.5)
    assert (metric.estimate, metric.lower, metric.upper) == (1.0, None, None)


@pytest.mark.parametrize(
    ("figure", "time", "status", "reason"),
    [
        (harrell_c, [1, 2], [0, 0], "no participant is followed longer"),
        (uno_c, [2, 2], [1, 1], "no participant is followed longer"),
        (ipcw_auc, [4, 5], [0, 0], "got 0 with and 2 without"),
        (ipcw_auc, [1, 2], [1, 1], "got 2 with and 0 without"),
        (ipcw_auc, [1, 2], [1, 0], r"follow-up ends at 2 by censoring, before the horizon 3"),
    ],
)
def test_undefined(figure, time, status, reason):
    with pytest.raises(ValueError, match=reason):
        figure(time, status, [0.3, 0.4], horizon=3)


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
def test_interval_covers_the_truth(figure):
    # exponential times of rate e^x: the limits stand in for the truth, from 4,000 uncensored rows
    rng = np.random.default_rng(12)

    def sample(n, censoring):
        x = rng.normal(size=n)
        event, lost = rng.exponential(np.exp(-x)), rng.uniform(0, censoring, n)
        return np.minimum(event, lost), (event <= lost).astype(int), expit(x)

    time, status, risk = sample(4000, 1e9)
    if figure is harrell_c:  # what it aims at depends on the censoring
        time, status, risk = sample(4000, 3.0)
    truth = figure(time, status, risk, horizon=1.0).estimate
    found = [figure(*sample(150, 3.0), horizon=1.0) for _ in range(300)]
    covered = np.mean([m.lower <= truth <= m.upper for m in found])
    assert 0.91 <= covered <= 0.985
