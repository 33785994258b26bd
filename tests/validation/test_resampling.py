from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from vfprog.data.splits import bootstrap_patients
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import fit_procedure
from vfprog.scoring.model import expit
from vfprog.scoring.trees import margin
from vfprog.validation.collecting import collect_folds, fold_of
from vfprog.validation.resampling import (
    Refit,
    RefitResult,
    learner_risks,
    plan_folds,
    plan_resamples,
    run_refit,
    run_refits,
)

KEY = ("response", "preprocedure")
SETTINGS = quick_settings(outer_folds=4, outer_repeats=2)


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(200, per_patient=2)


@pytest.fixture(scope="module")
def folds(cohort):
    refits = plan_folds(*KEY, SETTINGS, seed=7)
    return list(run_refits(refits, {"response": cohort}, SETTINGS))


def test_a_plan_names_every_fold_and_sample():
    plan = plan_folds(*KEY, SETTINGS, seed=7)
    assert [(r.repeat, r.fold, r.seed) for r in plan] == [
        (repeat, fold, 7 + repeat) for repeat in (0, 1) for fold in range(4)
    ]
    assert {(r.kind, r.model) for r in plan} == {("fold", "response_preprocedure")}
    samples = plan_resamples(*KEY, 3, seed=7)
    assert [(r.kind, r.seed) for r in samples] == [("resample", s) for s in (7, 8, 9)]


def test_every_episode_is_left_out_once_per_repeat(cohort, folds):
    for repeat in (0, 1):
        rows = [result.rows for result in folds if result.refit.repeat == repeat]
        assert sorted(np.concatenate(rows)) == list(range(cohort.n))
    assert not np.array_equal(folds[0].rows, folds[4].rows)  # repeats differ


def test_patients_never_straddle_folds(cohort, folds):
    for result in folds:
        inside = cohort.patient_id[result.rows]
        outside = np.delete(cohort.patient_id, result.rows)
        assert not set(inside) & set(outside)


def test_a_fold_is_judged_by_a_model_that_never_saw_it(cohort, folds):
    result = folds[2]
    rest = cohort.take(np.delete(np.arange(cohort.n), result.rows))
    model = fit_procedure(rest, "preprocedure", SETTINGS, seed=result.refit.seed).model
    held_out = cohort.take(result.rows)
    X = model.matrix(derive_features(held_out.arrays, cohort.dictionary), held_out.n)
    assert (result.risk["model"] == model.risk(X)).all()


def test_learners_alone_are_not_recalibrated():
    cohort = make_cohort(1500, seed=3, endpoint="new_fracture")
    model = fit_procedure(cohort, "postprocedure", quick_settings(), seed=1).model
    assert model.trees is not None
    risks = learner_risks(model, cohort)
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    assert list(risks) == ["model", "logistic", "trees"]
    assert risks["logistic"] == pytest.approx(expit(model.linear.margin(X)))
    assert risks["trees"] == pytest.approx(expit(margin(model.trees, model.filled(X))))
    b = model.blend
    logit = {k: np.log(v / (1 - v)) for k, v in risks.items()}
    blended = b.a + b.b * (b.w_linear * logit["logistic"] + b.w_trees * logit["trees"])
    assert logit["model"] == pytest.approx(blended, abs=1e-9)
    without = learner_risks(replace(model, trees=None, blend=replace(b, w_trees=0.0)), cohort)
    assert list(without) == ["model", "logistic"]


def test_collected_risks_stand_at_their_episode(cohort, folds):
    shuffled = [folds[i] for i in np.random.default_rng(0).permutation(8)]
    risks = collect_folds(shuffled, cohort.n, repeats=2)
    assert {name: risk.shape for name, risk in risks.items()} == {
        "model": (2, 200),
        "logistic": (2, 200),
    }
    for result in folds:
        assert (risks["model"][result.refit.repeat, result.rows] == result.risk["model"]).all()


def hand_folds(*names):
    """Two folds of two episodes; each name is the learners of a fold."""
    return [
        RefitResult(
            Refit(*KEY, "fold", 1, fold=fold),
            rows=np.array([2 * fold, 2 * fold + 1]),
            risk={name: np.array([0.1, 0.2]) + fold / 2 for name in learners},
        )
        for fold, learners in enumerate(names)
    ]


def test_every_episode_has_the_fold_it_was_left_out_of(cohort, folds):
    fold = fold_of(folds, cohort.n, repeats=2)
    assert (fold >= 0).all()
    for result in folds:
        assert (fold[result.refit.repeat, result.rows] == result.refit.fold).all()
    assert fold_of(hand_folds(("model",)), 4, repeats=1).tolist() == [[0, 0, -1, -1]]


def test_a_learner_missing_in_any_fold_has_no_risks():
    both, one = ("model", "logistic", "trees"), ("model", "logistic")
    assert list(collect_folds(hand_folds(both, one), 4, repeats=1)) == ["model", "logistic"]
    full = collect_folds(hand_folds(both, both), 4, repeats=1)
    assert full["trees"].tolist() == [[0.1, 0.2, 0.6, 0.7]]


def test_an_episode_without_a_risk_is_an_error():
    results = hand_folds(("model",), ("model",))
    with pytest.raises(TrainingError, match="left an episode without a risk"):
        collect_folds(results[:1], 4, repeats=1)
    with pytest.raises(TrainingError, match="left an episode without a risk"):
        collect_folds([], 4, repeats=1)


def test_a_failed_fold_is_named():
    results = hand_folds(("model",), ("model",))
    results[1] = RefitResult(results[1].refit, failure="no event")
    with pytest.raises(TrainingError, match="failed in response_preprocedure, fold 2: no event"):
        collect_folds(results, 4, repeats=1)


