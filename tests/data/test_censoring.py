import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv
from statsmodels.duration.hazard_regression import PHReg

from vfprog.data.censoring import censoring_cox, censoring_km, fit_cox
from vfprog.errors import TrainingError


def test_kaplan_meier_of_censoring_by_hand():
    # day       2  3  3  5  5  7  8
    # censored  -  x  -  -  x  -  x    at ties the event leaves first
    # At risk of censoring: day 3: 7 - 1 (day 2) - 1 (event of day 3) = 5; day 5: 4 - 1 = 3.
    time = np.array([2, 3, 3, 5, 5, 7, 8], dtype=float)
    censored = np.array([0, 1, 0, 0, 1, 0, 1], dtype=bool)
    after_3, after_5 = 4 / 5, 4 / 5 * 2 / 3
    assert censoring_km(time, censored) == pytest.approx(
        [1, 1, 1, after_3, after_3, after_5, after_5]
    )


def test_nobody_censored_is_one():
    assert censoring_km(np.array([3.0, 1.0, 2.0]), np.zeros(3, dtype=bool)).tolist() == [1, 1, 1]


def sample(n, rng):
    X = rng.normal(size=(n, 3))
    X -= X.mean(axis=0)
    time = np.ceil(rng.exponential(200 * np.exp(-0.5 * X[:, 0])))
    return X, time, rng.random(n) < 0.5


def test_cox_agrees_with_statsmodels():
    X, time, happens = sample(200, np.random.default_rng(1))
    rank = np.unique(time, return_inverse=True)[1]
    ours = fit_cox(rank, happens, X, penalty=0.0)
    theirs = PHReg(time, X, status=happens.astype(int), ties="breslow").fit()
    assert ours == pytest.approx(theirs.params, abs=1e-6)


def test_ridge_and_baseline_agree_with_scikit_survival():
    X, time, censored = sample(150, np.random.default_rng(2))
    time = time + 0.25 * censored  # no ties between events and censorings: both orders agree
    model = CoxPHSurvivalAnalysis(alpha=5.0, ties="breslow").fit(
        X, Surv.from_arrays(censored, time)
    )
    survival = model.predict_survival_function(X, return_array=True)
    before = np.searchsorted(model.unique_times_, time) - 1
    expected = np.where(before < 0, 1.0, survival[np.arange(150), before])
    assert censoring_cox(time, censored, X, penalty=5.0) == pytest.approx(expected, abs=1e-5)


def test_censorings_of_the_same_day_come_after_events():
    X = np.zeros((3, 1))
    time, censored = np.array([1.0, 1.0, 2.0]), np.array([False, True, False])
    # Breslow: one censoring among the two still there on day 1; G(2-) = exp(-1/2).
    assert censoring_cox(time, censored, X) == pytest.approx([1, 1, np.exp(-0.5)])


def test_a_fit_that_does_not_converge_is_an_error():
    X = np.full((6, 1), np.nan)
    with pytest.raises(TrainingError, match="does not converge"):
        fit_cox(np.arange(6), np.ones(6, dtype=bool), X, penalty=1.0)
