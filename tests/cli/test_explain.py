from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vfprog.cli.app import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_tables_figures_and_what_matters_most(
    bundle: Path, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "explained"
    args = ["explain", str(bundle), str(registry), "--out", str(out), "--max-rows", "40"]
    assert run(args) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "SIMULATED DATA: what the models rely on most"
    assert lines[3].split()[:2] == ["response_preprocedure", "vas_baseline"]
    assert lines[-1] == f"Tables and figures: {out}"
    assert (out / "importance.csv").is_file()
    assert list((out / "response_preprocedure").glob("*.png"))
    assert run(args) == 2
    assert "--force" in capsys.readouterr().err
    assert run([*args, "--force"]) == 0
