"""A validation and a report become runs of their own, found by the bundle's digest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cohorts import registry_tables, write_registry
from vfprog.records import Artifact, Figure, Metric, Table
from vfprog.scoring.bundle import load_bundle
from vfprog.tracking.store import open_client
from vfprog.workflows.publish import BUNDLE_SHA256, run_records
from vfprog.workflows.publish_evidence import publish, report_records, validation_records
from vfprog.workflows.report import write_report
from vfprog.workflows.validate import validate

pytestmark = pytest.mark.slow

MODEL = "response_preprocedure"


def names(run, kind):
    return {record.name for record in run.records if isinstance(record, kind)}


@pytest.fixture(scope="module")
def result(training, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere") / "theirs"
    return validate(training.bundle, write_registry(folder, registry_tables(400, seed=9)))


def test_a_validation_lands_as_long_tables_figures_and_case_mix(result, training):
    run = validation_records(result)
    assert run.tags["dataset_name"] == result.source == "theirs"
    assert run.tags["dataset_context"] == "validation"
    assert {"performance", "case_mix", "population", "subgroups", "flow_response",
            "decision_curve", "by_site"} <= names(run, Table)  # fmt: skip
    assert f"{MODEL}_c_statistic" in names(run, Figure)  # by site
    assert [child.name for child in run.children] == list(result.risks)
    (first, *_) = run.children
    assert {"decision_curve", "calibration"} <= names(first, Figure)
    rows = result.performance.query("model == @MODEL and estimate.notna()")
    found = {r.name: r for r in first.records if isinstance(r, Metric)}
    assert set(found) == set(rows["metric"])
    expected = rows.set_index("metric").loc["c_statistic"]
    c = found["c_statistic"]
    assert (c.estimate, c.lower, c.upper) == tuple(expected[["estimate", "lower", "upper"]])
    assert "SIMULATED" not in run.tags["mlflow.note.content"]
    for note in result.notes:
        assert f"- {note}" in run.tags["mlflow.note.content"]


def test_simulated_patients_are_marked_on_the_page(result):
    run = validation_records(replace(result, simulated=True))
    assert run.tags["mlflow.note.content"].startswith("**SIMULATED DATA: not for care.**")


def test_notes_too_long_for_the_page_are_all_in_a_table(result):
    long = replace(result, notes=["x" * 300 for _ in range(40)])
    run = validation_records(long)
    page = run.tags["mlflow.note.content"]
    assert len(page) <= 5000
    assert page.endswith("- and others, see the table of notes")
    (table,) = (r for r in run.records if isinstance(r, Table) and r.name == "notes")
    assert len(table.frame) == 40


def test_training_validation_and_report_share_a_tag_in_the_store(
    result, training, tmp_path, monkeypatch
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    written = write_report(training.bundle, tmp_path / "r.html")
    report = report_records(written)
    sha = load_bundle(training.bundle).identity.sha256
    runs = (run_records(training), validation_records(result), report)
    assert {run.tags[BUNDLE_SHA256] for run in runs} == {sha}
    assert [r.path for r in report.records if isinstance(r, Artifact)] == [
        written.page, written.card,
    ]  # fmt: skip
    root = tmp_path / "mlruns"
    sent = [publish(run, root=root) for run in runs[1:]]
    client = open_client(f"sqlite:///{root / 'mlflow.db'}")
    kept = [f.path for f in client.list_artifacts(sent[1].run_id, "report")]
    assert kept == ["report/r.card.md", "report/r.html"]
    tables = {f.path for f in client.list_artifacts(sent[0].run_id, "tables")}
    assert any("case_mix" in path for path in tables)
    data = client.get_run(sent[0].run_id)
    assert data.inputs.dataset_inputs[0].tags[0].value == "validation"
