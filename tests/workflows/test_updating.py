from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.bundles import hand_bundle
from tests.cohorts import make_cohort, quick_settings
from tests.fitted import drawn_arrays, drawn_cohort, fitted_parts
from vfprog.batch.score import bulk_log_odds
from vfprog.data.splits import patient_folds
from vfprog.errors import TrainingError
from vfprog.features.design import derive_features
from vfprog.models.procedure import cohort_weights
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.validation.updating import ClosedTest, closed_test
from vfprog.workflows.descent import update_notes
from vfprog.workflows.judging import frozen_log_odds
from vfprog.workflows.refit_decision import consider_refit
from vfprog.workflows.updating import (
    cross_validated,
    decide,
    recalibrated,
    recalibrated_members,
)

NAME = "response_preprocedure"
SETTINGS = quick_settings(outer_folds=4)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("hand") / "b"))


def of_predictors(bundle, n, *, seed, without=()):
    """Episodes with every predictor of the model but those left out."""
    arrays, kept = drawn_arrays(n, seed), bundle.model(NAME).parents - set(without)
    episodes = {name: values for name, values in arrays.episodes.items() if name in kept}
    vertebrae = {name: values for name, values in arrays.vertebrae.items() if name in kept}
    return replace(arrays, episodes=episodes, vertebrae=vertebrae)


def drawn(bundle, n, *, intercept=0.0, slope=1.0, seed=4, per_patient=1, without=()):
    """A cohort whose outcomes follow the bundle's own model, moved and stretched."""
    arrays = of_predictors(bundle, n, seed=seed, without=without)
    cohort = make_cohort(n, seed=seed, per_patient=per_patient, arrays=arrays)
    risk = expit(intercept + slope * frozen_log_odds(bundle, NAME, cohort))
    event = np.random.default_rng(seed).random(n) < risk
    return make_cohort(
        n, seed=seed, per_patient=per_patient, arrays=arrays, event=event, unseen=0.1
    )


# Less than 80 % of the lines of the model made by hand is left.
POOR = ("age_years", "vas_baseline", "fracture_age_days", "opioids")


def test_a_model_that_holds_is_left(bundle):
    done = decide(bundle, NAME, drawn(bundle, 800), SETTINGS, alpha=0.05, seed=1)
    assert (done.change, done.said) == ("no_change", "no change")
    assert np.array_equal(done.updated, done.frozen)


def test_a_level_that_does_not_hold_is_mended_and_judged_by_other_folds(bundle):
    cohort = drawn(bundle, 800, intercept=1.0)
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
    assert done.change == "new_intercept"
    assert done.said == f"new intercept ({done.test.intercept:+.3f}, slope 1.000)"
    fold = patient_folds(cohort.patient_id, cohort.outcome.event, n_folds=4, seed=1001)
    shift = done.updated - done.frozen
    for k in range(4):
        others = cohort.take(np.flatnonzero(fold != k))
        weight = cohort_weights(others, SETTINGS)
        known = weight > 0
        alone = closed_test(
            others.outcome.event[known].astype(float), expit(done.frozen[fold != k][known]),
            sample_weight=weight[known], groups=others.patient_id[known],
        )  # fmt: skip
        assert shift[fold == k] == pytest.approx(alone.intercept)
    assert len(np.unique(shift.round(9))) == 4
    assert done.test.intercept not in shift
    assert (done.decided, done.folds_differ) == ({"new_intercept": 4}, False)
    assert done.table["decision"].iloc[-1] == "4 of 4 folds"


def test_folds_are_no_more_than_patients_with_the_event(bundle):
    cohort = drawn(bundle, 60)
    event = np.zeros(60, bool)
    event[:3] = True
    outcome = replace(cohort.outcome, event=event, observed=np.ones(60, bool))
    log_odds = frozen_log_odds(bundle, NAME, cohort)
    updated, fold, decided = cross_validated(
        replace(cohort, outcome=outcome), log_odds, quick_settings(outer_folds=10), alpha=0.05,
        seed=0,
    )  # fmt: skip
    assert np.isfinite(updated).all()
    assert sum(decided.values()) == len(np.unique(fold)) == 3


