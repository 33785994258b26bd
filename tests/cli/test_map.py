from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.proposing.dialects import dutch_folder, redcap_wide
from vfprog.cli.app import run


@pytest.mark.slow
def test_a_wide_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = redcap_wide(n=250).write(tmp_path / "redcap")
    out = tmp_path / "mapping.yaml"
    assert run(["map", str(source), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].startswith("mapping.yaml: ")
    assert max(map(len, lines)) <= 80
    assert any("vas_{day}d" in line for line in lines)
    assert any(line.startswith("medium sex") and "decide" in line for line in lines)
    assert "Still open (2): redcap_survey_identifier, demographics_complete" in captured.out
    assert f"vfprog check {source} --mapping {out}" in captured.err
    assert run(["check", str(source), "--mapping", str(out)]) == 2
    checked = capsys.readouterr().out
    assert "unmapped_column" in checked
    assert "demographics_complete" in checked


@pytest.mark.slow
def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dutch_folder(n=200).write(tmp_path / "dutch")
    assert run(["map", str(source), "--out", str(tmp_path / "m.yaml")]) == 0
    out = capsys.readouterr().out
    assert "vertebrae wervels.csv" in " ".join(out.split())
    assert "Still open" not in out
    assert run(["check", str(source), "--mapping", str(tmp_path / "m.yaml")]) == 0


def test_what_cannot_be_proposed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("y,x1\n1,a\n0,b\n")
    assert run(["map", str(tmp_path / "x.csv"), "--out", str(tmp_path / "m.yaml")]) == 2
    assert "no column resembles" in capsys.readouterr().err
    assert run(["map", str(tmp_path / "none.csv"), "--out", str(tmp_path / "m.yaml")]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert not (tmp_path / "m.yaml").exists()


def test_a_password_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://me:secretword@localhost:1/none"
    assert run(["map", url, "--out", str(tmp_path / "m.yaml")]) == 2
    captured = capsys.readouterr()
    assert "secretword" not in captured.out + captured.err
