from __future__ import annotations

import math

import pandas as pd
import pytest

from tests.cohorts import make_cohort
from vfprog.data.cohort import characteristics
from vfprog.validation.population import COLUMNS, population_differences


def described(*rows):
    """Characteristics: predictor, level, statistic, overall, missing percent."""
    names = ["predictor", "level", "statistic", "overall", "missing_percent"]
    return pd.DataFrame(rows, columns=names).assign(label=lambda t: t["predictor"].str.upper())


def number(name, mean, sd, missing=0.0):
    return [(name, "", "mean", mean, missing), (name, "", "sd", sd, missing)]


def shares(name, missing=0.0, **percent):
    return [(name, level, "percent", value, missing) for level, value in percent.items()]


def difference(ours, theirs):
    table = population_differences(described(*ours), described(*theirs))
    assert len(table["standardised_difference"].drop_duplicates()) == 1
    return table["standardised_difference"].iloc[0], table["reason"].iloc[0]


def test_means_worked_by_hand():
    # The mean variance is (9 + 16) / 2.
    found = difference(number("age", 70.0, 3.0), number("age", 74.0, 4.0))
    assert found == (pytest.approx(4 / math.sqrt(12.5)), "")


def test_proportions_worked_by_hand():
    # The mean variance is (.2 * .8 + .5 * .5) / 2.
    found = difference(shares("male", yes=20.0), shares("male", yes=50.0))
    assert found == (pytest.approx(0.3 / math.sqrt(0.205)), "")


def test_levels_worked_by_hand():
    # Two levels: S = (.16 + .25) / 2, so the distance is that of a proportion, without its sign.
    found = difference(shares("side", a=50.0, b=50.0), shares("side", a=80.0, b=20.0))
    assert found == (pytest.approx(0.3 / math.sqrt(0.205)), "")
    same = shares("side", a=30.0, b=30.0, c=40.0)
    assert difference(same, same) == (0.0, "")
    value, _ = difference(same, shares("side", a=30.0, b=40.0, c=30.0))
    assert 0 < value < 0.5


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        (number("x", 1.0, 1.0), [("x", "", "n", 0.0, 100.0)], "not recorded in this registry"),
        ([("x", "", "n", 0.0, 100.0)], number("x", 1.0, 1.0), "not recorded in development"),
        ([("x", "", "n", 0.0, 100.0)], [("x", "", "n", 0.0, 100.0)], "recorded in neither"),
        (number("x", 1.0, 0.0), number("x", 1.0, 0.0), "no value differs from another"),
        (shares("x", yes=0.0), shares("x", yes=100.0), "all on one side, none on the other"),
    ],
)
def test_what_cannot_be_compared_says_why(ours, theirs, reason):
    value, said = difference(ours, theirs)
    assert math.isnan(value)
    assert said == reason


def test_a_predictor_of_one_side_stays_in_the_table():
    ours = described(*number("age", 70.0, 3.0, missing=5.0))
    theirs = described(*number("bone", 1.0, 1.0, missing=20.0))
    table = population_differences(ours, theirs).set_index(["predictor", "statistic"])
    assert table.loc[("age", "missing_percent"), ["development", "here"]].tolist() == [5.0, 100.0]
    assert table.loc[("bone", "missing_percent"), ["development", "here"]].tolist() == [100.0, 20.0]
    assert math.isnan(table.loc[("bone", "mean"), "development"])


def test_cohorts_side_by_side():
    one, two = (characteristics(make_cohort(400, seed=seed)) for seed in (1, 2))
    table = population_differences(one, two)
    assert list(table.columns) == list(COLUMNS)
    there = table["standardised_difference"].dropna()
    assert there.abs().max() < 0.35  # drawn alike
    assert {"age_years", "inpatient", "height_loss_pct"} <= set(table["predictor"])
    age = table[table["predictor"] == "age_years"].set_index("statistic")
    assert {"missing_percent", "mean", "sd", "median", "q1", "q3"} == set(age.index)
    identical = population_differences(one, one)["standardised_difference"].dropna()
    assert identical.abs().max() == 0
