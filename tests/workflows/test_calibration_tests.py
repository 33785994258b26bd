from __future__ import annotations

import numpy as np
import pytest

from tests.validation.samples import draw
from vfprog.models.procedure import cohort_weights
from vfprog.validation.moderate_calibration import calibration_test
from vfprog.workflows.calibration_tests import COLUMNS, calibration_row


def test_one_row_has_the_fields_of_the_test():
    y, risk, weight, groups = draw(200, 1)
    row = calibration_row(y, risk, sample_weight=weight, groups=groups)
    expected = calibration_test(y, risk, sample_weight=weight, groups=groups)
    assert tuple(row.columns) == COLUMNS
    assert row.loc[0, "p_value"] == expected.p_value
    assert row.loc[0, "reason"] == ""


def test_what_is_undefined_says_why():
    row = calibration_row(np.zeros(30), np.full(30, 0.2)).iloc[0]
    assert row["reason"].startswith("calibration test is undefined")
    assert row[["p_value", "n"]].isna().all()


@pytest.mark.slow
def test_a_training_tests_each_learner(training):
    table = training.tables["calibration_tests"].set_index(["model", "learner"])
    name = "response_preprocedure"
    cohort = training.cohorts["response"]
    expected = calibration_test(
        cohort.outcome.event.astype(float), training.risks[name]["logistic"],
        sample_weight=cohort_weights(cohort, training.settings), groups=cohort.patient_id,
    )  # fmt: skip
    row = table.loc[(name, "logistic")]
    assert row["p_value"] == expected.p_value
    assert row["validation"] == "cross_validation"
    # Nobody is later than anybody in this registry.
    assert set(table["validation"]) == {"cross_validation"}
