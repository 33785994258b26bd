from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.bundles import hand_bundle
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.case_mix import beside_development

HERE = pd.DataFrame({"statistic": ["n", "sd_linear_predictor"], "value": [100.0, 0.7]})
NAME = "response_preprocedure"


def test_a_bundle_without_the_table_says_so(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    table = beside_development(bundle, NAME, HERE).set_index("statistic")
    assert table["development"].isna().all()
    assert table.loc["n", "here"] == 100
    assert "keeps no such table" in table.loc["n", "reason"]


@pytest.mark.slow
def test_development_stands_beside_here(training):
    bundle = load_bundle(training.bundle)
    table = beside_development(bundle, NAME, HERE).set_index("statistic")
    cohort = training.cohorts["response"]
    assert table.loc["n", "development"] == cohort.n
    ours = training.tables["case_mix"].set_index(["model", "statistic"])["value"]
    assert table.loc["sd_linear_predictor", "development"] == ours[NAME, "sd_linear_predictor"]
    row = table.loc["membership_c_statistic"]
    assert np.isnan(row["development"])
    assert "a bundle holds no patient" in row["reason"]


@pytest.mark.slow
def test_the_table_of_a_training_is_that_of_its_final_models(training):
    ours = training.tables["case_mix"].set_index(["model", "statistic"])["value"]
    figures = training.performance.query("learner == 'model'").set_index(["model", "metric"])
    for name in training.fitted:
        c = figures.loc[(name, "c_statistic"), "estimate"]
        assert ours[name, "c_statistic"] == pytest.approx(c)
        assert 0.5 < ours[name, "expected_c_statistic"] < 1
        assert ours[name, "n_events"] == training.cohorts["response"].n_events
    risk = 1 / (1 + np.exp(-ours[NAME, "mean_linear_predictor"]))
    assert ours[NAME, "mean_risk"] == pytest.approx(risk, abs=0.1)
