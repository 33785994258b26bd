from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sksurv.linear_model import CoxPHSurvivalAnalysis

from tests.validation.survival_samples import as_sksurv
from vfprog.validation._survival_cox import fit_cox


def draw_cox(n, seed, *, ties):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) * [1.0, 5.0, 0.2] + [0.0, 60.0, 1.0]
    margin = 0.7 * x[:, 0] - 0.05 * (x[:, 1] - 60)
    event, lost = rng.exponential(np.exp(-margin)), rng.exponential(1.5, n)
    time = np.minimum(event, lost)
    return x, np.ceil(6 * time) / 6 if ties else time, event <= lost


def test_by_hand():
    # x = 1 dies first of (1, 0, 0), then 0 of (0, 0): logL = b - log(e^b + 2) - log 2, no maximum;
    # x = 1 dies second of (0, 1, 0): logL = -log(e^b + 2) + b - log(e^b + 1), so e^2b = 2
    x = np.array([[0.0], [1.0], [0.0]])
    fit = fit_cox(x, np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))
    hazard = np.sqrt(2)
    assert np.exp(fit.coef[0]) == pytest.approx(hazard)
    steps = [1 / (2 + hazard), 1 / (2 + hazard) + 1 / (1 + hazard)]
    assert fit.cumulative_hazard == pytest.approx(steps)
    risk = fit.risk(np.array([[0.0], [1.0]]), 2.5)
    assert risk == pytest.approx(1 - np.exp(-steps[1] * np.array([1, hazard])))
    assert fit.risk(x, 0.5).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="Cox model is undefined"):
        fit_cox(x[[1, 0, 2]], np.array([1.0, 2.0, 3.0]), np.array([True, True, False]))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equals_statsmodels(ties, seed):
    x, time, event = draw_cox(150, seed, ties=True)
    expected = sm.PHReg(time, x, event.astype(int), ties=ties).fit(disp=0)
    fit = fit_cox(x, time, event, ties=ties)
    assert fit.coef == pytest.approx(expected.params, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(expected.llf, rel=1e-8)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(expected.bse, rel=1e-4)


def test_baseline_equals_scikit_survival():
    x, time, event = draw_cox(150, 4, ties=True)
    model = CoxPHSurvivalAnalysis(ties="breslow").fit(x, as_sksurv(time, event))
    fit = fit_cox(x, time, event, ties="breslow")
    expected = 1 - np.array([curve(0.5) for curve in model.predict_survival_function(x)])
    assert fit.risk(x, 0.5) == pytest.approx(expected, rel=1e-6)


def test_efron_baseline_by_its_definition():
    x, time, event = draw_cox(80, 5, ties=True)
    fit = fit_cox(x, time, event)
    hazard, total = np.exp(x @ fit.coef), 0.0
    for t in np.unique(time[event & (time <= 0.5)]):
        at_risk, dead = hazard[time >= t].sum(), hazard[(time == t) & event]
        total += sum(1 / (at_risk - k / dead.size * dead.sum()) for k in range(dead.size))
    steps = np.searchsorted(fit.event_times, 0.5, side="right")
    assert fit.cumulative_hazard[steps - 1] == pytest.approx(total)


@given(seed=st.integers(0, 1000))
def test_a_weight_is_a_repetition_under_breslow(seed):
    x, time, event = draw_cox(60, seed, ties=True)
    times = np.random.default_rng(seed).integers(1, 4, 60)
    once = fit_cox(x, time, event, times.astype(float), ties="breslow")
    rows = np.repeat(np.arange(60), times)
    many = fit_cox(x[rows], time[rows], event[rows], ties="breslow")
    assert many.coef == pytest.approx(once.coef, rel=1e-6, abs=1e-8)
    assert many.cumulative_hazard == pytest.approx(once.cumulative_hazard, rel=1e-6)


def test_undefined():
    x, time, event = draw_cox(40, 6, ties=False)
    with pytest.raises(ValueError, match="there is no event"):
        fit_cox(x, time, np.zeros(40, dtype=bool))
    with pytest.raises(ValueError, match="collinear"):
        fit_cox(np.column_stack([x, x[:, 0]]), time, event)
