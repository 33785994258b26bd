from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from tests.cohorts import make_cohort, quick_settings
from vfprog.features.design import derive_features, feature_matrix, usable_features
from vfprog.models.procedure import available_predictors, cohort_weights
from vfprog.validation.comparators import (
    Comparator,
    cross_validated_risks,
    learn,
    prevalence,
    single_predictors,
    unpenalised_logistic,
)
from vfprog.validation.held_out import split_of
from vfprog.validation.resampling import plan_folds

KEY = ("response", "preprocedure")
SETTINGS = quick_settings(outer_folds=4)


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(300, unseen=0.1, per_patient=2)


@pytest.fixture(scope="module")
def design(cohort):
    names = available_predictors(cohort.arrays, 10)
    features = usable_features(cohort.dictionary, "preprocedure", names)
    derived = derive_features(cohort.arrays, cohort.dictionary)
    return features, feature_matrix(features, derived, cohort.n)


@pytest.fixture(scope="module")
def held_out(cohort):
    plan = plan_folds(*KEY, SETTINGS, seed=5)
    return [(r.repeat, split_of(r, cohort, SETTINGS)[0]) for r in plan]


def learned(cohort, rows):
    """Outcome and weight of the episodes a fold learns from."""
    others = np.delete(np.arange(cohort.n), rows)
    rest = cohort.take(others)
    weight = cohort_weights(rest, SETTINGS)
    known = weight > 0
    return others[known], rest.outcome.event[known].astype(float), weight[known]


def test_the_prevalence_is_that_of_the_other_folds(cohort, held_out):
    found = cross_validated_risks([prevalence(cohort.n)], cohort, SETTINGS, held_out)[0]
    for _, rows in held_out:
        _, y, weight = learned(cohort, rows)
        assert found.risk[0, rows] == pytest.approx(
            np.full(len(rows), np.average(y, weights=weight))
        )


def test_without_penalty_it_is_the_maximum_likelihood_fit(cohort, design, held_out):
    features, X = design
    few = [
        i for i, f in enumerate(features) if f.name in {"age_years", "vas_baseline", "inpatient"}
    ]
    comparator = unpenalised_logistic([features[i] for i in few], X[:, few])
    found = cross_validated_risks([comparator], cohort, SETTINGS, held_out)[0]
    rows = held_out[1][1]
    others, y, weight = learned(cohort, rows)
    encoded = []
    for x in X[:, few].T:
        known = ~np.isnan(x[others])
        order = np.argsort(x[others][known])
        reached = np.cumsum(weight[known][order])
        middle = x[others][known][order][np.searchsorted(reached, reached[-1] / 2)]
        encoded += [np.where(np.isnan(x), middle, x), np.isnan(x).astype(float)]
    Z = sm.add_constant(np.column_stack(encoded))
    fit = sm.GLM(y, Z[others], family=sm.families.Binomial(), freq_weights=weight).fit()
    assert found.risk[0, rows] == pytest.approx(fit.predict(Z[rows]), abs=2e-4)


def test_each_predictor_stands_alone(cohort, design, held_out):
    features, X = design
    singles = single_predictors(features, X, cohort.dictionary)
    names = [c.name for c in singles]
    assert len(set(names)) == len(names)
    assert {"single_age_years", "single_vas_baseline", "single_height_loss_pct"} <= set(names)
    age = next(c for c in singles if c.name == "single_age_years")
    assert age.label == f"{cohort.dictionary['age_years'].label} alone"
    found = cross_validated_risks([age], cohort, SETTINGS, held_out)[0]
    # Who is alike in age and fold has the same risk, whatever else differs.
    rows = held_out[0][1]
    missing = rows[np.isnan(cohort.arrays.episodes["age_years"][rows])]
    assert missing.size > 1
    assert np.ptp(found.risk[0, missing]) < 1e-12
    assert np.ptp(found.risk[0, rows]) > 0.1


def test_a_fold_is_never_learned_from(cohort, design, held_out):
    comparator = unpenalised_logistic(*design)
    rows = held_out[0][1]
    flipped = cohort.outcome.event.copy()
    flipped[rows] = ~flipped[rows] & cohort.outcome.observed[rows]
    outcome = replace(cohort.outcome, event=flipped, status=flipped.astype(int))
    first, second = (
        cross_validated_risks([comparator], c, SETTINGS, held_out[:1])[0].risk
        for c in (cohort, replace(cohort, outcome=outcome))
    )
    assert (first[0, rows] == second[0, rows]).all()


def test_a_published_model_keeps_its_slopes_and_learns_its_level():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4000, 2))
    y = (rng.random(4000) < expit(-0.7 + X @ [0.5, -1.0])).astype(float)
    made = Comparator("p", "P", "published", "testing", coefficients=(0.5, -1.0))
    margin = learn(made, X, y, np.ones(4000), np.array([[0.0, 0.0], [2.0, 1.0], [np.nan, 0.0]]))
    assert margin[0] == pytest.approx(-0.7, abs=0.15)
    assert margin[1] - margin[0] == pytest.approx(0.0)
    assert margin[2] - margin[0] == pytest.approx(0.5 * X[:, 0].mean())
    risk = expit(margin[0] + X @ [0.5, -1.0])
    assert risk.mean() == pytest.approx(y.mean(), abs=1e-9)  # level of those it learned from


def test_what_cannot_be_learned_says_why(cohort, held_out):
    none = np.full((cohort.n, 1), np.nan)
    flat = Comparator("flat", "Flat", "single", "x", columns=np.ones((cohort.n, 1)),
                      continuous=np.zeros(1, dtype=bool))  # fmt: skip
    lost = Comparator("lost", "Lost", "published", "x", columns=none, coefficients=(1.0,))
    barred = Comparator("barred", "Barred", "score", "x", reason="none of its items is recorded")
    found = cross_validated_risks([barred, flat, lost], cohort, SETTINGS, held_out)
    assert [f.comparator.name for f in found] == ["barred", "flat", "lost"]
    assert all(f.risk is None for f in found)
    assert found[0].reason == "none of its items is recorded"
    assert found[1].reason.startswith("not learned in a fold: no predictor varies")
    assert found[2].reason == "not learned in a fold: an input is recorded in nobody"


def test_one_class_is_no_risk():
    X, y, weight = np.zeros((5, 0)), np.zeros(5), np.ones(5)
    with pytest.raises(ValueError, match="one outcome class only"):
        learn(prevalence(5), X, y, weight, X)
    score = Comparator("s", "S", "score", "x", continuous=np.zeros(1, dtype=bool))
    with pytest.raises(ValueError, match="one outcome class only"):
        learn(score, np.arange(5.0)[:, None], y, weight, np.zeros((1, 1)))


def test_separated_classes_stay_finite():
    score = Comparator("s", "S", "score", "x", continuous=np.zeros(1, dtype=bool))
    x = np.arange(40.0)[:, None]
    margin = learn(score, x, (x[:, 0] > 20).astype(float), np.ones(40), x)
    assert np.isfinite(margin).all()
    assert (margin[:20] < 0).all()


@pytest.mark.slow
def test_two_workers_give_what_one_gives(cohort, design, held_out):
    comparators = [prevalence(cohort.n), unpenalised_logistic(*design)]
    one, two = (
        cross_validated_risks(comparators, cohort, SETTINGS, held_out, n_jobs=n) for n in (1, 2)
    )
    for a, b in zip(one, two, strict=True):
        assert a.risk == pytest.approx(b.risk, abs=1e-9)
