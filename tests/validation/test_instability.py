"""Instability against numbers worked by hand and second implementations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.validation.samples import draw
from vfprog.validation.calibration import calibration_curve, calibration_slope
from vfprog.validation.instability import (
    calibration_instability,
    instability,
    instability_by_risk,
    instability_limits,
)


def drawn(n: int = 300, b: int = 30):
    y, risk, weight, _ = draw(n, 4)
    rng = np.random.default_rng(2)
    margin = np.log(risk / (1 - risk))
    refits = 1 / (1 + np.exp(-(margin + rng.normal(0, 0.3, (b, 1)) + rng.normal(0, 0.2, (b, n)))))
    return y, risk, refits, weight


def test_the_error_of_single_risks_by_hand():
    risk, refits = [0.2, 0.5], [[0.1, 0.5], [0.4, 0.7]]
    table = instability([0, 1], risk, refits).set_index("figure")
    # |.1 - .2|, |.4 - .2| mean .15; 0 and .2 mean .1
    row = table.loc["mean_absolute_prediction_error"]
    assert row["estimate"] == pytest.approx(0.125)
    assert row["lower"] == pytest.approx(0.1025)
    assert row["upper"] == pytest.approx(0.1475)
    assert (row["over"], row["n"], row["reason"]) == ("participants", 2, "")
    width = table.loc["interval_width", "estimate"]  # nine tenths of .3 and of .2
    assert width == pytest.approx(0.9 * 0.25)
    assert instability_limits(np.array(refits)) == pytest.approx(
        np.array([[0.115, 0.51], [0.385, 0.69]])
    )


def test_performance_of_refits_is_that_on_everybody():
    y, risk, refits, weight = drawn()
    table = instability(y, risk, refits, sample_weight=weight).set_index("figure")
    aucs = [roc_auc_score(y, row, sample_weight=weight) for row in refits]
    row = table.loc["c_statistic"]
    expected = [np.median(aucs), *np.quantile(aucs, [0.05, 0.95])]
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx(expected)
    assert (row["over"], row["n"]) == ("refits", 30)
    slopes = [calibration_slope(y, row, sample_weight=weight).estimate for row in refits]
    assert table.loc["calibration_slope", "estimate"] == pytest.approx(np.median(slopes))


def test_refits_that_say_nothing_are_counted():
    y, risk, refits, _ = drawn(b=4)
    refits[0] = 0.3  # one risk for all has no slope
    row = instability(y, risk, refits).set_index("figure").loc["calibration_slope"]
    assert (row["n"], row["reason"]) == (3, "undefined in 1 of 4 refits")
    none = instability(y, risk, np.full((2, len(y)), 0.3)).set_index("figure")
    assert np.isnan(none.loc["calibration_slope", "estimate"])
    assert none.loc["calibration_slope", "reason"] == "undefined in 2 of 2 refits"


def test_groups_of_like_risk():
    _, risk, refits, _ = drawn()
    table = instability_by_risk(risk, refits)
    assert (len(table), table["n"].sum(), table["n"].min()) == (20, 300, 15)
    assert table["risk"].is_monotonic_increasing
    first = np.argsort(risk)[:15]
    assert table.loc[0, "risk"] == pytest.approx(risk[first].mean())
    lower = np.quantile(refits[:, first], 0.05, axis=0).mean()
    assert table.loc[0, "lower"] == pytest.approx(lower)
    errors = np.abs(refits[:, first] - risk[first]).mean()
    assert table.loc[0, "mean_absolute_prediction_error"] == pytest.approx(errors)
    assert table.loc[0, "lowest"] <= table.loc[0, "lower"] <= table.loc[0, "upper"]


@pytest.mark.parametrize(("n", "groups"), [(5, 1), (19, 1), (25, 2), (1000, 20)])
def test_no_group_is_small_enough_to_know_somebody(n, groups):
    rng = np.random.default_rng(n)
    table = instability_by_risk(rng.random(n), rng.random((3, n)))
    assert len(table) == groups
    assert table["n"].min() >= min(n, 10)
    assert table["n"].sum() == n


def test_calibration_curves_are_those_of_each_refit():
    y, _, refits, weight = drawn(b=3)
    refits[1] = 0.4
    table = calibration_instability(y, refits, sample_weight=weight, n_points=5)
    assert table["refit"].unique().tolist() == [0, 2]
    curve = calibration_curve(y, refits[2], sample_weight=weight, n_points=5)
    found = table[table["refit"] == 2][["risk", "observed"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, curve[["risk", "observed"]])
    assert calibration_instability(y, refits[1]).empty


@pytest.mark.parametrize("refits", [np.empty((0, 2)), [[0.1, 0.2, 0.3]], [0.1, 0.2]])
def test_shapes_are_checked(refits):
    with pytest.raises(ValueError, match=r"refit_risk \(b, n\) with b > 0, got \(2,\)"):
        instability([0, 1], [0.2, 0.5], refits)
