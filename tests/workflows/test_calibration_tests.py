from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_cohort, quick_settings
from tests.validation.samples import draw
from vfprog.models.procedure import cohort_weights
from vfprog.validation.moderate_calibration import calibration_test
from vfprog.validation.resampling import Refit, RefitResult
from vfprog.workflows.calibration_tests import COLUMNS, _later, calibration_row


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


def test_later_participants_without_an_outcome_have_a_reason():
    cohort = make_cohort(120)
    rows = np.arange(90, 120)
    lost = ~np.isin(np.arange(120), rows)
    event = cohort.outcome.event & lost
    outcome = replace(cohort.outcome, observed=lost, event=event, status=event.astype(int))
    refit = Refit("response", "preprocedure", "period", 1)
    result = RefitResult(refit, rows=rows, risk={"model": np.full(30, 0.3)})
    row = _later(replace(cohort, outcome=outcome), quick_settings(), result).iloc[0]
    assert row["reason"].startswith("no outcome is observed")


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
