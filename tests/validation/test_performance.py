from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.validation.samples import draw
from vfprog.validation import calibration, calibration_error, discrimination, overall, utility
from vfprog.validation.performance import (
    performance,
    performance_or_reason,
    undefined_performance,
)

FIGURES = [
    "c_statistic", "calibration_in_the_large", "calibration_slope", "ici", "e50", "e90", "emax",
    "brier", "scaled_brier", "observed_expected", "net_benefit_at_0.1", "net_benefit_at_0.35",
]  # fmt: skip


def test_gathers_the_single_figures():
    y, risk, weight, groups = draw(400, 1)
    shared = {"sample_weight": weight, "groups": groups, "level": 0.9}
    table = performance(
        y, risk, **shared, thresholds=(0.1, 0.35), random_state=3, n_bootstrap=50
    ).set_index("metric")
    assert list(table.index) == FIGURES
    errors = calibration_error.calibration_error(y, risk, **shared, n_bootstrap=50, random_state=3)
    singles = [
        discrimination.c_statistic(y, risk, **shared),
        calibration.calibration_in_the_large(y, risk, **shared),
        calibration.calibration_slope(y, risk, **shared),
        errors["ici"],
        errors["e50"],
        errors["e90"],
        errors["emax"],
        overall.brier(y, risk, **shared),
        overall.scaled_brier(y, risk, **shared),
        calibration.observed_expected(y, risk, **shared),
        utility.net_benefit(y, risk, threshold=0.1, **shared),
        utility.net_benefit(y, risk, threshold=0.35, **shared),
    ]
    for single in singles:
        row = table.loc[single.name, ["estimate", "lower", "upper"]].tolist()
        assert row == pytest.approx([single.estimate, single.lower, single.upper])
        assert row[1] <= row[0] <= row[2]
    assert (table["reason"] == "").all()
    assert (table["n"] == 400).all()
    assert (table["n_events"] == y.sum()).all()


def test_nothing_is_missing_without_a_reason():
    y, _, _, _ = draw(100, 2)
    table = performance(y, np.full(100, 0.3)).set_index("metric")
    undefined = table.index[table["estimate"].isna()].tolist()
    assert undefined == ["calibration_slope", "ici", "e50", "e90", "emax"]
    assert table.loc[undefined, "reason"].str.contains("all predicted risks are equal").all()
    missing = table[["estimate", "lower", "upper"]].isna().any(axis=1)
    assert (missing == (table["reason"] != "")).all()
    assert table.loc["c_statistic", "estimate"] == 0.5


def test_few_events_keep_what_is_defined():
    y = np.zeros(60)
    y[[3, 20, 41]] = 1
    risk = draw(60, 3)[1]
    table = performance(y, risk).set_index("metric")
    assert table.loc["ici", "reason"].endswith("got 3 with and 57 without")
    assert np.isfinite(table.loc[["c_statistic", "calibration_slope"], "lower"]).all()


def test_separated_classes_say_so():
    risk = np.linspace(0.05, 0.95, 60)
    table = performance((risk > 0.5).astype(int), risk).set_index("metric")
    assert table.loc["c_statistic", "estimate"] == 1
    assert "at its limit" in table.loc["c_statistic", "reason"]
    assert "separate" in table.loc["calibration_slope", "reason"]


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="c_statistic is undefined"):
        performance([0, 0, 0], [0.1, 0.2, 0.3])


def test_without_figures_the_table_is_the_same_but_for_them():
    y, risk, _, _ = draw(100, 2)
    whole = performance_or_reason(y, risk)
    pd.testing.assert_frame_equal(whole, performance(y, risk))
    one_class = performance_or_reason(np.zeros(5), np.full(5, 0.3))
    assert one_class[["metric"]].equals(whole[["metric"]])
    assert list(one_class.columns) == list(whole.columns)
    assert (one_class["n"] == 5).all()
    assert (one_class["n_events"] == 0).all()
    assert one_class["reason"].str.startswith("c_statistic is undefined").all()
    hidden = undefined_performance("too few", thresholds=(0.2,))
    assert hidden["metric"].iloc[-1] == "net_benefit_at_0.2"
    assert hidden[["estimate", "lower", "upper", "n", "n_events"]].isna().all(axis=None)


def test_repeats_average():
    y, risk, weight, groups = draw(300, 4)
    other = np.clip(risk + np.random.default_rng(0).normal(0, 0.02, 300), 0.01, 0.99)
    shared = {"sample_weight": weight, "groups": groups, "n_bootstrap": 40}
    both = performance(y, np.stack([risk, other]), **shared).set_index("metric")
    first, second = (performance(y, r, **shared).set_index("metric") for r in (risk, other))
    np.testing.assert_allclose(both["estimate"], (first["estimate"] + second["estimate"]) / 2)
    width = both["upper"] - both["lower"]
    np.testing.assert_allclose(width, first["upper"] - first["lower"], rtol=0.25)


def test_weights_of_zero_are_not_counted():
    y, risk, weight, _ = draw(200, 5)
    weight[100:] = 0
    whole = performance(y, risk, sample_weight=weight)
    half = performance(y[:100], risk[:100], sample_weight=weight[:100])
    np.testing.assert_allclose(whole["estimate"], half["estimate"])
    assert whole["n"].iloc[0] == 100