def test_folds_that_decide_otherwise_are_counted_and_told(bundle):
    cohort = drawn(bundle, 800, intercept=0.5)
    weight = cohort_weights(cohort, SETTINGS)
    known = weight > 0
    log_odds = frozen_log_odds(bundle, NAME, cohort)
    p = closed_test(
        cohort.outcome.event[known].astype(float), expit(log_odds[known]),
        sample_weight=weight[known], groups=cohort.patient_id[known],
    ).table["p"].iloc[0]  # fmt: skip
    # Just rejected in everybody, so that three quarters of them seldom are enough.
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=float(p) * 1.01, seed=1)
    assert done.change == "new_intercept"
    assert done.folds_differ
    assert sum(done.decided.values()) == 4
    unmoved = [np.array_equal(done.updated[done.fold == k], done.frozen[done.fold == k])
               for k in range(4)]  # fmt: skip
    assert sum(unmoved) == done.decided["no_change"] > 0
    row = done.table.iloc[-1]
    same = done.decided.get("new_intercept", 0)
    assert (row["hypothesis"], row["decision"]) == (
        "the folds decide the same",
        f"{same} of 4 folds",
    )
    assert f"no change {done.decided['no_change']}" in row["reason"]
    (note,) = [n for n in update_notes(bundle, {NAME: done}, {}) if "decide otherwise" in n]
    assert note.startswith(f"{NAME}: {4 - same} of 4 folds decide otherwise (")
    done.change = "refit"
    assert not done.folds_differ


def test_too_few_events_are_refused(bundle):
    event = np.zeros(100, bool)
    event[:5] = True
    with pytest.raises(
        TrainingError, match="100 patients with a known outcome, 5 with and 95 without"
    ):
        decide(bundle, NAME, make_cohort(100, event=event), SETTINGS, alpha=0.05, seed=1)


@pytest.mark.parametrize("name", ["response_preprocedure", "response_postprocedure"])
def test_contributions_and_members_follow_the_new_calibrator(bundle, name):
    cohort = drawn(bundle, 800, intercept=0.6, slope=0.4)
    test = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1).test
    assert test.change == "new_intercept_and_slope"
    old = bundle.model(name)
    model = recalibrated(old, test)
    X = old.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
    assert model.log_odds(X) == pytest.approx(test.apply(old.log_odds(X)), abs=1e-12)
    base, phi = model.feature_contributions(X)
    assert base + phi.sum(axis=1) == pytest.approx(model.log_odds(X), abs=1e-9)
    members = bundle.members(name)
    moved = recalibrated_members(members, test)
    for row in X[:5]:
        assert moved.log_odds(row) == pytest.approx(test.apply(members.log_odds(row)), abs=1e-12)
    assert members.blend is not moved.blend


@pytest.mark.slow
def test_boosted_trees_in_bulk_follow_the_new_calibrator(tmp_path):
    parts = fitted_parts()
    test = ClosedTest("new_intercept_and_slope", -0.7, 1.3, pd.DataFrame())
    models = {name: recalibrated(model, test) for name, model in parts.models.items()}
    moved = load_bundle(write_bundle(replace(parts, models=models), tmp_path / "b"))
    cohort = drawn_cohort()
    for name, old in parts.models.items():
        X = old.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)
        assert old.blend.w_trees > 0
        expected = -0.7 + 1.3 * old.log_odds(X)
        assert moved.model(name).log_odds(X) == pytest.approx(expected, abs=1e-12)
        assert bulk_log_odds(moved, name, X) == pytest.approx(expected, abs=1e-9)


def test_where_too_little_is_recorded_the_intercept_alone_changes_in_every_fold(bundle):
    cohort = drawn(bundle, 900, intercept=1.5, slope=3.0, without=POOR)
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
    decisions = ["rejected", "rejected", "new_intercept", "4 of 4 folds"]
    assert done.table["decision"].tolist() == decisions
    assert done.test.slope == 1
    (said,) = done.remarks
    assert said == done.table["reason"].iloc[-2] == done.level_only
    assert "80% are needed" in said
    assert len(np.unique((done.updated - done.frozen).round(9))) == 4  # moved, never stretched
    whole = drawn(bundle, 900, intercept=1.5, slope=3.0)
    free = decide(bundle, NAME, whole, SETTINGS, alpha=0.05, seed=1)
    assert (free.change, free.remarks) == ("new_intercept_and_slope", [])


