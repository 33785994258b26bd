from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from vfprog.cli.app import run

pytestmark = pytest.mark.slow


@pytest.fixture
def broken(registry: Path, tmp_path: Path) -> Path:
    """The registry with pain on a scale of 0-100 in three visits."""
    folder = Path(shutil.copytree(registry, tmp_path / "broken"))
    file = next(folder.glob("visits.*"))
    csv = file.suffix == ".csv"
    visits = pd.read_csv(file) if csv else pd.read_parquet(file)
    visits["vas"] = visits["vas"].astype(float)
    visits.loc[[0, 1, 2], "vas"] = [70.0, 80.0, 90.0]
    if csv:
        visits.to_csv(file, index=False)
    else:
        visits.to_parquet(file, index=False)
    return folder


def test_a_sound_registry(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(registry)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("SIMULATED DATA: small: ")
    assert ", 0 errors, " in lines[0]
    assert [line for line in lines if line.startswith("Participants: ")] == [
        "Participants: response", "Participants: height_loss", "Participants: new_fracture",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80


def test_a_broken_registry(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(broken)]) == 2
    out = capsys.readouterr().out
    assert ", 3 errors, " in out.splitlines()[0]
    first = " ".join(out.partition("\n\n")[2].split())
    assert first.startswith("visits[")
    assert "vas: must lie between 0 and 10" in first
    assert "the first of 3: rows" in first
    assert "Participants" not in out


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_all_failures_go_to_a_file(broken: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"failures.{ending}"
    assert run(["check", str(broken), "--out", str(out)]) == 2
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[ending]
    table = read(out)
    errors = table[table["severity"] == "error"]
    assert errors["value"].astype(float).tolist() == [70, 80, 90]
    assert (table["severity"].iloc[:3] == "error").all()


def test_nothing_is_overwritten(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "failures.csv"
    out.write_text("mine")
    assert run(["check", str(registry), "--out", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_json(broken: Path, registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(broken), "--format", "json"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert content["n_errors"] == 3
    assert content["failures"][0]["column"] == "vas"
    assert content["failures"][0]["value"] == "70.0"
    assert content["flows"] == {}
    assert run(["check", str(registry), "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["simulated"], content["n_errors"]) == (True, 0)
    assert set(content["flows"]["response"][0]) == {"step", "n", "excluded", "reason"}


def test_no_registry_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
