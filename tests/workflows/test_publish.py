from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import vfprog
from tests.cohorts import quick_settings, registry_tables
from vfprog.records import Artifact, Figure, Metric, Param, Table
from vfprog.workflows.publish import publish, run_records
from vfprog.workflows.train import train

MODEL = "response_preprocedure"
FIGURES = {
    "decision_curve", "calibration", "shap_importance", "shap_beeswarm", "participant_flow",
    "internal_external_c_statistic", "internal_external_calibration_slope",
    "internal_external_calibration_in_the_large", "subgroups_c_statistic",
    "subgroups_calibration_in_the_large", "comparators_c_statistic", "comparators_brier",
    "comparator_decision_curves",
}  # fmt: skip

# Of a training of response, in which some were not assessed.
SOME = {"flow_response", "characteristics_response", "delta_adjusted_response", "importance"}


def kinds(run, kind):
    return {record.name: record for record in run.records if isinstance(record, kind)}


@pytest.fixture(scope="module")
def records(training):
    return run_records(training)


def test_the_parent_names_data_settings_and_environment(training, records):
    assert records.name == f"training {training.parts.version}"
    given = training.parts.provenance
    assert records.tags["dataset_name"] == given["source"]
    assert records.tags["dataset_digest"] == given["digest"]
    assert records.tags["trained_on"] == "registry"
    params = {name: record.value for name, record in kinds(records, Param).items()}
    assert (params["seed"], params["n_sites"], params["resamples"]) == (1, 3, 2)
    assert params["settings.copies"] == 1
    assert params["versions.numpy"] == np.__version__
    assert set(training.tables) > SOME
    assert set(kinds(records, Table)) == {"performance", *training.tables}
    paths = [r.path for r in records.records if isinstance(r, Artifact)]
    assert paths == [training.bundle / "manifest.json"]
    assert set(kinds(records, Metric)) == {
        "response_preprocedure.c_statistic",
        "response_postprocedure.c_statistic",
    }


def test_the_page_says_how_well_on_whom_and_what_to_beware_of(training, records):
    page = records.tags["mlflow.note.content"]
    row = training.performance.query(
        "model == @MODEL and learner == 'model' and metric == 'c_statistic'"
    ).iloc[0]
    shown = f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    assert f"| {MODEL} | {shown} | " in page
    assert "| 220 | 99 |" in page
    assert "3 folds by patient" in page
    for note in training.notes:
        assert f"- {note}" in page
    assert "SIMULATED" not in page


def test_simulated_data_are_marked_on_the_page(training):
    parts = replace(training.parts, simulated=True)
    run = run_records(replace(training, parts=parts))
    assert run.tags["mlflow.note.content"].startswith("**SIMULATED DATA: not for care.**")
    assert run.tags["trained_on"] == "simulated"
    assert {child.tags["trained_on"] for child in run.children} == {"simulated"}


def test_each_model_has_a_run_and_each_learner_one_in_it(training, records):
    assert [run.name for run in records.children] == list(training.fitted)
    run = records.children[0]
    assert run.tags == {"endpoint": "response", "prediction_time": "preprocedure",
                        "learner": "blend", "trained_on": "registry"}  # fmt: skip
    assert [child.name for child in run.children] == [f"{MODEL}.logistic"]
    assert run.children[0].tags["learner"] == "logistic"
    params = {name: record.value for name, record in kinds(run, Param).items()}
    assert params["definition"] == training.fitted[MODEL].model.endpoint.definition
    assert params["n"] == 120  # patients
    assert set(kinds(run, Figure)) == FIGURES
    assert set(kinds(run, Table)) == {
        "risk_distribution", "decision_curve", "calibration_curve", "contributions", "importance",
        "importance_concepts",
    }  # fmt: skip


@pytest.mark.parametrize("learner", ["model", "logistic"])
def test_metrics_are_the_rows_of_the_performance_table(training, records, learner):
    run = records.children[0] if learner == "model" else records.children[0].children[0]
    table = training.performance.query("model == @MODEL and learner == @learner")
    expected = table.dropna(subset="estimate").set_index("metric")
    metrics = kinds(run, Metric)
    assert set(metrics) == set(expected.index)
    for name, metric in metrics.items():
        assert metric.estimate == expected.loc[name, "estimate"]
        if np.isnan(expected.loc[name, "lower"]):
            assert metric.lower is None
        else:
            assert (metric.lower, metric.upper) == tuple(expected.loc[name, ["lower", "upper"]])
        assert np.isfinite(metric.estimate)


@pytest.fixture(scope="module")
def store(training, tmp_path_factory):
    """The training published, and the client that reads it."""
    root = tmp_path_factory.mktemp("tracking") / "mlruns"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        published = publish(training, root=root)
    from vfprog.tracking.store import open_client

    return published, open_client(published.uri)


