from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cohorts import FEW, make_arrays, make_cohort, quick_settings
from vfprog.errors import InputError, TrainingError
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.design import all_features, derive_features
from vfprog.models.blanking import blank_share
from vfprog.models.learning import build_rows
from vfprog.models.procedure import (
    available_predictors,
    check_classes,
    cohort_weights,
    fit_procedure,
    lost_outcomes,
)
from vfprog.models.sample_size import riley_sample_size
from vfprog.models.settings import load_settings
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.trees import margin

PROCEDURE = {p.name for p in load_dictionary().predictors if p.known_at == "procedure"}


def fit(cohort, time="preprocedure", *, seed=1, **options):
    return fit_procedure(cohort, time, quick_settings(), seed=seed, **options)


def risks(fitted, cohort):
    model = fitted.model
    return model.risk(model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n))


def slope_of(risk, event):
    logit = np.log(risk / (1 - risk))
    return sm.GLM(event, sm.add_constant(logit), sm.families.Binomial()).fit().params[1]


# What is refused and what is warned about


@pytest.mark.parametrize(("value", "words"), [(0, "no event"), (1, "nothing but events")])
def test_one_class_is_refused(value, words):
    with pytest.raises(TrainingError, match=f"response: {words} among 60 participants"):
        fit(make_cohort(60, event=np.full(60, value)))


@pytest.mark.parametrize("flip", [False, True])
def test_fewer_than_ten_of_a_class_are_refused(flip):
    event = (np.arange(100) < 9) ^ flip
    numbers = "91 events and 9 non-events" if flip else "9 events and 91 non-events"
    with pytest.raises(TrainingError, match=f"response: {numbers}; fewer than 10"):
        fit(make_cohort(100, event=event))


def test_ten_of_a_class_are_enough():
    cohort = make_cohort(300)
    rows = np.concatenate([np.flatnonzero(cohort.outcome.event)[:10],
                           np.flatnonzero(~cohort.outcome.event)[:60]])  # fmt: skip
    assert fit(cohort.take(rows)).choices["n_events"] == 10


def test_events_nobody_saw_do_not_count():
    cohort = make_cohort(100, event=np.arange(100) < 12)
    unseen = np.arange(100) % 3 == 0
    outcome = replace(
        cohort.outcome, observed=~unseen, event=cohort.outcome.event & ~unseen,
        status=np.where(unseen, 0, cohort.outcome.status),
    )  # fmt: skip
    with pytest.raises(TrainingError, match="8 events and 58 non-events"):
        fit(replace(cohort, outcome=outcome))


def test_no_usable_predictor_is_refused():
    arrays = make_arrays(80, names=())
    nothing = replace(arrays, vertebrae={})
    with pytest.raises(TrainingError, match="response: no usable predictor at preprocedure"):
        fit(make_cohort(80, arrays=nothing))
    only_cement = {"cement_volume_ml": arrays.vertebrae["cement_volume_ml"]}
    much = np.bincount(arrays.owner, weights=only_cement["cement_volume_ml"]) > 7
    cohort = make_cohort(80, arrays=replace(arrays, vertebrae=only_cement), event=much)
    with pytest.raises(TrainingError, match="no usable predictor at preprocedure"):
        fit(cohort)
    assert "cement_volume_ml" in fit(cohort, "postprocedure").model.parents


def test_few_events_and_one_site_are_noted():
    cohort = make_cohort(300, sites=1)
    notes = check_classes(cohort.outcome.event.astype(float), cohort, quick_settings())
    assert notes == ["one site only: how the model travels to other sites cannot be judged"]
    few = make_cohort(100, event=np.arange(100) < 19)
    notes = check_classes(few.outcome.event.astype(float), few, quick_settings())
    assert notes == ["only 19 events and 81 non-events: expect unstable risks"]
    none = check_classes(np.arange(100) % 2.0, few, quick_settings())
    assert none == []
    copies = make_cohort(1000, per_patient=10, event=np.arange(1000) < 190)
    notes = check_classes(copies.outcome.event.astype(float), copies, quick_settings())
    said = "19 events and 81 non-events (patients of 1000 rows)"
    assert notes == [f"only {said}: expect unstable risks"]
    with pytest.raises(TrainingError, match=r"response: 19 events and 81 non-events \(patients"):
        check_classes(copies.outcome.event.astype(float), copies, quick_settings(min_class=20))


