from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.tracking.samples import DIGEST, training
from vfprog.records import Artifact, Metric, Param, RunRecords, Table
from vfprog.tracking.send import SentRun, send
from vfprog.tracking.store import how_to_open, open_client

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sent(uri: str) -> SentRun:
    return send(training(), uri=uri)


@pytest.fixture(scope="module")
def parent(uri: str, sent: SentRun) -> Any:
    return open_client(uri).get_run(sent.run_id)


@pytest.fixture(scope="module")
def child(uri: str, sent: SentRun) -> Any:
    return open_client(uri).get_run(sent.children[0].run_id)


def paths(uri: str, run_id: str, folder: str | None = None) -> list[str]:
    return [entry.path for entry in open_client(uri).list_artifacts(run_id, folder)]


def test_what_was_sent_is_named_with_the_way_to_open_it(uri: str, sent: SentRun) -> None:
    assert (sent.name, [run.name for run in sent.children]) == ("training", ["response, trees"])
    assert sent.how_to_open == how_to_open(uri)


def test_the_nested_run_names_its_parent_and_keeps_its_tags(sent: SentRun, child: Any) -> None:
    assert child.data.tags["mlflow.parentRunId"] == sent.run_id
    assert child.info.run_name == "response, trees"
    assert {k: v for k, v in child.data.tags.items() if k in {"endpoint", "learner"}} == {
        "endpoint": "response",
        "learner": "trees",
    }


def test_limits_are_metrics_of_their_own(child: Any) -> None:
    assert child.data.metrics == {
        "c_statistic": 0.71,
        "c_statistic.lower": 0.68,
        "c_statistic.upper": 0.74,
        "calibration_slope": 0.98,
    }


def test_parameters_description_and_status(parent: Any, child: Any) -> None:
    assert (parent.data.params, child.data.params) == ({"seed": "1"}, {"max_depth": "3"})
    assert parent.data.tags["mlflow.note.content"].startswith("# Training")
    assert (parent.info.status, child.info.status) == ("FINISHED", "FINISHED")


def test_the_page_of_the_run_shows_the_data(parent: Any, child: Any) -> None:
    (shown,) = parent.inputs.dataset_inputs
    assert (shown.dataset.name, shown.dataset.digest) == ("simulated", DIGEST[:36])
    assert parent.data.tags["dataset_digest"] == DIGEST
    assert child.inputs.dataset_inputs == []


def test_figures_and_tables_are_files_of_the_run(uri: str, sent: SentRun) -> None:
    run_id = sent.children[0].run_id
    assert paths(uri, run_id, "figures") == ["figures/calibration_curve.png"]
    assert paths(uri, run_id, "tables") == ["tables/calibration.csv", "tables/calibration.json"]
    assert paths(uri, sent.run_id) == []


def test_mlflow_reads_the_table_back(default_store: str, sent: SentRun, child: Any) -> None:
    table = open_client(default_store).load_table(
        child.info.experiment_id, "tables/calibration.json", [sent.children[0].run_id]
    )
    assert table["risk"].tolist() == pytest.approx([0.1, 1 / 3], abs=1e-15)
    assert table["label"].tolist() == ["a", "None"]


def test_files_and_folders_are_kept(tmp_path: Path, uri: str) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{}")
    (tmp_path / "flow.csv").write_text("n\n1\n")
    records = [Artifact(tmp_path / "bundle"), Artifact(tmp_path / "flow.csv", "cohort")]
    run_id = send(RunRecords("files", {}, list(records)), uri=uri).run_id
    assert paths(uri, run_id, "bundle") == ["bundle/manifest.json"]
    assert paths(uri, run_id, "cohort") == ["cohort/flow.csv"]


def test_more_records_than_one_call_takes(uri: str) -> None:
    params = [Param(f"p{i}", i) for i in range(205)]
    metrics = [Metric(f"m{i}", i / 7, 0.0, 1.0) for i in range(500)]
    run = open_client(uri).get_run(send(RunRecords("many", {}, params + metrics), uri=uri).run_id)
    assert (len(run.data.params), len(run.data.metrics)) == (205, 1500)
    assert run.data.metrics["m499"] == pytest.approx(499 / 7, rel=1e-15)


def test_an_undefined_metric_deep_down_sends_nothing(uri: str) -> None:
    bad = RunRecords("bad", {}, [Metric("ici", math.nan)])
    with pytest.raises(ValueError, match="run 'bad': metric 'ici' has estimate nan"):
        send(RunRecords("parent", {}, [], [bad]), uri=uri, experiment="never made")
    assert open_client(uri).get_experiment_by_name("never made") is None


def test_a_run_that_breaks_is_marked_failed_and_so_is_its_parent(uri: str) -> None:
    class NoFrame:
        def __len__(self) -> int:
            raise OSError("disk full")

    broken = RunRecords("broken", {}, [Table("t", NoFrame())])
    with pytest.raises(OSError, match="disk full"):
        send(RunRecords("whole", {}, [], [broken]), uri=uri, experiment="breaking")
    client = open_client(uri)
    experiment = client.get_experiment_by_name("breaking").experiment_id
    found = client.search_runs([experiment])
    assert {run.info.run_name: run.info.status for run in found} == {
        "broken": "FAILED",
        "whole": "FAILED",
    }


def test_sending_says_nothing(uri: str, capfd: pytest.CaptureFixture[str]) -> None:
    send(training(), uri=uri)
    assert capfd.readouterr() == ("", "")
