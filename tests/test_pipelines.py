"""Each script of pipelines/ does its whole job, in small."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"
# A benchmark measures by other means what it compares with; the others hold no logic.
SHORT = sorted(path for path in PIPELINES.glob("*.py") if not path.stem.startswith("benchmark"))


def run(folder: Path, script: str, *arguments: object) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, PIPELINES / f"{script}.py", *map(str, arguments)], cwd=folder,
        capture_output=True, text=True, check=False, encoding="utf-8",
        env=environment | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry and a bundle of it, made by the scripts."""
    folder = tmp_path_factory.mktemp("pipelines")
    said = run(folder, "simulate", "registry", "--participants", 500, "--seed", 2)
    assert said.strip() == "SIMULATED DATA of 500 participants in registry"
    small = ("--endpoint", "response", "--folds", 2, "--repeats", 1, "--resamples", 2)
    said = run(folder, "train", "registry", "bundle", *small)
    assert "SIMULATED DATA: cross-validated performance, 1 x 2 folds" in said
    assert "Bundle bundle, version 1: mlflow ui" in said
    assert (folder / "mlruns" / "mlflow.db").is_file()
    return folder


@pytest.mark.slow
def test_validate(folder: Path) -> None:
    said = run(folder, "validate", "bundle", "registry", "figures.csv")
    assert "SIMULATED DATA: external validation" in said
    table = pd.read_csv(folder / "figures.csv")
    assert set(table["model"]) == {"response_preprocedure", "response_postprocedure"}


@pytest.mark.slow
def test_update(folder: Path) -> None:
    run(folder, "simulate", "elsewhere", "--participants", 400, "--seed", 5)
    said = run(folder, "update", "bundle", "elsewhere", "updated", "--resamples", 2)
    assert "SIMULATED DATA: how much must change?" in said
    assert "Bundle updated, version 2: mlflow ui" in said
    assert (folder / "updated" / "manifest.json").is_file()


@pytest.mark.slow
def test_explain(folder: Path) -> None:
    said = run(folder, "explain", "bundle", "registry", "why", "--max-rows", 50)
    assert "SIMULATED DATA: what the models rely on most" in said
    table = pd.read_parquet(folder / "why" / "response_preprocedure" / "contributions.parquet")
    assert table["episode_id"].nunique() == 50


@pytest.mark.slow
def test_report(folder: Path) -> None:
    said = run(folder, "report", "bundle", "report.html")
    assert said.strip() == "SIMULATED DATA: report.html, report.card.md"
    assert "SIMULATED DATA" in (folder / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in (folder / "report.card.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_score(folder: Path) -> None:
    said = run(folder, "score", "bundle", "registry", "risks.csv", "--contributions")
    scores = pd.read_csv(folder / "risks.csv")
    assert f"SIMULATED DATA: {len(scores)} episodes scored" in said
    assert scores["response_risk"].dropna().between(0, 1).all()
    assert (folder / "risks_contributions.csv").is_file()


@pytest.mark.slow
def test_learning_gap(tmp_path: Path) -> None:
    sizes = ("--participants", 1500, "--reference", 2000, "--fresh", 1500)
    less = ("--seeds", 1, "--times", "preprocedure")
    said = run(tmp_path, "learning_gap", *sizes, *less, "--out", "gap.csv", "--markdown", "gap.md")
    table = pd.read_csv(tmp_path / "gap.csv")
    assert sorted(table["seed"]) == [0, 0, 0, 1, 1, 1]
    lines = (tmp_path / "gap.md").read_text().splitlines()
    assert lines[0] == "SIMULATED DATA"
    assert [line.split(" | ")[0] for line in lines[-3:]] == [
        "| response", "| height_loss", "| new_fracture",
    ]  # fmt: skip
    assert "\n".join(lines[2:]) in said


@pytest.mark.slow
def test_coverage_study(tmp_path: Path) -> None:
    sizes = ("--participants", 500, "--fresh", 400, "--resamples", 2, "--jobs", 1)
    said = run(tmp_path, "coverage_study", "sets.jsonl", "--sets", 1, *sizes)
    assert said.startswith("SIMULATED DATA")
    assert "| estimator | logistic alone | logistic as shown (recalibrated) |" in said
    again = run(tmp_path, "coverage_study", "sets.jsonl", "--sets", 2, *sizes)
    assert again.count("| sets; mean truth | 2;") == 3
    assert len((tmp_path / "sets.jsonl").read_text().splitlines()) == 2


@pytest.mark.slow
def test_benchmark_training(tmp_path: Path) -> None:
    less = ("--participants", 150, "--resamples", 1, "--jobs", 1)
    said = run(tmp_path, "benchmark_training", *less)
    assert said.startswith("SIMULATED DATA: response, ")
    assert "2 models, 1 resamples each" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_replicate_trials(tmp_path: Path) -> None:
    outputs = ("--out", "trials.csv", "--figure", "trials.png")
    said = run(tmp_path, "replicate_trials", "--replicates", 4, *outputs)
    assert "SIMULATED DATA: 4 replicates of each trial" in said
    table = pd.read_csv(tmp_path / "trials.csv")
    assert f"| {table['published'].iloc[0]:.2f} |" in said
    assert (tmp_path / "trials.png").stat().st_size > 10_000


@pytest.mark.slow
def test_calibrate_trials(tmp_path: Path) -> None:
    said = run(tmp_path, "calibrate_trials", "--replicates", 2, "--only", "pain.nocebo")
    assert "SIMULATED DATA: root mean square z" in said
    assert {"parameters", "left out", "profile"} <= set(said.splitlines())


@pytest.mark.parametrize("script", SHORT, ids=lambda path: path.name)
def test_a_script_is_short_and_leaves_the_work_to_the_library(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    roots = {
        (node.module or "").partition(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
    }
    assert roots <= {"pathlib", "vfprog"}


def test_every_script_is_tested() -> None:
    tested = {
        "update",
        "simulate",
        "train",
        "validate",
        "explain",
        "report",
        "score",
        "learning_gap",
        "coverage_study",
    }
    tested |= {"replicate_trials", "calibrate_trials"}
    assert {script.stem for script in SHORT} == tested
