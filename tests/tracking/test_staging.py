from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.tracking.samples import drawing
from vfprog.records import Figure, Param, Table
from vfprog.tracking import staging as code
from vfprog.tracking.staging import LONGEST_PARAM, Staging

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame({"risk": [1 / 3, 0.1, None], "label": ["None", "a,b", "c"]}, index=[7, 7, 8])


def test_a_table_is_kept_as_csv_to_full_precision(tmp_path: Path) -> None:
    Staging(tmp_path).add_table(Table("deep/calibration", FRAME))
    back = pd.read_csv(
        tmp_path / "tables/deep/calibration.csv", keep_default_na=False, na_values=[""]
    )
    assert_frame_equal(back, FRAME.reset_index(drop=True), check_exact=True, check_dtype=False)


def test_a_table_is_kept_as_the_json_of_mlflow_s_table_page(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    staging.add_table(Table("calibration", FRAME))
    kept = json.loads((tmp_path / "tables/calibration.json").read_text())
    assert kept["columns"] == ["risk", "label"]
    assert kept["data"][1:] == [[0.1, "a,b"], [None, "c"]]
    assert kept["data"][0][0] == pytest.approx(1 / 3, abs=1e-15)
    assert json.loads(staging.tags()["mlflow.loggedArtifacts"]) == [
        {"path": "tables/calibration.json", "type": "table"}
    ]


def test_a_long_table_is_kept_as_parquet_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "LONGEST_SHOWN_TABLE", 2)
    Staging(tmp_path).add_table(Table("shap", FRAME))
    (path,) = (tmp_path / "tables").iterdir()
    assert path.name == "shap.parquet"
    assert_frame_equal(pd.read_parquet(path), FRAME.reset_index(drop=True), check_exact=True)


def test_no_table_no_tag(tmp_path: Path) -> None:
    assert Staging(tmp_path).tags() == {}


def test_a_figure_is_a_png_of_150_dots_per_inch(tmp_path: Path) -> None:
    Staging(tmp_path).add_figure(Figure("calibration_curve", drawing()))
    content = (tmp_path / "figures/calibration_curve.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    # Width and height stand in bytes 16 to 24 of a PNG; the drawing is 2 by 2 inches.
    assert [int.from_bytes(content[i : i + 4]) for i in (16, 20)] == [300, 300]


def test_a_parameter_is_written_as_words(tmp_path: Path) -> None:
    assert Staging(tmp_path).shorten(Param("seed", 1)) == Param("seed", "1")
    assert Staging(tmp_path).shorten(Param("endpoint", None)) == Param("endpoint", "None")


def test_a_long_parameter_is_kept_whole_in_a_file(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    longest = "x" * LONGEST_PARAM
    assert staging.shorten(Param("a", longest)).value == longest
    assert staging.shorten(Param("a/b: c", longest + "é")).value == "see parameters/a_b__c.txt"
    assert (tmp_path / "parameters/a_b__c.txt").read_text(encoding="utf-8") == longest + "é"
