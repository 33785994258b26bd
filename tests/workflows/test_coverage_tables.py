"""Bias and coverage by hand, and files that are no study."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vfprog.errors import ConfigError
from vfprog.workflows.coverage_tables import markdown, read_lines, read_study, summarise


def line(seed, estimate, lower, upper, **more):
    figure = {"learner": "logistic", "figure": "c_statistic", "estimator": "cross_validated"}
    figure |= {"estimate": estimate, "lower": lower, "upper": upper, "truth": 0.7}
    plan = {"endpoint": "response", "simplify": True, "n_resamples": 3}
    return {"plan": plan, "seed": seed, "w_trees": 0.0, "figures": [figure | more]}


def written(tmp_path: Path, *lines: object) -> Path:
    file = tmp_path / "sets.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return file


def test_bias_and_coverage_by_hand(tmp_path):
    file = written(
        tmp_path,
        line(1, 0.72, 0.66, 0.78), line(2, 0.69, 0.63, 0.75), line(3, 0.76, 0.71, 0.81),
        line(4, 0.71, None, None, estimator="harrell"),
        line(5, 0.73, None, None, estimator="harrell"),
    )  # fmt: skip
    found = summarise(read_study(file)).set_index("estimator")
    crossed = found.loc["cross_validated"]
    assert crossed["sets"] == 3
    assert crossed["bias"] == pytest.approx((0.02 - 0.01 + 0.06) / 3)
    assert crossed["bias_se"] == pytest.approx(np.std([0.02, -0.01, 0.06], ddof=1) / np.sqrt(3))
    assert crossed["rmse"] == pytest.approx(np.sqrt((0.0004 + 0.0001 + 0.0036) / 3))
    assert crossed["coverage"] == pytest.approx(2 / 3)
    assert crossed["coverage_se"] == pytest.approx(np.sqrt(2 / 9 / 3))
    assert np.isnan(found.loc["harrell", "coverage"])
    text = markdown(read_study(file))
    assert "| cross-validated | +0.023 (0.020); 67 % |" in text
    assert "| Harrell | +0.020 (0.010) |" in text
    assert "| sets; mean truth | 3 (2 with bootstrap refits); 0.700 |" in text


def test_a_line_cut_short_is_taken_away(tmp_path):
    file = written(tmp_path, line(1, 0.72, 0.66, 0.78))
    whole = file.read_text()
    file.write_text(whole + whole[:40])
    assert [each["seed"] for each in read_lines(file)] == [1]
    assert file.read_text() == whole
    assert list(read_lines(tmp_path / "none.jsonl")) == []


def test_a_set_without_a_model_has_no_figures(tmp_path):
    failed = {"plan": line(1, 0, 0, 0)["plan"], "seed": 2, "failure": "no model"}
    file = written(tmp_path, line(1, 0.72, 0.66, 0.78), failed)
    assert read_study(file)["seed"].tolist() == [1]


@pytest.mark.parametrize("text", ["[1, 2]\n", "{}\n", "no json\n"])
def test_another_file_is_refused(tmp_path, text):
    file = tmp_path / "sets.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match="line 1 is no line of a coverage study"):
        list(read_lines(file))
    assert file.read_text() == text