def test_copies_of_patients_are_no_sample_of_riley_s_size():
    cohort = make_cohort(100)
    once, drawn = fit(cohort), cohort.take(np.repeat(np.arange(100), 15))
    copies = fit(replace(drawn, episode_id=np.arange(1500).astype(str).astype(object)))
    assert copies.choices["n"] == once.choices["n"] == 100
    note = next(note for note in copies.notes if "Riley's criteria ask for" in note)
    assert note.startswith("100 participants, ")
    assert copies.choices["n"] < copies.choices["riley_needed"] < 1500
    assert fit(drawn).choices["n"] == 1500  # each drawn fifteen times, as a bootstrap counts them


def test_predictors_known_too_seldom_or_constant_are_left_out():
    arrays = make_arrays(100, missing=0)
    rare, almost = (np.full(100, np.nan) for _ in range(2))
    rare[:9], almost[:10] = np.arange(9), np.arange(10)
    given = {"bmi_kg_m2": rare, "sva_mm": almost, "smoker": np.ones(100), **arrays.episodes}
    found = available_predictors(replace(arrays, episodes=given), 10)
    assert found == ["sva_mm", *FEW, "height_loss_pct", "intravertebral_cleft", "cement_volume_ml"]


# Riley's sample size


def test_below_rileys_size_lines_replace_splines_and_trees_are_left_out():
    cohort = make_cohort(300)
    fitted = fit(cohort)
    model, choices = fitted.model, fitted.choices
    needed = riley_sample_size(len(model.parents), cohort.outcome.event.mean()).needed
    assert (choices["riley_needed"], choices["n_predictors"]) == (needed, 7)
    assert choices["n"] < needed
    assert model.trees is None
    assert fitted.booster is None
    assert (choices["w_trees"], choices["rounds"]) == (0, 0)
    assert np.isnan(model.linear.encoding.knots).all()
    assert (model.linear.coef[:, 1:3] == 0).all()
    assert f"Riley's criteria ask for {needed} with 7 predictors" in fitted.notes[-1]


@pytest.fixture(scope="module")
def large():
    """A fit above Riley's size, on data with an interaction that trees see."""
    cohort = make_cohort(1500, seed=3, endpoint="new_fracture")
    return cohort, fit_procedure(cohort, "postprocedure", quick_settings(), seed=1)


def test_above_rileys_size_there_are_splines(large):
    _, fitted = large
    assert fitted.choices["n"] > fitted.choices["riley_needed"]
    assert not any("Riley" in note for note in fitted.notes)
    knots = dict(
        zip(
            [f.name for f in fitted.model.features], fitted.model.linear.encoding.knots, strict=True
        )
    )
    assert np.isfinite(knots["age_years"]).all()
    assert np.isnan(knots["inpatient"]).all()


def test_trees_obey_the_monotone_directions(large):
    cohort, fitted = large
    model = fitted.model
    assert model.trees is not None
    directions = {f.name: dict(f.monotone).get("new_fracture", 0) for f in model.features}
    assert directions["age_years"] == directions["n_prevalent_fractures"] == 1
    assert directions["t_score"] == 0
    rng = np.random.default_rng(0)
    X = model.matrix(derive_features(cohort.arrays, cohort.dictionary), cohort.n)[:400]
    names = list(directions)
    for name in ("age_years", "n_prevalent_fractures"):
        column = names.index(name)
        low, high = X.copy(), X.copy()
        low[:, column] = rng.uniform(0, 60, 400)
        high[:, column] = low[:, column] + rng.uniform(0, 40, 400)
        assert (margin(model.trees, high) >= margin(model.trees, low)).all()
    # Age truly moves the risk, so the constraint is not empty.
    column = names.index("age_years")
    low, high = X.copy(), X.copy()
    low[:, column], high[:, column] = 60, 90
    assert (margin(model.trees, high) > margin(model.trees, low)).mean() > 0.9


def test_an_input_never_missing_is_filled_and_others_are_left_to_the_trees():
    arrays = make_arrays(1200, missing=0.1)
    given = arrays.episodes
    given["vas_baseline"] = np.where(np.isnan(given["vas_baseline"]), 7.0, given["vas_baseline"])
    fitted = fit(make_cohort(1200, arrays=arrays))
    fill = dict(zip([f.name for f in fitted.model.features], fitted.model.tree_fill, strict=True))
    assert fill["vas_baseline"] == np.median(given["vas_baseline"])
    assert np.isnan(fill["age_years"])
    assert fill["height_loss_pct_max"] > 0


# Prediction time


