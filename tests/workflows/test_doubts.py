from __future__ import annotations

import pandas as pd
import pytest

from vfprog.validation.resampling import Refit, RefitResult
from vfprog.workflows.doubts import doubts, flat_doubts, slope_doubt

COLUMNS = ["model", "learner", "metric", "estimate", "lower", "upper"]
SLOPE, C = "calibration_slope", "c_statistic"


def test_a_model_that_says_nothing_or_knows_too_much_is_doubted():
    rows = [
        ("m1", "model", SLOPE, -0.5, -1.2, 0.2), ("m1", "logistic", SLOPE, -2.0, -3.0, -1.0),
        ("m1", "model", C, 0.6, 0.5, 0.7), ("m2", "model", C, 0.986, 0.97, 0.99),
        ("m2", "model", SLOPE, 1.0, 0.8, 1.2), ("m3", "model", SLOPE, None, None, None),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    found = doubts(table)
    assert [note.split(":")[0] for note in found] == ["m1", "m2"]
    assert "has not seen -0.50 (-1.20 to 0.20): the model says nothing" in found[0]
    assert "c-statistic 0.986" in found[1]
    alone = table[table["learner"] == "model"].drop(columns="learner")
    assert doubts(alone) == found


@pytest.mark.parametrize(
    ("estimate", "lower", "upper", "said"),
    [
        (-1.26, -1.66, -0.86, "ranks patients the wrong way round"),
        (0.0, -0.3, 0.3, "says nothing about them"),
        (0.04, -0.66, 0.75, "limits include 0"),
        (-0.2, float("nan"), float("nan"), "says nothing about them"),
    ],
)
def test_each_kind_of_slope_has_its_words(estimate, lower, upper, said):
    assert said in slope_doubt({"estimate": estimate, "lower": lower, "upper": upper})


def test_a_slope_above_0_is_no_doubt():
    assert slope_doubt({"estimate": 0.5, "lower": 0.01, "upper": 1.0}) == ""
    assert slope_doubt({"estimate": 0.5, "lower": float("nan"), "upper": float("nan")}) == ""


def test_half_of_the_folds_flat_is_a_doubt():
    def folds(flat, n):
        return [
            RefitResult(Refit("response", "preprocedure", "fold", 1, k), flat=k < flat)
            for k in range(n)
        ]

    (said,) = flat_doubts({"few": folds(2, 5), "half": folds(2, 4), "none": []})
    assert said.startswith("half: 2 of 4 folds learned nothing")
