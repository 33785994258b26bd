from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from vfprog.cli.app import run
from vfprog.cli.update import decision_row
from vfprog.scoring.bundle import load_bundle

if TYPE_CHECKING:
    from pathlib import Path


def test_a_test_is_one_line() -> None:
    row = {
        "hypothesis": "a new intercept is enough", "statistic": 3.841, "p": 0.05004,
        "intercept": -0.25, "slope": 1.0, "decision": "not rejected",
    }  # fmt: skip
    assert decision_row("response", row) == [
        "response", "new intercept", "3.84", "0.0500", "-0.250", "1.000", "not rejected",
    ]  # fmt: skip
    chosen = {**row, "hypothesis": "", "statistic": float("nan"), "decision": "new_intercept"}
    assert decision_row("", chosen)[1:3] == ["chosen", ""]
    assert decision_row("", chosen)[-1] == "new intercept"


@pytest.mark.slow
def test_a_bundle_is_updated_and_its_parent_left(
    real_bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (real_bundle / "manifest.json").read_bytes()
    out = tmp_path / "new"
    asked = ["update", str(real_bundle), str(registry), "--out", str(out), "--no-track"]
    assert run([*asked, "--jobs", "1", "--resamples", "0"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert "SIMULATED DATA: how much must change?" in lines  # the registry is
    assert "SIMULATED DATA: on this registry, before and (cross-validated) after" in lines
    assert f"Bundle: {out}" in captured.out.replace("\n", "")
    assert max(map(len, lines[:-1])) <= 80
    assert "updated from" in captured.err
    assert (real_bundle / "manifest.json").read_bytes() == before
    new = load_bundle(out)
    assert new.simulated
    assert new.manifest["lineage"][0]["sha256"] == load_bundle(real_bundle).identity.sha256
    tests = pd.DataFrame(new.table("updating"))
    shown = next(line for line in lines if line.startswith("response"))
    assert f"{tests['statistic'][0]:.2f}" in shown
    assert run([*asked, "--jobs", "1"]) == 2
    assert "--force" in capsys.readouterr().err


def test_the_bundle_itself_is_never_replaced(
    bundle: Path, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["update", str(bundle), str(registry), "--out", str(bundle), "--force"]) == 2
    assert "is the bundle to be updated" in capsys.readouterr().err.replace("\n", " ")