@settings(max_examples=8)
@given(st.sampled_from(range(8)), st.sampled_from(["preprocedure", "postprocedure"]))
def test_a_preprocedure_model_never_knows_the_procedure(seed, time):
    model = fit(make_cohort(150, seed=seed), time, seed=seed).model
    late = {f.name for f in model.features if f.known_at == "procedure"}
    if time == "preprocedure":
        assert not model.parents & PROCEDURE
        assert not late
    else:
        assert "cement_volume_ml" in model.parents
        assert late


def test_features_forced_on_it_are_guarded():
    late = tuple(f for f in all_features(load_dictionary()) if "cement_volume_ml" in f.parents)
    with pytest.raises(InputError, match="too late for a preprocedure model"):
        fit(make_cohort(150), features=late)


def test_features_asked_for_are_those_used():
    chosen = tuple(
        f for f in all_features(load_dictionary()) if f.name in {"age_years", "bmi_kg_m2"}
    )
    model = fit(make_cohort(150), features=chosen).model
    assert model.features == chosen
    assert model.linear.coef[1].tolist() == [0, 0, 0, 0]  # nobody's body mass index is recorded


# Weights, folds, copies, seeds


def test_the_same_seed_gives_the_same_model_and_another_does_not():
    cohort = make_cohort(200)
    one, same, other = (fit(cohort, seed=s) for s in (5, 5, 6))
    assert one.choices == same.choices
    assert (one.model.linear.coef == same.model.linear.coef).all()
    assert (one.model.linear.coef != other.model.linear.coef).any()


def test_rows_are_weighted_once_per_patient_and_copies_share_the_fold():
    cohort = make_cohort(120, per_patient=2, unseen=0.2)
    use = quick_settings(copies=2)
    weight = cohort_weights(cohort, use)
    known = np.flatnonzero(weight > 0)
    cohort, weight = cohort.take(known), weight[known]
    parents = ["age_years", "t_score"]
    features = tuple(f for f in all_features(cohort.dictionary) if f.name in parents)
    outcome = cohort.outcome.event.astype(float)
    rows = build_rows(cohort, outcome, weight, features, use, np.random.default_rng(1))
    n = cohort.n
    assert (len(rows.y), rows.n_recorded, rows.X.shape) == (3 * n, n, (3 * n, 2))
    assert rows.weight.reshape(3, n).sum(axis=0) == pytest.approx(weight)
    for values in (rows.fold, rows.patient, rows.y):
        assert (values.reshape(3, n) == values[:n]).all()
    per_patient = np.bincount(rows.patient, weights=rows.weight)
    expected = np.bincount(np.unique(cohort.patient_id, return_inverse=True)[1], weights=weight)
    assert per_patient == pytest.approx(expected)
    for number in np.unique(rows.patient):
        assert len(np.unique(rows.fold[rows.patient == number])) == 1
    original = rows.X[:n]
    np.testing.assert_array_equal(original[:, 0], cohort.arrays.episodes["age_years"])
    assert np.isnan(rows.X[n:]).mean() > np.isnan(original).mean() + 0.15


def test_repeated_rows_of_a_patient_never_straddle_folds():
    cohort = make_cohort(90)
    rows = np.random.default_rng(2).integers(0, 90, 200)
    sample, use = cohort.take(rows), quick_settings(copies=0)
    feature = tuple(f for f in all_features(cohort.dictionary) if f.name == "age_years")
    outcome = sample.outcome.event.astype(float)
    made = build_rows(sample, outcome, np.ones(200), feature, use, np.random.default_rng(1))
    for patient in np.unique(sample.patient_id):
        assert len(np.unique(made.fold[sample.patient_id == patient])) == 1
    assert len(np.unique(made.fold)) == 3


def test_weights_stand_for_the_unseen():
    cohort = make_cohort(400, unseen=0.3)
    weight = cohort_weights(cohort, quick_settings(truncate=1.0))
    seen = cohort.outcome.observed
    assert (weight[~seen] == 0).all()
    assert (weight[seen] >= 1).all()
    # Inverse probabilities of a logistic model with intercept sum to everybody, nearly.
    assert weight.sum() == pytest.approx(400, rel=0.03)


