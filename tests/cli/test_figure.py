from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.bundles import PATIENT
from vfprog.cli.app import run

if TYPE_CHECKING:
    from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.mark.slow
def test_a_waterfall_per_endpoint_stamped_where_simulated(
    bundle: Path, real_bundle: Path, patient: Path, tmp_path: Path
) -> None:
    for folder, stamped in ((bundle, True), (real_bundle, False)):
        drawn = tmp_path / f"{folder.name}.svg"
        assert run(["predict", str(folder), str(patient), "--figure", str(drawn)]) == 0
        text = drawn.read_text()
        assert text.count("<!-- SIMULATED DATA -->") == (2 if stamped else 0)
        assert list(tmp_path.glob(".*")) == []


@pytest.mark.slow
def test_an_existing_figure_is_replaced_only_with_force(
    bundle: Path, patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "w.png"
    drawn.write_text("mine")
    args = ["predict", str(bundle), str(patient), "--figure", str(drawn)]
    assert run(args) == 2
    assert "--force" in capsys.readouterr().err
    assert drawn.read_text() == "mine"
    assert run([*args, "--force"]) == 0
    assert drawn.read_bytes().startswith(_SIGNATURE)


def test_neither_lists_nor_unknown_formats_are_drawn(
    bundle: Path, patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = tmp_path / "many.json"
    many.write_text(json.dumps([PATIENT]))
    assert run(["predict", str(bundle), str(many), "--figure", str(tmp_path / "w.png")]) == 2
    assert "draws one patient" in capsys.readouterr().err
    assert run(["predict", str(bundle), str(patient), "--figure", str(tmp_path / "w.gif")]) == 2
    assert ".png, .svg or .pdf" in capsys.readouterr().err
