from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.cohorts import make_cohort
from vfprog.models.procedure import cohort_weights
from vfprog.validation.calibration import calibration_curve
from vfprog.validation.utility import decision_curve
from vfprog.workflows.curves import CURVES, judged_curves, of_model


@pytest.fixture(scope="module")
def judged():
    cohort = make_cohort(200, seed=1)
    risk = np.random.default_rng(0).uniform(0.1, 0.6, 200)
    return cohort, np.ones(200), risk


def test_the_decision_curve_ends_where_risks_end(judged):
    cohort, _, risk = judged
    table = {t.name: t.frame for t in judged_curves(*judged)}["decision_curve"]
    assert table["threshold"].max() <= np.quantile(risk, 0.99) < table["threshold"].max() + 0.021
    expected = decision_curve(cohort.outcome.event.astype(float), risk, [0.3])
    ours = table[np.isclose(table["threshold"], 0.3)]
    assert ours["net_benefit"].to_numpy() == pytest.approx(expected["net_benefit"].to_numpy())


def test_an_undefined_calibration_curve_is_left_out(judged):
    cohort, weight, _ = judged
    names = [t.name for t in judged_curves(cohort, weight, np.full(200, 0.4))]
    assert names == ["risk_distribution", "decision_curve"]


def test_rows_of_one_model_are_numbered_from_0():
    table = pd.DataFrame({"model": ["a", "b", "b"], "n": [1, 2, 3]})
    assert of_model(table, "b").to_dict("index") == {
        0: {"model": "b", "n": 2}, 1: {"model": "b", "n": 3},
    }  # fmt: skip


@pytest.mark.slow
def test_the_training_keeps_the_curves_of_its_cross_validated_risks(training):
    assert set(CURVES) <= set(training.tables)
    name = "response_preprocedure"
    cohort = training.cohorts["response"]
    weight = cohort_weights(cohort, training.settings)
    known = weight > 0
    expected = calibration_curve(
        cohort.outcome.event[known].astype(float), training.risks[name]["model"][:, known],
        sample_weight=weight[known], groups=cohort.patient_id[known],
    )  # fmt: skip
    kept = of_model(training.tables["calibration_curve"], name)
    assert set(kept["prediction_time"]) == {"preprocedure"}
    assert kept["observed"].to_numpy() == pytest.approx(expected["observed"].to_numpy())
    models = [set(training.tables[curve]["model"]) for curve in CURVES]
    assert models == [set(training.fitted)] * 3