def test_a_refit_that_would_lose_predictors_is_refused_and_names_them(bundle):
    cohort = make_cohort(2500, seed=8, arrays=of_predictors(bundle, 2500, seed=8, without=POOR[:1]))
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
    assert done.level_only == ""
    consider_refit(done, bundle.model(NAME), SETTINGS, seed=1, n_jobs=1)
    last = done.table.iloc[-1]
    assert last["decision"] == "refused"
    n = len(bundle.model(NAME).parents)
    assert last["reason"].startswith(f"1 of {n} predictors of the model are not recorded here")
    assert last["reason"].endswith(": age_years")
    assert done.change != "refit"
    assert done.remarks == [f"no refit: {last['reason']}"]


def test_size_is_counted_in_the_predictors_of_the_model_and_all_else_there_is(bundle):
    arrays = drawn_arrays(300, 3)  # more predictors than the model has
    cohort = make_cohort(300, seed=3, arrays=arrays)
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
    consider_refit(done, bundle.model(NAME), SETTINGS, seed=1, n_jobs=1)
    counted = int(done.table["reason"].iloc[-1].split("needed with ")[1].split()[0])
    assert counted > len(bundle.model(NAME).parents)
    few = decide(bundle, NAME, drawn(bundle, 300), SETTINGS, alpha=0.05, seed=1)
    consider_refit(few, bundle.model(NAME), SETTINGS, seed=1, n_jobs=1)
    n = len(bundle.model(NAME).parents)
    assert few.table["reason"].iloc[-1].endswith(f"needed with {n} predictors")


def test_a_refit_is_not_considered_below_riley_s_size(bundle):
    done = decide(bundle, NAME, drawn(bundle, 300), SETTINGS, alpha=0.05, seed=1)
    before = done.change
    consider_refit(done, bundle.model(NAME), SETTINGS, seed=1, n_jobs=1)
    last = done.table.iloc[-1]
    assert (last["test"], last["decision"]) == ("Riley's criteria", "not met")
    assert "needed with" in last["reason"]
    assert done.change == before


@pytest.mark.slow
@pytest.mark.parametrize("follows", [True, False])
def test_a_refit_must_be_better_by_a_standard_error(bundle, follows):
    # make_cohort draws outcomes that the bundle made by hand knows nothing of.
    n = 2500
    arrays = of_predictors(bundle, n, seed=8)
    cohort = drawn(bundle, n) if follows else make_cohort(n, seed=8, arrays=arrays)
    done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
    before = done.updated
    consider_refit(done, bundle.model(NAME), SETTINGS, seed=1, n_jobs=1)
    assert done.table["decision"].iloc[-2] == "met"
    assert done.table["step"].tolist() == list(range(1, 6 if before is done.frozen else 7))
    last = done.table.iloc[-1]
    if follows:
        assert last["decision"] == "not refitted"
        assert done.updated is before
    else:
        assert (last["decision"], done.change, done.said) == ("refitted", "refit", "refitted")
        assert last["statistic"] > 1
        assert not np.array_equal(done.updated, before)


def test_a_model_that_ranks_the_wrong_way_round_is_told_in_words(bundle):
    for without in ((), POOR):
        cohort = drawn(bundle, 900, intercept=0.0, slope=-2.0, without=without)
        done = decide(bundle, NAME, cohort, SETTINGS, alpha=0.05, seed=1)
        assert done.change == "new_intercept"
        assert "ranks these patients the wrong way round" in done.remarks[-1]
        notes = update_notes(bundle, {NAME: done}, {})
        assert any("the wrong way round" in note for note in notes)
        assert bool(done.level_only) == bool(without)
        assert len(done.remarks) == 1 + bool(without)
