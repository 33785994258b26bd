from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
import typer
import yaml

from vfprog.cli.app import run
from vfprog.cli.simulate import read_changes

if TYPE_CHECKING:
    from pathlib import Path


def test_changes_are_names_and_numbers() -> None:
    assert read_changes(["dropout=0", "sites.count=3"]) == {"dropout": 0.0, "sites.count": 3.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [(["dropout"], "NAME=NUMBER"), (["dropout=no"], "NAME=NUMBER"), (["a=1", "a=2"], "twice")],
)
def test_other_changes_are_refused(changes: list[str], message: str) -> None:
    with pytest.raises(typer.BadParameter, match=message):
        read_changes(changes)


@pytest.mark.slow
def test_five_tables_and_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "registry"
    args = [
        "simulate",
        str(out),
        "--participants",
        "120",
        "--seed",
        "3",
        "--set",
        "treated_fraction=1",
    ]
    assert run(args) == 0
    assert capsys.readouterr().out == f"SIMULATED DATA of 120 participants in {out}\n"
    stems = {path.stem for path in out.iterdir()}
    assert {"episodes", "vertebrae", "visits", "heights", "events", "truth"} <= stems
    file = next(out.glob("episodes.*"))
    episodes = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)
    assert set(episodes["treatment"]) == {"vertebroplasty"}
    assert run(args) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*args, "--force"]) == 0


def test_an_unknown_figure_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", str(tmp_path / "r"), "--set", "dropot=0"]) == 2
    assert "dropout" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_trial_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "trial"
    assert run(["simulate", str(out), "--trial", "VERTOS", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert said == f"SIMULATED DATA of 34 participants in the trial VERTOS in {out}\n"
    arms = pd.read_parquet(out / "episodes.parquet")["treatment"].value_counts().to_dict()
    assert arms == {"vertebroplasty": 18, "conservative": 16}


def test_a_trial_by_the_path_of_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "MINE.yaml"
    assert run(["config", "copy", "VERTOS", str(copy)]) == 0
    copy.write_text(copy.read_text(encoding="utf-8").replace("n: 18", "n: 7"), encoding="utf-8")
    assert run(["simulate", str(tmp_path / "trial"), "--trial", str(copy)]) == 0
    assert "of 23 participants" in capsys.readouterr().out
    about = yaml.safe_load((tmp_path / "trial" / "registry.yaml").read_text(encoding="utf-8"))
    assert about["trial"] == "MINE.yaml"
    copy.write_text("name: MINE\nlabel: [\n", encoding="utf-8")
    assert run(["simulate", str(tmp_path / "no"), "--trial", str(copy)]) == 2
    assert "MINE.yaml: line 3: " in capsys.readouterr().err


def test_an_unknown_trial_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", str(tmp_path / "r"), "--trial", "VERTOS_V"]) == 2
    assert "VERTOS_IV" in capsys.readouterr().err
    size = ["--trial", "VERTOS_IV", "--participants", "9"]
    assert run(["simulate", str(tmp_path / "r"), *size]) == 2
    assert "as large as it was" in capsys.readouterr().err