def files(client, run_id, folder):
    return {Path(found.path).name for found in client.list_artifacts(run_id, folder)}


@pytest.mark.slow
def test_the_runs_can_be_read_back(training, store, tmp_path):
    published, client = store
    run = client.get_run(published.run.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["dataset_digest"] == training.parts.provenance["digest"]
    assert run.data.tags["mlflow.note.content"].startswith("Cross-validated (3 folds by patient")
    assert run.data.params["seed"] == "1"
    tables = {name.split(".")[0] for name in files(client, run.info.run_id, "tables")}
    assert tables == {"performance", *training.tables}
    assert files(client, run.info.run_id, "bundle") == {"manifest.json"}
    place = client.download_artifacts(run.info.run_id, "bundle/manifest.json", str(tmp_path))
    assert Path(place).read_bytes() == (training.bundle / "manifest.json").read_bytes()


@pytest.mark.slow
def test_nested_runs_carry_metrics_figures_and_tables(training, store):
    published, client = store
    assert [child.name for child in published.run.children] == list(training.fitted)
    child = published.run.children[0]
    run = client.get_run(child.run_id)
    assert run.data.tags["mlflow.parentRunId"] == published.run.run_id
    assert run.data.tags["prediction_time"] == "preprocedure"
    row = training.performance.query(
        "model == @MODEL and learner == 'model' and metric == 'c_statistic'"
    ).iloc[0]
    shown = [run.data.metrics[f"c_statistic{end}"] for end in ("", ".lower", ".upper")]
    assert shown == pytest.approx([row["estimate"], row["lower"], row["upper"]])
    names = {name.split(".")[0] for name in files(client, child.run_id, "figures")}
    assert names == FIGURES
    names = {name.split(".")[0] for name in files(client, child.run_id, "tables")}
    assert names >= {"calibration_curve", "decision_curve", "contributions", "importance"}
    grandchild = client.get_run(child.children[0].run_id)
    assert grandchild.data.tags["learner"] == "logistic"
    assert grandchild.data.tags["mlflow.parentRunId"] == child.run_id
    assert 0.5 < grandchild.data.metrics["c_statistic"] < 1


@pytest.mark.slow
def test_the_bundle_is_registered_as_challenger(store):
    published, client = store
    version = client.get_model_version_by_alias("vfprog", "challenger")
    assert str(version.version) == published.version == "1"
    assert version.run_id == published.run.run_id
    assert version.tags == {"trained_on": "registry"}


@pytest.mark.slow
def test_the_registered_model_gives_the_risks_predict_gives(training, store):
    import mlflow

    published, _ = store
    tables = registry_tables()
    rows = tables["episodes"].head(40)
    of_episode = dict(list(tables["vertebrae"].groupby("episode_id")))
    patients = []
    for record in rows.drop(
        columns=["patient_id", "site_id", "index_date", "treatment", "follow_up_end_day"]
    ).to_dict("records"):
        vertebrae = of_episode[record.pop("episode_id")].drop(columns="episode_id")
        known = {name: value for name, value in record.items() if not pd.isna(value)}
        listed = [
            {k: v for k, v in vertebra.items() if not pd.isna(v)}
            for vertebra in vertebrae.to_dict("records")
        ]
        patients.append({**known, "vertebrae": listed})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        mlflow.set_tracking_uri(published.uri)
        try:
            model = mlflow.pyfunc.load_model("models:/vfprog@challenger")
            scored = model.predict(pd.DataFrame(patients))
        finally:
            mlflow.set_tracking_uri(None)
    expected = [p.prognoses[0] for p in vfprog.predict(training.bundle, patients)]
    risks = np.array([prognosis.risk for prognosis in expected])
    assert scored["response_risk"].to_numpy() == pytest.approx(risks, abs=1e-9)
    times = [prognosis.prediction_time for prognosis in expected]
    assert scored["response_prediction_time"].tolist() == times
    assert set(times) == {"preprocedure", "postprocedure"}


@pytest.mark.slow
def test_a_second_training_takes_the_alias_over(training, store, tmp_path):
    published, client = store
    again = train(
        training.registry, tmp_path / "b", endpoints=["response"], settings=quick_settings(),
        resamples=0, n_jobs=1, seed=2,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", published.uri)
        second = publish(again, root=tmp_path / "unused", alias="candidate")
    assert (second.version, second.uri) == ("2", published.uri)
    assert not (tmp_path / "unused").exists()
    assert str(client.get_model_version_by_alias("vfprog", "candidate").version) == "2"
    assert str(client.get_model_version_by_alias("vfprog", "challenger").version) == "1"