def test_a_fold_that_cannot_be_fitted_carries_its_reason():
    cohort = make_cohort(100, event=np.arange(100) < 12)
    settings = quick_settings(outer_folds=4)
    refits = plan_folds(*KEY, settings, seed=1)
    results = list(run_refits(refits, {"response": cohort}, settings))
    assert len(results) == 4
    assert all("9 events and 66 non-events" in result.failure for result in results)
    with pytest.raises(TrainingError, match=r"response_preprocedure, fold 1: response: 9 events"):
        collect_folds(results, 100, repeats=1)


def test_resamples_that_fail_are_counted_not_raised():
    whole = make_cohort(300)
    event = np.flatnonzero(whole.outcome.event)[:12]
    cohort = whole.take(np.concatenate([event, np.flatnonzero(~whole.outcome.event)[:60]]))
    results = list(
        run_refits(plan_resamples(*KEY, 20, seed=1), {"response": cohort}, quick_settings())
    )
    failed = [result for result in results if result.fitted is None]
    assert 0 < len(failed) < 20
    for result in results:
        assert bool(result.failure) is (result.fitted is None)
    drawn = [bootstrap_patients(cohort.patient_id, seed=r.refit.seed) for r in failed]
    few = [int(often[cohort.outcome.event].sum()) < 10 for often in drawn]
    assert any(few)


def test_a_resample_is_the_fit_of_its_sample(cohort):
    refit = plan_resamples(*KEY, 1, seed=11)[0]
    result = run_refit(refit, cohort, SETTINGS)
    often = bootstrap_patients(cohort.patient_id, seed=11)
    assert (often == 0).any()
    sample = cohort.take(np.repeat(np.arange(cohort.n), often))
    expected = fit_procedure(sample, "preprocedure", SETTINGS, seed=11)
    assert (result.fitted.model.linear.coef == expected.model.linear.coef).all()
    assert result.fitted.choices == expected.choices
    assert result.fitted.booster is None


def test_members_keep_their_trees_as_arrays_only():
    cohort = make_cohort(1500, seed=3, endpoint="new_fracture")
    key = ("new_fracture", "postprocedure")
    whole = run_refit(Refit(*key, "development", 1), cohort, quick_settings())
    assert whole.fitted.booster is not None
    refits = plan_resamples(*key, 6, seed=1)
    members = [run_refit(refit, cohort, quick_settings()).fitted for refit in refits]
    assert any(member.model.trees is not None for member in members)
    assert all(member.booster is None for member in members)


def test_resamples_share_the_features_of_the_model_they_belong_to(cohort):
    features = fit_procedure(cohort, "preprocedure", SETTINGS, seed=1).model.features[:3]
    refits = plan_resamples(*KEY, 2, seed=1)
    given = {"response_preprocedure": features}
    for result in run_refits(refits, {"response": cohort}, SETTINGS, features=given):
        assert result.fitted.model.features == features


def test_where_nothing_can_be_learned_refits_answer_with_the_prevalence():
    event = np.random.default_rng(2).random(200) < 0.4  # whatever the patients are like
    cohort = make_cohort(200, event=event)
    refits = plan_folds(*KEY, SETTINGS, seed=1) + plan_resamples(*KEY, 6, seed=1)
    results = list(run_refits(refits, {"response": cohort}, SETTINGS))
    assert [result.failure for result in results] == [""] * len(results)
    flat = [result for result in results if result.flat]
    assert {"fold", "resample"} == {result.refit.kind for result in flat}
    for result in flat:
        often = np.isin(np.arange(200), result.rows, invert=True)
        if result.times is not None:
            often = result.times
            base, phi = result.fitted.model.feature_contributions(
                result.fitted.model.matrix(derive_features(cohort.arrays, cohort.dictionary), 200)
            )
            assert expit(base) == pytest.approx(np.average(event, weights=often))
            assert (phi == 0).all()
        assert result.risk["model"] == pytest.approx(np.average(event, weights=often))
    folds = [result for result in results if result.refit.kind == "fold"]
    assert collect_folds(folds, 200, repeats=SETTINGS.outer_repeats)["model"].shape[1] == 200
    refused = run_refit(Refit(*KEY, "development", 1), cohort, SETTINGS)
    assert "these predictors say nothing about the outcome" in refused.failure


def test_a_development_fit_is_that_of_everybody(cohort):
    result = run_refit(Refit(*KEY, "development", 3), cohort, SETTINGS)
    expected = fit_procedure(cohort, "preprocedure", SETTINGS, seed=3)
    assert (result.fitted.model.linear.coef == expected.model.linear.coef).all()
    assert not result.risk
    assert result.rows is None


@pytest.mark.slow
def test_two_workers_give_what_one_gives(cohort):
    refits = [*plan_folds(*KEY, SETTINGS, seed=7), *plan_resamples(*KEY, 4, seed=7)]
    by_jobs = []
    for n_jobs in (1, 2):
        results = run_refits(refits, {"response": cohort}, SETTINGS, n_jobs=n_jobs)
        by_jobs.append({result.refit: result for result in results})
    one, two = by_jobs
    assert set(one) == set(two) == set(refits)
    for refit in refits:
        if refit.kind == "fold":
            assert (one[refit].rows == two[refit].rows).all()
            assert one[refit].risk["model"] == pytest.approx(two[refit].risk["model"], abs=1e-9)
        else:
            ours, theirs = (found[refit].fitted.model.linear for found in by_jobs)
            assert ours.coef == pytest.approx(theirs.coef, abs=1e-9)
