"""The ridge against scikit-learn and the equations it solves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from vfprog.errors import TrainingError
from vfprog.models import ridge
from vfprog.models.ridge import fit_ridge
from vfprog.scoring.model import expit


def sample(n=300, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.4)  # correlated
    y = (rng.random(n) < expit(X[:, 0] - 1)).astype(float)
    return X, y, rng.uniform(0.2, 2, n)


@pytest.mark.parametrize("penalty", [1e-4, 1e-2, 1.0, 1e4])
def test_it_is_the_ridge_of_scikit_learn(penalty):
    X, y, weight = sample()
    theirs = LogisticRegression(C=penalty, tol=1e-12, max_iter=5000).fit(X, y, sample_weight=weight)
    ours = fit_ridge(X, y, weight, np.full(8, 1 / penalty))
    assert ours.coef == pytest.approx(theirs.coef_[0], abs=1e-5)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_each_coefficient_may_have_a_prior_of_its_own():
    X, y, weight = sample()
    sd = np.linspace(0.1, 2, 8)  # a prior variance is a penalty on scaled columns
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=5000)
    theirs.fit(X * sd, y, sample_weight=weight)
    ours = fit_ridge(X, y, weight, 1 / sd**2)
    assert ours.coef == pytest.approx(theirs.coef_[0] * sd, abs=1e-5)


def test_where_it_stops_no_derivative_is_left():
    X, y, weight = sample()
    fit = fit_ridge(X, y, weight, np.full(8, 3.0))
    gap = weight * (expit(X @ fit.coef + fit.intercept) - y)
    assert X.T @ gap + 3 * fit.coef == pytest.approx(np.zeros(8), abs=1e-7)
    assert gap.sum() == pytest.approx(0, abs=1e-7)


def test_the_hessian_is_that_of_the_whole_problem_with_the_intercept_free():
    X, y, weight = sample()
    fit = fit_ridge(X, y, weight, np.full(8, 3.0))
    p = expit(X @ fit.coef + fit.intercept)
    design = np.column_stack([np.ones(len(y)), X])
    whole = design.T @ (design * (weight * p * (1 - p))[:, None]) + np.diag([0.0] + [3.0] * 8)
    expected = np.linalg.inv(np.linalg.inv(whole)[1:, 1:])
    assert fit.hessian == pytest.approx(expected, rel=1e-4)


def test_a_start_elsewhere_ends_in_the_same_place():
    X, y, weight = sample()
    cold = fit_ridge(X, y, weight, np.full(8, 0.1))
    far = fit_ridge(X, y, weight, np.full(8, 1e4))
    warm = fit_ridge(X, y, weight, np.full(8, 0.1), far)
    assert warm.coef == pytest.approx(cold.coef, abs=1e-8)
    assert warm.intercept == pytest.approx(cold.intercept, abs=1e-8)


def test_blocks_of_rows_change_nothing(monkeypatch):
    X, y, weight = sample()
    whole = fit_ridge(X, y, weight, np.full(8, 0.1))
    monkeypatch.setattr(ridge, "_ROWS", 7)
    assert fit_ridge(X, y, weight, np.full(8, 0.1)).coef == pytest.approx(whole.coef, abs=1e-12)


def test_separated_classes_are_held_by_the_penalty():
    x = np.linspace(-1, 1, 40)[:, None] * 50
    y = (x[:, 0] > 0).astype(float)
    fit = fit_ridge(x, y, np.ones(40), np.ones(1))
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=5000).fit(x, y)
    assert fit.coef == pytest.approx(theirs.coef_[0], rel=1e-4)


def test_a_search_that_does_not_end_is_an_error(monkeypatch):
    X, y, weight = sample()
    monkeypatch.setattr(ridge, "_MAX_STEPS", 1)
    with pytest.raises(TrainingError, match="the ridge did not converge"):
        fit_ridge(X, y, weight, np.full(8, 0.1))
