from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
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
    assert ", 0 errors, 0 warnings, " in lines[0]
    assert [line for line in lines if line.startswith("Participants: ")] == [
        "Participants: response", "Participants: height_loss", "Participants: new_fracture",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80
    assert any(line == "Next: vfprog train." for line in lines[-2:])


def test_a_broken_registry(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(broken)]) == 2
    out = capsys.readouterr().out
    assert ", 3 errors, " in out.splitlines()[0]
    blocks = out.split("\n\n")
    assert blocks[1].startswith("ERRORS\n  visits.vas: 3 places [hard_range]\n")
    assert "must lie between 0 and 10, got 70" in blocks[1]
    assert "(line 2), " in blocks[1]
    assert "-> correct it, set unit, or declare it under missing" in blocks[1]
    assert "Participants" not in out
    assert out.splitlines()[-2:] == [
        "Next: mend the errors in the source or the mapping, and check again.",
        "--out FILE lists all rows, --html FILE draws all.",
    ]
    assert max(map(len, out.splitlines())) <= 80


@pytest.fixture
def suspect(registry: Path, tmp_path: Path) -> Path:
    """The registry with a column nobody reads."""
    folder = Path(shutil.copytree(registry, tmp_path / "suspect"))
    episodes = pd.read_parquet(folder / "episodes.parquet")
    episodes.assign(surplus=1).to_parquet(folder / "episodes.parquet", index=False)
    return folder


def test_strict_lets_warnings_fail(
    suspect: Path, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(suspect)]) == 0
    assert "Next: decide about each warning, then vfprog train." in capsys.readouterr().out
    assert run(["check", str(suspect), "--strict"]) == 2
    assert run(["check", str(registry), "--strict"]) == 0


def test_a_page(broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert run(["check", str(broken), "--html", str(page)]) == 2
    assert "3 errors must be mended" in page.read_text(encoding="utf-8").replace("</strong>", "")
    first = page.read_bytes()
    assert run(["check", str(broken), "--html", str(page)]) == 2
    captured = capsys.readouterr()
    assert "--force" in captured.err
    assert run(["check", str(broken), "--html", str(page), "--force"]) == 2
    assert page.read_bytes() == first
    assert run(["check", str(broken), "--html", str(tmp_path / "page.txt")]) == 2


def test_rows_are_set_aside(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "aside"
    assert run(["check", str(broken), "--quarantine", str(folder)]) == 2
    out = capsys.readouterr().out
    assert folder.is_dir()
    lines = [line.split() for line in out.partition("Quarantine")[2].splitlines()]
    (visits,) = [line for line in lines if line[:1] == ["visits"]]
    rows_in, kept, set_aside = map(int, visits[1:])
    assert set_aside >= 3
    assert rows_in == kept + set_aside


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
    assert (content["n_errors"], content["source"]) == (3, "broken")
    assert content["failures"][0]["line"] == 2
    assert content["failures"][0]["what_to_do"].startswith("correct it")
    pain = [c for c in content["columns"] if (c["table"], c["column"]) == ("visits", "vas")]
    assert (pain[0]["n_errors"], pain[0]["missing"]) == (3, 3)
    assert content["n_notes"] == sum(f["severity"] == "note" for f in content["failures"])
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


@pytest.mark.parametrize("with_stderr", [False, True])
def test_a_closed_pipe_changes_neither_code_nor_files(
    broken: Path, tmp_path: Path, with_stderr: bool
) -> None:
    files = [tmp_path / "out.csv", tmp_path / "out.html", tmp_path / "aside"]
    flags = [f"--out={files[0]}", f"--html={files[1]}", f"--quarantine={files[2]}"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "vfprog", "check", str(broken), *flags],
        stdout=write, stderr=write if with_stderr else subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write)
    assert done.returncode == 2
    assert all(file.exists() for file in files)
    if not with_stderr:
        assert b"rows kept written" in done.stderr
        assert b"BrokenPipe" not in done.stderr


def test_a_closed_stdout(broken: Path, tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m vfprog check '{broken}' --quarantine '{tmp_path}/q' >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, b"fault" in done.stderr) == (2, False)
    assert (tmp_path / "q" / "reasons.csv").is_file()


def test_the_source_is_never_replaced(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = tmp_path / "c.csv"
    flat.write_text("episode_id,age_years\n1,70\n")
    before = {file: file.read_bytes() for file in [flat, *broken.iterdir()]}
    inside = str(broken / "visits.parquet")
    for args in ([str(flat), "--out", str(flat)], [str(broken), "--out", inside]):
        assert run(["check", *args, "--force"]) == 2
        assert "is the source" in capsys.readouterr().err
    page = flat.rename(tmp_path / "c.html")
    assert run(["check", str(page), "--html", str(page), "--force"]) == 2
    assert "is the source" in capsys.readouterr().err
    page.rename(flat)
    assert {file: file.read_bytes() for file in before} == before


def test_no_formula_in_a_csv(broken: Path, tmp_path: Path) -> None:
    file = broken / "visits.parquet"
    visits = pd.read_parquet(file).astype({"vas": "object"})
    visits["vas"] = [*["=1+1", "-5"], *visits["vas"].iloc[2:].astype(str)]
    visits.to_parquet(file, index=False)
    for ending, first in (("csv", "'=1+1"), ("parquet", "=1+1")):
        out = tmp_path / f"o.{ending}"
        assert run(["check", str(broken), "--out", str(out)]) == 2
        values = set((pd.read_csv if ending == "csv" else pd.read_parquet)(out)["value"])
        assert {first, "-5.0"} <= values


def test_a_quarantine_that_cannot_be_written_is_said_at_once(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q").mkdir()
    assert run(["check", str(broken), "--quarantine", str(tmp_path / "q")]) == 2
    captured = capsys.readouterr()
    assert "q exists" in captured.err
    assert captured.out == ""


def test_what_a_training_would_refuse_is_said_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = registry_tables(200)
    tables["events"] = tables["events"].head(9)
    source = write_registry(tmp_path / "rare", tables)
    assert run(["check", str(source)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    refusal = "new_fracture: 8 events and 92 non-events (patients of 200 rows)"  # 2 of one patient
    assert f"vfprog train would refuse new_fracture_preprocedure: {refusal}" in told
    assert "would refuse response" not in told
    assert run(["check", str(source), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["untrained"]
    assert found["response_preprocedure"] == ""
    assert found["new_fracture_postprocedure"].startswith(refusal)
    page = tmp_path / "p.html"
    assert run(["check", str(source), "--html", str(page)]) == 0
    assert "Would they be trained?" in page.read_text(encoding="utf-8")
