from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.bundles import PATIENT
from vfprog.cli.app import run
from vfprog.scoring.predict import predict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_the_same_patient_gets_the_same_risk_as_from_predict(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "patients.parquet", tmp_path / "risks.csv"
    pd.DataFrame([{"episode_id": "a", **PATIENT}]).to_parquet(table)
    assert run(["score", str(bundle), str(table), str(out)]) == 0
    assert "SIMULATED DATA: " in capsys.readouterr().out
    row = pd.read_csv(out).iloc[0]
    wanted = predict(bundle, PATIENT)
    assert row["response_risk"] == pytest.approx(wanted["response"].risk, abs=1e-9)
    assert row["new_fracture_risk"] == pytest.approx(wanted["new_fracture"].risk, abs=1e-9)


def test_why_there_is_no_risk_is_counted(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "patients.csv"
    table.write_text("episode_id,vas_baseline,age_years\na,1,70\nb,2,70\nc,8,70\nd,,\n")
    assert run(["score", str(bundle), str(table), str(tmp_path / "risks.csv")]) == 0
    said = capsys.readouterr().out
    assert "No response risk for 2 episodes: pain is too low" in said
    assert "No response risk for 1 episode: no predictor is given (empty)" in said
    assert "No new_fracture risk for 1 episode: no predictor is given (empty)" in said


def test_every_episode_with_contributions(
    real_bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "risks.parquet"
    args = ["score", str(real_bundle), str(registry), str(out), "--contributions"]
    assert run(args) == 0
    said = capsys.readouterr().out
    scores = pd.read_parquet(out)
    assert f"{len(scores)} episodes scored: {out}" in said
    assert "SIMULATED" not in said  # the model is not
    long = pd.read_parquet(tmp_path / "risks_contributions.parquet")
    assert set(long["episode_id"]) == set(scores["episode_id"])
    assert run(args) == 2
    assert "--force" in capsys.readouterr().err


def test_engines_there_are_none_of(
    bundle: Path, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", str(bundle), str(registry), "x.csv", "--engine", "spark"]) == 2
    assert "local" in capsys.readouterr().err
