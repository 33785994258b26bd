from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator

from tests.validation.survival_samples import draw_survival, numeric_influence
from vfprog.validation._survival_kaplan_meier import Censoring, cumulative_incidence, pseudo_values
from vfprog.validation._survival_sample import check_survival


def product_limit(time, status, weight, horizon):
    """Aalen-Johansen by its definition; 1 - Kaplan-Meier without competing events."""
    free, incidence = 1.0, 0.0
    for t in np.unique(time[(status > 0) & (time <= horizon)]):
        at_risk = weight[time >= t].sum()
        incidence += free * weight[(time == t) & (status == 1)].sum() / at_risk
        free *= 1 - weight[(time == t) & (status > 0)].sum() / at_risk
    return incidence


def test_by_hand():
    # event at 1 of four: 1/4; one censored at 2; event at 3 of two: 1/4 + 3/4 * 1/2 = .625
    sample = check_survival([1, 2, 3, 4], [1, 0, 1, 0], [0.5] * 4, 3.0)
    assert cumulative_incidence(sample).value == pytest.approx(0.625)
    # G falls to 2/3 at 2 (of three at risk), so the two seen after it weigh 1.5
    assert Censoring(sample).inverse() == pytest.approx([1, 0, 1.5, 1.5])


def test_events_go_before_censorings_of_the_same_time():
    # at 2 one event and one censoring: the event weighs 1, and G falls to 1/2 after it
    sample = check_survival([2, 2, 3], [1, 0, 0], [0.5] * 3, 3.0)
    assert Censoring(sample).inverse() == pytest.approx([1, 0, 2])


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(6, 40),
    ties=st.booleans(),
    competing=st.booleans(),
    horizon=st.sampled_from([0.4, 1.0, 2.0]),
)
def test_weighted_shares_are_the_product_limit(seed, n, ties, competing, horizon):
    time, status, risk, weight = draw_survival(n, seed, ties=ties, competing=competing)
    sample = check_survival(time, status, risk, horizon, weight)
    found = cumulative_incidence(sample).value
    assert found == pytest.approx(product_limit(time, status, weight, horizon), abs=1e-12)
    assert np.sum(weight * Censoring(sample).inverse()) == pytest.approx(weight.sum())


def test_equals_scikit_survival():
    time, status, risk, _ = draw_survival(80, 3, ties=True)
    times, free = kaplan_meier_estimator(status == 1, time)
    expected = 1 - free[times <= 1.0][-1]
    found = cumulative_incidence(check_survival(time, status, risk, 1.0)).value
    assert found == pytest.approx(expected)
    time, status, risk, _ = draw_survival(80, 3, competing=True)
    times, curves = cumulative_incidence_competing_risks(status, time)
    found = cumulative_incidence(check_survival(time, status, risk, 1.0)).value
    assert found == pytest.approx(curves[1][times <= 1.0][-1])


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("competing", [False, True])
def test_influence_is_the_derivative(ties, competing):
    time, status, risk, weight = draw_survival(30, 5, ties=ties, competing=competing)

    def figure(w):
        return product_limit(time, status, w, 1.0)

    found = cumulative_incidence(check_survival(time, status, risk, 1.0, weight)).influence
    assert found == pytest.approx(numeric_influence(figure, weight), abs=1e-8)


def test_variance_is_greenwood():
    time, status, risk, _ = draw_survival(60, 8, ties=True)
    total, free = 0.0, 1.0
    for t in np.unique(time[(status == 1) & (time <= 1)]):
        at_risk, dead = np.sum(time >= t), np.sum((time == t) & (status == 1))
        total += dead / at_risk / (at_risk - dead)
        free *= 1 - dead / at_risk
    influence = cumulative_incidence(check_survival(time, status, risk, 1.0)).influence
    assert np.sum(influence**2) == pytest.approx(free**2 * total)


def test_pseudo_values():
    time, status, risk, weight = draw_survival(60, 9)
    sample = check_survival(time, status, risk, 1.0, weight)
    mean = np.average(pseudo_values(sample), weights=weight)
    assert mean == pytest.approx(cumulative_incidence(sample).value)
    # without censoring they are the outcomes
    sample = check_survival([1, 2, 3, 4], [1, 2, 1, 1], [0.5] * 4, 3.0)
    assert pseudo_values(sample) == pytest.approx([1, 0, 1, 0])


def test_pseudo_values_are_close_to_the_jackknife():
    time, status, risk, _ = draw_survival(400, 10)
    sample = check_survival(time, status, risk, 1.0)
    whole, n = cumulative_incidence(sample).value, sample.n
    rows = np.arange(n)
    left = [cumulative_incidence(sample.take(rows != k)).value for k in range(60)]
    expected = n * whole - (n - 1) * np.array(left)
    assert pseudo_values(sample)[:60] == pytest.approx(expected, abs=0.01)
