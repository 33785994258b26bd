"""The demo, small: what it leaves behind is what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import vfprog
from vfprog.errors import ConfigError
from vfprog.workflows.demo import PATIENT, demo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_the_demo_leaves_six_models_a_run_and_a_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    stages: list[str] = []
    result = demo(
        tmp_path / "demo", participants=1300, resamples=2, n_jobs=1,
        progress=lambda stage, done, total: stages.append(stage),
    )  # fmt: skip
    assert len(result.bundle.model_names) == 6
    assert result.bundle.simulated
    assert result.report.n_errors == 0
    assert set(result.training.performance["model"]) == set(result.bundle.model_names)
    assert json.loads((tmp_path / "demo" / "patient.json").read_text()) == PATIENT
    again = vfprog.predict(tmp_path / "demo" / "bundle", PATIENT)
    assert [p.risk for p in again.prognoses] == [p.risk for p in result.prediction.prognoses]
    assert all(p.instability_interval is not None for p in again.prognoses)
    assert (tmp_path / "demo" / "mlruns" / "mlflow.db").is_file()
    assert (
        tmp_path / "demo" / "explanation" / "response_preprocedure" / "shap_beeswarm.png"
    ).is_file()
    assert {"simulated registry", "models", "validation and members", "tracked run"} <= set(stages)


def test_the_demo_touches_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ConfigError, match="exists"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
