"""The study of the estimators, small: the full one is ``pipelines/coverage_study.py``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.cohorts import quick_settings
from vfprog.workflows import coverage_study as study
from vfprog.workflows.coverage_study import StudyPlan, coverage_study
from vfprog.workflows.coverage_tables import ACROSS

SMALL = StudyPlan(n=300, n_fresh=400, n_resamples=3)
SETTINGS = quick_settings()


def test_the_truth_is_what_many_outcomes_would_show():
    rng = np.random.default_rng(1)
    true_risk, risk = rng.uniform(0.1, 0.9, 500), rng.uniform(0.1, 0.9, 500)
    risk = 0.6 * true_risk + 0.4 * risk
    found = study._truth(true_risk, risk)
    many = rng.random((400, 500)) < true_risk
    aucs = [roc_auc_score(y, risk) for y in many]
    assert found["c_statistic"] == pytest.approx(np.mean(aucs), abs=4 * np.std(aucs) / 20)
    expected = np.mean(true_risk * (1 - risk) ** 2 + (1 - true_risk) * risk**2)
    assert found["brier"] == pytest.approx(expected)
    assert study._truth(true_risk, true_risk)["calibration_slope"] == pytest.approx(1, abs=1e-6)


@pytest.mark.slow
def test_a_development_set_shares_no_patient_with_those_it_is_judged_on():
    digest, development, fresh, risk = study._drawn(SMALL, 5)
    assert len(digest) == 64
    assert len(set(development.patient_id)) == 300
    assert len(set(fresh.patient_id)) == 400
    assert not set(development.patient_id) & set(fresh.patient_id)
    assert set(development.site_id) <= set(fresh.site_id)
    assert ((risk > 0) & (risk < 1)).all()
    assert fresh.outcome.event[fresh.outcome.observed].mean() == pytest.approx(risk.mean(), abs=0.1)


@pytest.mark.slow
def test_it_goes_on_where_it_was_and_repeats_no_set(tmp_path, monkeypatch):
    file = tmp_path / "sets.jsonl"
    first = coverage_study(SMALL, [1, 2], file, settings=SETTINGS)
    with file.open("a") as stream:
        stream.write('{"plan": {"n": 30')  # a run that was killed
    ran = []
    genuine = study.study_set

    def watched(plan, seed, settings):
        ran.append(seed)
        return genuine(plan, seed, settings)

    monkeypatch.setattr(study, "study_set", watched)
    told = []
    table = coverage_study(
        SMALL, [1, 2, 3], file, settings=SETTINGS, progress=lambda *state: told.append(state)
    )
    assert ran == [3]
    assert told == [("development sets", 3, 3)]
    assert table["seed"].unique().tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(table[table["seed"] < 3].reset_index(drop=True), first)
    assert coverage_study(SMALL, [1, 2, 3], file, settings=SETTINGS).equals(table)
    assert ran == [3]
    counts = table.groupby(["learner", "figure", "estimator"]).size()
    assert set(counts) == {3}
    assert set(table["estimator"]) == {"apparent", "split", "cross_validated", ACROSS, "harrell",
                                       "632plus"}  # fmt: skip
    c = table[table["figure"] == "c_statistic"]
    means = c.groupby("estimator")["estimate"].mean()
    assert means["apparent"] > means["harrell"]
    assert means["apparent"] > means["cross_validated"]
    assert table["held"].between(0, 1).all()


@pytest.mark.slow
def test_without_resamples_there_is_no_correction(tmp_path):
    few = StudyPlan(n=300, n_fresh=400, n_resamples=0)
    table = coverage_study(few, [1], tmp_path / "few.jsonl", settings=SETTINGS)
    assert set(table["estimator"]) == {"apparent", "split", "cross_validated", ACROSS}
