from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.cohorts import quick_settings
from vfprog.errors import ConfigError
from vfprog.workflows import plan as code
from vfprog.workflows.plan import COLUMNS, plan, write_plan


@pytest.mark.slow
def test_a_plan_tells_every_size_and_the_same_seed_the_same() -> None:
    small = {"repeats": 2, "power_repeats": 3, "settings": quick_settings(), "fresh": 1500}
    found = plan([300, 200], effect=2.0, n_jobs=2, **small)
    assert list(found.table.columns) == list(COLUMNS)
    assert found.table["participants"].drop_duplicates().tolist() == [200, 300]
    for _, part in found.table.groupby("participants"):
        figures = set(part["figure"])
        assert {"c_statistic", "calibration_slope", "c_interval_width", "power_prognosis",
                "false_positive_prognosis", "power_benefit", "riley_met"} <= figures  # fmt: skip
    assert len(found.studies) == 4
    assert len(found.tests) == 2 * 3 * 2 * 2
    again = plan([200, 300], effect=2.0, n_jobs=1, **small)
    pd.testing.assert_frame_equal(found.table, again.table)


@pytest.mark.slow
def test_without_another_arm_there_is_no_test_of_benefit(tmp_path) -> None:
    found = plan([200], repeats=2, power_repeats=2, settings=quick_settings(), fresh=1500,
                 overrides={"treated_fraction": 1.0}, n_jobs=1)  # fmt: skip
    assert not found.table["figure"].str.contains("benefit").any()
    folder = write_plan(found, tmp_path / "plan")
    written = {file.name for file in folder.iterdir() if not file.name.startswith(".")}
    assert written == {"plan.csv", "studies.csv", "tests.csv", "plan.png"}
    with pytest.raises(ConfigError, match="exists"):
        write_plan(found, tmp_path / "plan")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"participants": [500, 10]}, "at least 50, got 10"),
        ({"participants": []}, "got none"),
        ({"participants": [500], "repeats": 1}, "repeats must be at least 2, got 1"),
        ({"participants": [500], "effect": 99.0}, "alignment_effect"),
        ({"participants": [500], "overrides": {"dropuot": 0}}, "dropout"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(given, said) -> None:
    with pytest.raises(ConfigError, match=said):
        plan(given.pop("participants"), **given)


def studies(*rows):
    names = (
        "participants", "failure", "n", "n_events", "riley_met", "c_statistic",
        "calibration_slope", "c_cross_validated", "c_interval_width", "slope_interval_width",
    )  # fmt: skip
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])


def test_means_and_spread_leave_out_what_failed_and_say_so() -> None:
    ok = (100, "", 80, 40, True, 0.7, 1.0, 0.7, 0.1, 0.5)
    low = (100, "", 80, 40, False, 0.6, 0.8, 0.6, 0.3, 0.5)
    failed = (100, "too few", None, None, None, None, None, None, None, None)
    table = code._of_models(studies(ok, low, failed)).set_index("figure")
    assert table.loc["c_statistic", "estimate"] == pytest.approx(0.65)
    assert table.loc["c_statistic", "lower"] == pytest.approx(0.605)
    assert table.loc["c_statistic", "mc_error"] == pytest.approx(0.05)
    assert table.loc["c_statistic", "repeats"] == 2
    assert table.loc["riley_met", "estimate"] == pytest.approx(1 / 3)
    assert set(table["reason"]) == {"1 of 3 studies could not be trained"}


def test_power_counts_an_undefined_test_as_no_rejection_with_exact_limits() -> None:
    tests = pd.DataFrame(
        {"participants": 100, "question": "prognosis", "effect": [1.0] * 4 + [0.0] * 2,
         "p_value": [0.01, 0.04, 0.05, float("nan"), 0.5, 0.6],
         "failure": ["", "", "", "x", "", ""]}
    )  # fmt: skip
    table = code._of_tests(tests).set_index("figure")
    limits = binomtest(2, 4).proportion_ci(method="exact")
    row = table.loc["power_prognosis"]
    assert row["estimate"] == 0.5
    assert (row["lower"], row["upper"]) == pytest.approx((limits.low, limits.high))
    assert row["reason"] == "1 of 4 tests undefined"
    assert table.loc["false_positive_prognosis", "estimate"] == 0.0
    assert table.loc["false_positive_prognosis", "lower"] == 0.0
