from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.bundles import hand_bundle
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.case_mix import (
    beside_development,
    development_case_mix,
    recalibrated_case_mix,
)

HERE = pd.DataFrame({"statistic": ["n", "sd_linear_predictor"], "value": [100.0, 0.7]})
NAME = "response_preprocedure"


def test_a_bundle_without_the_table_says_so(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    table = beside_development(bundle, NAME, HERE).set_index("statistic")
    assert table["development"].isna().all()
    assert table.loc["n", "here"] == 100
    assert "does not keep it of the development" in table.loc["n", "reason"]


def test_a_recalibration_moves_the_linear_predictor_and_leaves_out_what_needs_patients():
    names = ["n", "mean_risk", "mean_linear_predictor", "sd_linear_predictor", "c_statistic"]
    table = pd.DataFrame({"statistic": names, "value": [9, 0.3, 0.5, 2.0, 0.7]})
    moved = recalibrated_case_mix(table, 1.0, -0.5).set_index("statistic")["value"]
    assert moved.to_dict() == {
        "n": 9, "mean_linear_predictor": 0.75, "sd_linear_predictor": 1.0, "c_statistic": 0.7,
    }  # fmt: skip
    assert recalibrated_case_mix(table, 0.0, 1.0)["value"].tolist() == [9, 0.3, 0.5, 2.0, 0.7]


def test_of_an_updated_bundle_the_registry_of_the_update_is_no_development(tmp_path, monkeypatch):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    own = {"model": [NAME, "other"], "statistic": ["n", "n"], "value": [100.0, 7.0]}
    tables = {"case_mix": own, "development_case_mix": {k: v[:1] for k, v in own.items()}}
    tables["development_case_mix"]["value"] = [350.0]
    monkeypatch.setattr(type(bundle), "table_names", property(lambda _: tuple(tables)))
    monkeypatch.setattr(type(bundle), "table", lambda _, name: tables[name])
    origins = {NAME: {"change": "new_intercept"}, "other": {"change": "refit"}}
    monkeypatch.setitem(bundle.manifest["provenance"], "models", origins)
    monkeypatch.setitem(bundle.manifest, "lineage", [{"version": "0"}])
    kept = development_case_mix(bundle).set_index("model")["value"]
    assert kept.to_dict() == {NAME: 350.0, "other": 7.0}
    assert beside_development(bundle, NAME, HERE)["development"].iloc[0] == 350
    del tables["development_case_mix"]
    assert development_case_mix(bundle)["model"].tolist() == ["other"]


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
