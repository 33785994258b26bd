from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tests.bundles import PATIENT
from vfprog.cli.app import run
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict


def test_the_story_is_told(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}
    flow = pd.DataFrame({"step": ["all"], "n": [9], "excluded": [0], "reason": [""]})
    long = pd.DataFrame(
        {"model": ["response_preprocedure"], "learner": ["model"], "metric": ["c_statistic"],
         "estimate": [0.7], "lower": [0.6], "upper": [0.8], "n": [9], "n_events": [4]}
    )  # fmt: skip
    importance = pd.DataFrame(
        {"endpoint": ["response"], "prediction_time": ["preprocedure"], "predictor": ["sex"],
         "concept": ["frailty"], "mean_abs_log_odds": [0.1]}
    )  # fmt: skip

    def demo(out: Path, **options: Any) -> SimpleNamespace:
        asked.update(out=out, **options)
        loaded = load_bundle(bundle)
        return SimpleNamespace(
            folder=out, report=SimpleNamespace(flows={"response": flow}), bundle=loaded,
            training=SimpleNamespace(performance=long, notes=["a note"]),
            explained=SimpleNamespace(importance=importance), prediction=predict(loaded, PATIENT),
            published=SimpleNamespace(run=SimpleNamespace(how_to_open="mlflow ui")),
        )  # fmt: skip

    monkeypatch.setattr("vfprog.workflows.demo.demo", demo)
    assert run(["demo", "--participants", "500", "--seed", "4", "--out", "d"]) == 0
    assert (asked["out"], asked["participants"], asked["seed"]) == (Path("d"), 500, 4)
    captured = capsys.readouterr()
    for part in ("Participants: response", "SIMULATED DATA: cross-validated performance",
                 "what the models rely on most", "Pain response", "mlflow ui"):  # fmt: skip
        assert part in captured.out
    assert f"vfprog predict {Path('d/bundle')} {Path('d/patient.json')}" in captured.out
    assert "note: a note" in captured.err


def test_an_existing_folder_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "--out", str(tmp_path)]) == 2
    assert "exists" in capsys.readouterr().err
