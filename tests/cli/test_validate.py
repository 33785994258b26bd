from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.bundles import hand_parts
from vfprog.cli.app import run
from vfprog.scoring.bundle_writer import write_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.records import RunRecords

pytestmark = pytest.mark.slow


def test_a_frozen_bundle_on_a_registry(
    real_bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "performance.csv"
    assert run(["validate", str(real_bundle), str(registry), "--out", str(out), "--no-track"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert "SIMULATED DATA: external validation" in lines  # the registry is
    assert max(map(len, lines)) <= 80
    assert f"written to {out}" in captured.err
    table = pd.read_csv(out).set_index(["model", "metric"])
    c_statistic = table.loc[("new_fracture_preprocedure", "c_statistic")]
    shown = lines[next(i for i, line in enumerate(lines) if line.startswith("new_fracture")) :]
    assert shown[0].split()[1] == f"{c_statistic['estimate']:.3f}"
    assert shown[1].split()[1] == f"{c_statistic['lower']:.3f},"


def test_nothing_is_overwritten(
    bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "performance.csv"
    out.write_text("mine")
    assert run(["validate", str(bundle), str(registry), "--out", str(out), "--no-track"]) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_sites_are_compared(
    real_bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "performance.csv"
    assert run(["validate", str(real_bundle), str(registry), "--out", str(out), "--no-track"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("SIMULATED DATA: by site"))
    folder = tmp_path / "performance_by_site"
    assert f"by site, with forest plots: {folder}" in captured.err.replace("\n", "")
    table = pd.read_csv(folder / "by_site.csv", keep_default_na=False, na_values=[""])
    pooled = table[table["role"] == "pooled"].set_index(["model", "metric"])
    model = table["model"].iloc[0]
    row = lines[start + 3].split()
    assert f"{pooled.loc[(model, 'c_statistic'), 'estimate']:.3f}" in row
    assert row[-1] == str(pooled.loc[(model, "c_statistic"), "n_sites"])
    assert list(folder.glob(f"{model}_*.png"))


def test_ranges_that_do_not_match_are_said_loudly(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    young = {"n": 500, "missing": 0.0, "shares": []}
    young["quantiles"] = [[0.01, 20.0], [0.5, 30.0], [0.99, 40.0]]
    parts = replace(hand_parts(), reference={"age_years": young})
    folder = write_bundle(parts, tmp_path / "young")
    assert run(["validate", str(folder), str(registry), "--no-track"]) == 0
    captured = capsys.readouterr()
    first = captured.err.splitlines()[0]
    assert first == ("WARNING: codes or ranges may not match the development data: age_years")
    assert "Every figure below assumes that they do." in captured.err
    for title in ("patients in development and here", "case mix or misfit?", "as time to an event"):
        assert f"SIMULATED DATA: {title}" in captured.out
    assert max(map(len, captured.out.splitlines())) <= 80


def test_a_validation_is_sent_unless_it_is_not_to_be(
    real_bundle: Path, registry: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent = []

    def publish(records: RunRecords) -> SimpleNamespace:
        sent.append(records.name)
        return SimpleNamespace(name=records.name, how_to_open="mlflow ui")

    monkeypatch.setattr("vfprog.workflows.publish_evidence.publish", publish)
    assert run(["validate", str(real_bundle), str(registry)]) == 0
    assert sent == ["validation hand 1 on small"]
    assert "to see it: mlflow ui" in capsys.readouterr().err
