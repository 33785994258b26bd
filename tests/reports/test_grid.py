from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.reports.grid import NONE, Grid, figure, interval, label, plain, wide


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0.7116, 0.6859, 0.7361), "0.712 (0.686 to 0.736)"),
        ((0.5, None, np.nan), "0.500"),
        ((-0.0001, -0.2, -0.00049), "0.000 (-0.200 to 0.000)"),
        ((np.nan, 0.1, 0.2), "0.100 to 0.200"),  # limits alone: those of a new site
        ((None, None, None), NONE),
        ((float("nan"), None, None), NONE),
    ],
)
def test_an_estimate_stands_with_its_limits_where_it_has_them(given, said):
    assert interval(*given) == said


def test_slopes_have_two_decimals_and_a_brier_score_three():
    row = {"estimate": 1.0349, "lower": 0.9, "upper": 1.2}
    assert figure({"metric": "calibration_slope", **row}) == "1.03 (0.90 to 1.20)"
    assert figure({"metric": "brier", **row}) == "1.035 (0.900 to 1.200)"


def long_table():
    rows = [
        ("young", "c_statistic", 0.7, 0.6, 0.8, 100, 40, ""),
        ("young", "calibration_slope", 1.1, 0.5, 1.7, 100, 40, ""),
        ("old", "c_statistic", np.nan, np.nan, np.nan, 9, 1, "too few"),
        ("old", "calibration_slope", None, None, None, 9, 1, "too few"),
    ]
    columns = ["group", "metric", "estimate", "lower", "upper", "n", "n_events", "reason"]
    return pd.DataFrame(rows, columns=columns)


def test_a_row_per_group_and_a_column_per_figure_with_the_reasons_below():
    grid = wide(long_table(), ["group"], ["c_statistic", "brier", "calibration_slope"], caption="C")
    assert grid.columns == ("Group", "n", "Events", "c-statistic", "Calibration slope")
    assert grid.rows == (
        ("Young", "100", "40", "0.700 (0.600 to 0.800)", "1.10 (0.50 to 1.70)"),
        ("Old", "9", "1", NONE, NONE),
    )
    assert grid.notes == ("Old, c-statistic: too few", "Old, Calibration slope: too few")
    assert grid.numeric == (False, True, True, True, True)


def test_any_table_is_shown_column_by_column():
    table = long_table().assign(model="m", method="sandwich", always=None, met=True)
    grid = plain(table, caption="C")
    assert grid.columns == ("Group", "Metric", "Estimate (interval)", "n", "Events", "Reason")
    assert grid.rows[0] == ("young", "c-statistic", "0.700 (0.600 to 0.800)", "100", "40", "")
    assert grid.rows[3][2] == NONE
    assert grid.notes == ("Method: sandwich; Met: yes.",)
    assert plain(table.iloc[:0], caption="C").rows == ()


def test_only_a_column_of_numbers_stands_flush_right():
    rows = (("1", "-0.5", "5 of 6 sites", ""), ("2", NONE, "none", NONE), ("3", "70", "x", ""))
    assert Grid("C", ("a", "b", "c", "d"), rows).numeric == (False, True, False, True)
    assert Grid("C", ("a", "b"), ()).numeric == (False, False)


def test_words_for_names():
    assert label("net_benefit_at_0.35") == "Net benefit at 35 %"
    assert (label("632plus"), label("overall_risk")) == (".632+", "Overall risk")
