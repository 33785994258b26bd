from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from vfprog.data.missing import missing_by, missing_patterns
from vfprog.data.profile import Profile
from vfprog.reports.charts import (
    HEIGHT,
    MAX_COLUMNS,
    flow_rows,
    histogram_path,
    pattern_figure,
    profile_rows,
    shares_table,
)

NAN = np.nan


def test_bars_are_as_high_as_their_counts():
    path = histogram_path(np.array([4, 0, 1, 2]))
    tops = [float(top) for top in re.findall(r"V([\d.]+)H", path)]
    assert tops == [0, HEIGHT * 3 / 4, HEIGHT / 2]
    lefts = [float(left) for left in re.findall(r"M([\d.]+) ", path)]
    assert lefts == [0.5, 60.5, 90.5]


def test_the_smallest_bar_can_be_seen():
    tops = re.findall(r"V([\d.]+)H", histogram_path(np.array([1, 1_000_000])))
    assert float(tops[0]) == HEIGHT - 1


def test_a_flow_is_told_as_shares_of_all():
    flow = pd.DataFrame({
        "step": ["all", "kept"], "n": [200, 50], "excluded": [0, 150], "reason": ["", "too young"],
    })  # fmt: skip
    assert flow_rows(flow)[1] == {
        "step": "kept", "n": 50, "excluded": 150, "reason": "too young", "share": 0.25,
    }  # fmt: skip
    assert flow_rows(flow.iloc[:0]) == []


def test_a_pattern_keeps_the_columns_that_are_blank_most():
    frame = pd.DataFrame({f"c{i}": np.where(np.arange(40) < i, NAN, 1) for i in range(1, 33)})
    figure = pattern_figure(missing_patterns(frame, top=40))
    assert figure["columns"] == [f"c{i}" for i in range(3, 33)]
    assert figure["left"] == 2
    assert figure["rows"][0] == {"n": 8, "share": 0.2, "blank": [False] * 30}
    assert (figure["most"], figure["covered"]) == (0.2, pytest.approx(1))


def test_groups_that_differ_most_come_first():
    frame = pd.DataFrame({"same": [1, NAN, 1, NAN, 1], "differs": [NAN, NAN, NAN, 1, 1]})
    table = shares_table(missing_by(frame, pd.Series([0.0, 0.0, 0.0, 1.0, 1.0])))
    assert table["groups"] == [{"name": "no event", "n": 3}, {"name": "event", "n": 2}]
    assert table["rows"][0] == {"column": "differs", "shares": [1.0, 0.0]}
    assert table["rows"][1]["shares"] == pytest.approx([1 / 3, 1 / 2])


def test_only_the_largest_groups_are_shown():
    groups = pd.Series([f"s{i}" for i in range(15) for _ in range(i + 1)])
    frame = pd.DataFrame({"a": np.where(np.arange(len(groups)) % 2, NAN, 1)})
    table = shares_table(missing_by(frame, groups))
    assert [group["name"] for group in table["groups"]] == [f"s{i}" for i in range(14, 4, -1)]
    assert table["left"] == 5


def test_a_column_without_a_value_has_no_figure_and_too_many_are_counted():
    line = {"table": "episodes", "column": "x", "kind": "continuous", "n": 0, "distinct": 0}
    columns = pd.DataFrame([line] * (MAX_COLUMNS + 3))
    spread = pd.DataFrame(columns=["table", "column", "label", "lower", "upper", "count"])
    rows, left = profile_rows(Profile(columns, spread, {}, {}))
    assert left == 3
    assert (rows["episodes"][0]["path"], rows["episodes"][0]["bars"]) == ("", [])
