"""Low back pain: an endpoint of the mapping's own, a fifth of the pain missing, imputed copies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import vfprog
from vfprog.data.readers import read_registry
from vfprog.data.splits import patient_folds
from vfprog.errors import ConfigError
from vfprog.models.settings import load_settings
from vfprog.scoring.bundle import load_bundle
from vfprog.validation.collecting import collect_folds
from vfprog.validation.performance import performance
from vfprog.validation.resampling import plan_folds, run_refits
from vfprog.workflows.check import check
from vfprog.workflows.explain import explain
from vfprog.workflows.inputs import build_cohorts, choose_endpoints
from vfprog.workflows.score import score
from vfprog.workflows.train import train
from vfprog.workflows.validate import validate

pytestmark = pytest.mark.realdata

KEY = ("chronic", "preprocedure")
MODEL = "chronic_preprocedure"


@pytest.fixture(scope="module")
def source(realdata):
    return realdata / "low_back_pain" / "lbp_orig.csv"


@pytest.fixture(scope="module")
def stack(realdata):
    return realdata / "low_back_pain" / "lbpmilr.csv"


@pytest.fixture(scope="module")
def trained(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("lbp") / "bundle"
    few = load_settings(outer_folds=5)
    return train(
        source, out, mapping="low_back_pain", endpoints=["chronic"], settings=few, resamples=3,
        n_jobs=1,
    )  # fmt: skip


def cohort_of(path, mapping):
    registry, _ = read_registry(path, mapping=mapping)
    cohorts, _ = build_cohorts(registry, choose_endpoints(None, registry), strict=True)
    return cohorts["chronic"]


def test_the_patients_are_those_of_the_study(source):
    registry, failures = read_registry(source, mapping="low_back_pain")
    assert not [f for f in failures if f.severity == "error"]
    assert "unmapped_column" not in {f.rule for f in failures}
    cohort = cohort_of(source, "low_back_pain")
    assert (cohort.n, cohort.n_events) == (159, 69)
    assert registry.episodes["vas_baseline"].isna().mean() == pytest.approx(34 / 159)
    assert registry.episodes["vas_baseline"].max() <= 10
    # the levels 1, 2, 3 of the source are the places 0, 1, 2
    counts = registry.episodes["carrying"].value_counts().to_dict()
    assert counts == {2: 50, 1: 49, 0: 43}


def test_the_endpoint_is_the_registry_s_own_and_states_no_horizon(source):
    registry, _ = read_registry(source, mapping="low_back_pain")
    (endpoint,) = choose_endpoints(None, registry)
    assert (endpoint.name, endpoint.kind, endpoint.horizon_days) == ("chronic", "coded", None)
    assert (endpoint.population, endpoint.family) == ((), "chronic")
    assert endpoint.definition.startswith("Chronic low back pain (horizon not stated), as coded")
    assert choose_endpoints(["chronic"], registry) == (endpoint,)
    with pytest.raises(ConfigError, match="chronik"):
        choose_endpoints(["chronik"], registry)


def test_check_shows_who_takes_part(source):
    report = check(source, mapping="low_back_pain")
    assert report.n_errors == 0
    flow = report.flows["chronic"].set_index("step")["n"]
    assert (flow["all episodes"], flow["of these, events"]) == (159, 69)


def test_the_imputed_stack_keeps_its_patients(stack):
    cohort = cohort_of(stack, "low_back_pain_imputed")
    assert (cohort.n, cohort.n_events) == (1590, 690)
    assert len(np.unique(cohort.patient_id)) == 159
    first = cohort.take(np.arange(159))
    assert len(np.unique(first.patient_id)) == 159
    assert not any("impnr" in name.lower() for name in cohort.arrays.episodes)


def test_copies_of_a_patient_never_straddle_a_fold(stack):
    cohort = cohort_of(stack, "low_back_pain_imputed")
    folds = patient_folds(cohort.patient_id, cohort.outcome.event, n_folds=5, seed=1)
    per_patient = pd.Series(folds).groupby(cohort.patient_id).nunique()
    assert (len(per_patient), per_patient.max()) == (159, 1)
    assert sorted(np.unique(folds)) == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_few_events_are_warned_about(trained):
    assert (trained.cohorts["chronic"].n, trained.cohorts["chronic"].n_events) == (159, 69)
    notes = "\n".join(trained.notes)
    assert "only 69 events and 90 non-events: expect unstable risks" in notes
    assert "159 participants, Riley's criteria ask for" in notes
    assert trained.fitted[MODEL].model.trees is None
    assert trained.fitted[MODEL].model.parents == {
        "age_years", "bmi_kg_m2", "smoker", "vas_baseline", "gender_coded_1", "carrying",
        "job_satisfaction", "job_control", "job_demands", "social_support", "tampa_points",
        "function_points", "radiation", "complaint_duration_days",
    }  # fmt: skip


@pytest.mark.slow
def test_the_endpoint_travels_in_the_bundle(trained, source, tmp_path):
    endpoint = load_bundle(trained.bundle).model(MODEL).endpoint
    assert (endpoint.kind, endpoint.horizon_days, endpoint.label) == (
        "coded", None, "Chronic low back pain",
    )  # fmt: skip
    judged = validate(trained.bundle, source, mapping="low_back_pain")
    assert any("the data the models were trained on" in note for note in judged.notes)
    risk = judged.risks[MODEL].set_index("episode_id")["risk"]
    scored = score(trained.bundle, source, tmp_path / "s.csv", mapping="low_back_pain").scores
    assert scored["chronic_risk"].to_numpy() == pytest.approx(risk.to_numpy())
    done = explain(trained.bundle, source, tmp_path / "out", mapping="low_back_pain")
    ranked = done.importance.set_index("predictor")["share"]
    assert {"tampa_points", "vas_baseline"} <= set(ranked.index[:3])


@pytest.mark.slow
def test_a_patient_without_a_pain_score_gets_a_risk(trained):
    known = {"age_years": 45, "tampa_points": 45, "carrying": "3", "function_points": 7}
    one = vfprog.predict(trained.bundle, known).prognoses[0]
    two = vfprog.predict(trained.bundle, {**known, "vas_baseline": 9}).prognoses[0]
    assert 0 < one.risk < two.risk < 1
    assert one.horizon_days is None
    total = one.base_log_odds + sum(c.log_odds for c in one.contributions)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(one.risk, abs=1e-9)


def cross_validated(path, mapping, repeats):
    cohort = cohort_of(path, mapping)
    settings = load_settings(outer_folds=5, outer_repeats=repeats)
    results = list(run_refits(plan_folds(*KEY, settings, seed=1), {"chronic": cohort}, settings))
    risk = collect_folds(results, cohort.n, repeats=repeats)["model"]
    return performance(cohort.outcome.event.astype(float), risk).set_index("metric")["estimate"]


@pytest.mark.slow
def test_cross_validation_finds_what_the_scales_tell(source):
    found = cross_validated(source, "low_back_pain", repeats=4)
    # Five repeats of ten folds gave c .823, slope .87, calibration-in-the-large -.02, Brier .172.
    assert found["c_statistic"] == pytest.approx(0.82, abs=0.03)
    assert found["calibration_slope"] == pytest.approx(0.9, abs=0.2)
    assert found["calibration_in_the_large"] == pytest.approx(0, abs=0.15)
    assert found["brier"] == pytest.approx(0.172, abs=0.02)


@pytest.mark.slow
def test_copies_kept_together_flatter_nobody(stack):
    """Without the identifiers the c-statistic was .997: each copy had nine twins in the fit."""
    found = cross_validated(stack, "low_back_pain_imputed", repeats=1)
    assert found["c_statistic"] == pytest.approx(0.84, abs=0.04)