def test_a_nominal_covariate_of_the_weights_enters_by_its_levels():
    cohort = make_cohort(300)
    level = np.random.default_rng(0).integers(0, 2, 300).astype(float)
    arrays = replace(cohort.arrays, episodes={**cohort.arrays.episodes, "sex": level})
    endpoint = cohort.endpoint.model_copy(update={"weight_covariates": ("sex",)})
    seen = np.random.default_rng(1).random(300) < np.where(level == 1, 0.9, 0.5)
    outcome = replace(cohort.outcome, observed=seen, event=cohort.outcome.event & seen)
    changed = replace(cohort, arrays=arrays, endpoint=endpoint, outcome=outcome)
    weight = cohort_weights(changed, quick_settings(truncate=1.0))
    for code in (0, 1):
        share = seen[level == code].mean()
        assert weight[seen & (level == code)] == pytest.approx(1 / share, rel=0.03)


def test_a_covariate_that_does_not_exist_is_no_secret():
    cohort = make_cohort(60)
    endpoint = cohort.endpoint.model_copy(update={"weight_covariates": ("age",)})
    with pytest.raises(ValueError, match="weight covariate 'age'"):
        cohort_weights(replace(cohort, endpoint=endpoint), quick_settings())


def test_weights_change_the_fit():
    cohort = make_cohort(300)
    unseen = (cohort.arrays.episodes["inpatient"] == 1) & (np.arange(300) % 2 == 0)
    keep = np.flatnonzero(~unseen)
    outcome = replace(
        cohort.outcome, observed=~unseen, event=cohort.outcome.event & ~unseen,
        status=np.where(unseen, 0, cohort.outcome.status),
    )  # fmt: skip
    weighted = fit(replace(cohort, outcome=outcome)).model.linear
    plain = fit(cohort.take(keep)).model.linear
    assert weighted.intercept != pytest.approx(plain.intercept, abs=1e-6)
    assert weighted.center[:, 0] != pytest.approx(plain.center[:, 0], abs=1e-6)


def test_the_risks_of_all_rows_are_risks():
    cohort = make_cohort(300)
    risk = risks(fit(cohort), cohort)
    assert ((risk > 0) & (risk < 1)).all()
    nothing = EpisodeArrays(1, {}, {}, np.zeros(0, dtype=np.intp))
    blank = risks(fit(cohort), replace(cohort, arrays=nothing))
    assert blank == pytest.approx(cohort.outcome.event.mean(), abs=0.12)


# Fresh patients


def fitted_on_each(**changes):
    use = load_settings(**changes)
    cohorts = [make_cohort(1500, seed=seed, endpoint="new_fracture") for seed in (3, 4, 5)]
    return [fit_procedure(c, "postprocedure", use, seed=1) for c in cohorts]


@pytest.fixture(scope="module")
def several():
    """Fits with the default settings, each on its own sample of 1500."""
    return fitted_on_each()


def fresh_patients(names, *, half):
    fresh = make_cohort(20_000, seed=77, endpoint="new_fracture")
    if not half:
        return fresh
    arrays = blank_share(fresh.arrays, names, share=0.5, rng=np.random.default_rng(5))
    return replace(fresh, arrays=arrays)


def mean_slope(fits, fresh):
    return np.mean([slope_of(risks(fitted, fresh), fresh.outcome.event) for fitted in fits])


@pytest.mark.slow
def test_risks_of_fresh_patients_are_calibrated(several):
    fresh = fresh_patients((), half=False)
    # Eight samples gave slopes of .94 to 1.05, mean .99.
    assert mean_slope(several, fresh) == pytest.approx(1, abs=0.1)
    mean = np.mean([risks(fitted, fresh) for fitted in several])
    assert mean == pytest.approx(fresh.outcome.event.mean(), abs=0.02)


@pytest.mark.slow
def test_half_of_the_inputs_is_enough_for_calibration(several):
    fresh = fresh_patients(sorted(several[0].model.parents), half=True)
    # Eight samples gave slopes of .79 to .93, mean .86; without copies about .66.
    assert 0.8 < mean_slope(several, fresh) < 1.1
    mean = np.mean([risks(fitted, fresh) for fitted in several])
    assert mean == pytest.approx(fresh.outcome.event.mean(), abs=0.03)
    assert mean_slope(fitted_on_each(copies=0), fresh) < mean_slope(several, fresh) - 0.1


def test_heavy_loss_is_said_with_the_effective_sample_size():
    assert lost_outcomes(np.ones(6), 10, np.arange(6)) == []
    # weights 1, 1, 4: (1 + 1 + 4)^2 / (1 + 1 + 16) = 2
    (note,) = lost_outcomes(np.array([1.0, 1.0, 4.0]), 8, np.arange(3))
    assert note == (
        "the outcome of 3 of 8 participants is known; weights up to 4.0 stand for the others "
        "(effective sample size 2)"
    )
