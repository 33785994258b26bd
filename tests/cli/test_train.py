from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from vfprog.cli.app import run
from vfprog.errors import Failure
from vfprog.scoring.bundle import load_bundle

ROW = {
    "model": "response_preprocedure", "learner": "model", "lower": 0.6, "upper": 0.8,
    "n": 300, "n_events": 150,
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the workflow was asked for; it trains nothing."""
    asked: dict[str, Any] = {}
    rows = [{**ROW, "metric": "c_statistic", "estimate": 0.7}]
    warning = Failure("visits", 1, "vas", 9.5, "usual_range", "is rare", "warning")

    def train(registry: Path, out: Path, **options: Any) -> SimpleNamespace:
        asked.update(registry=registry, out=out, **options)
        return SimpleNamespace(
            bundle=out, performance=pd.DataFrame(rows), warnings=(warning,), notes=["few events"],
            registry=SimpleNamespace(simulated=True), reused=12 if "12" in str(registry) else 0,
            redone=3 if "12" in str(registry) else 0,
        )  # fmt: skip

    def publish(training: Any) -> SimpleNamespace:
        asked["published"] = True
        return SimpleNamespace(version="3", run=SimpleNamespace(how_to_open="mlflow ui"))

    monkeypatch.setattr("vfprog.workflows.train.train", train)
    monkeypatch.setattr("vfprog.workflows.publish.publish", publish)
    return asked


def test_defaults(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "reg", "--out", "b"]) == 0
    assert asked["registry"] == "reg"
    assert (asked["resamples"], asked["seed"], asked["force"]) == (40, 1, False)
    assert asked["fresh"] is False
    assert asked["endpoints"] is None
    assert asked["settings"].outer_folds == 10
    assert asked["settings"].internal_external is True
    assert asked["settings"].temporal_from is None
    captured = capsys.readouterr()
    assert "SIMULATED DATA: cross-validated performance, 10 folds" in captured.out
    assert "Tracked as version 3" in captured.out
    assert "mlflow ui" in captured.out
    assert "note: few events" in captured.err
    assert "warning: visits[1].vas: is rare" in captured.err
    assert "interrupted" not in captured.err


def test_refits_of_an_interrupted_training_are_counted(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "reg12", "--out", "b"]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "12 refits that an interrupted training had finished were used again." in told


def test_options_reach_the_workflow(asked: dict[str, Any]) -> None:
    options = (
        "--mapping glow --endpoint response --endpoint mine.yaml --resamples 5 --folds 4 "
        "--repeats 2 --seed 9 --force --jobs 1 --name mine --no-track --fresh "
        "--no-internal-external --temporal-from 2021-03-01"
    )
    assert run(["train", "reg", "--out", "b", *options.split()]) == 0
    assert asked["mapping"] == "glow"
    assert asked["endpoints"] == ["response", "mine.yaml"]
    assert (asked["resamples"], asked["seed"], asked["n_jobs"]) == (5, 9, 1)
    assert (asked["settings"].outer_folds, asked["settings"].outer_repeats) == (4, 2)
    assert asked["settings"].internal_external is False
    assert asked["settings"].temporal_from == dt.date(2021, 3, 1)
    assert (asked["name"], asked["force"], asked["fresh"]) == ("mine", True, True)
    assert "published" not in asked


@pytest.mark.parametrize(
    "option", ["--folds 1", "--resamples -1", "--jobs 0", "--seed -1", "--temporal-from soon"]
)
def test_options_out_of_range(asked: dict[str, Any], option: str) -> None:
    assert run(["train", "reg", "--out", "b", *option.split()]) == 2
    assert asked == {}


@pytest.mark.slow
def test_a_bundle_is_trained_and_predicts(
    patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vfprog.simulate import simulate, write

    # Fewer participants, and a fold may find nothing to learn: that is refused, not smoothed over.
    registry = write(simulate(900, seed=2), tmp_path / "registry")
    out = tmp_path / "bundle"
    args = ["train", str(registry), "--out", str(out), "--endpoint", "response", "--folds", "2"]
    args += ["--resamples", "0", "--jobs", "1", "--no-track"]
    assert run(args) == 0
    assert load_bundle(out).simulated
    assert f"Bundle: {out}" in capsys.readouterr().out
    assert run(["predict", str(out), str(patient)]) == 0
    assert "Pain response" in capsys.readouterr().out
    assert run(args) == 2
    assert "--force" in capsys.readouterr().err
