from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.cli.app import run
from vfprog.config import find_config, list_configs

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == list_configs()


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "response"]) == 0
    assert capsys.readouterr().out == find_config("response").read_text()


def test_an_unknown_name_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "respons"]) == 2
    assert "endpoints/response" in capsys.readouterr().err


def test_copy_into_a_folder_or_to_a_file_but_over_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = find_config("response").read_text()
    assert run(["config", "copy", "response", str(tmp_path)]) == 0
    assert (tmp_path / "response.yaml").read_text() == content
    mine = tmp_path / "mine.yaml"
    mine.write_text("mine")
    capsys.readouterr()
    assert run(["config", "copy", "response", str(mine)]) == 2
    assert "--force" in capsys.readouterr().err
    assert mine.read_text() == "mine"
    assert run(["config", "copy", "response", str(mine), "--force"]) == 0
    assert mine.read_text() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml", "response.yaml"]


def test_copy_goes_to_the_working_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["config", "copy", "training"]) == 0
    assert (tmp_path / "training.yaml").is_file()
