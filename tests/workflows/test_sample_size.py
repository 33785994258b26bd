from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bundles import hand_model
from tests.cohorts import make_cohort, quick_settings
from vfprog.models.procedure import cohort_weights
from vfprog.models.sample_size import riley_sample_size
from vfprog.workflows.sample_size import count_parameters, of_model

MODEL = hand_model("response", "preprocedure")


def test_parameters_are_counted_in_three_ways():
    model = MODEL
    names = [feature.name for feature in model.features]
    continuous = sum(feature.kind == "continuous" for feature in model.features)
    X = np.ones((5, len(names)))
    X[0, names.index("age_years")] = np.nan
    counts = count_parameters(model, X, blanked=False)
    # One feature, the mismatch of two angles, has two predictors.
    assert counts["predictors"] == len(model.parents) == len(names) + 1
    assert counts["candidate_terms"] == len(names) + 2 * continuous + 1
    assert counts["fitted_terms"] == len(names)
    all_blanked = count_parameters(model, X, blanked=True)
    assert all_blanked["candidate_terms"] == 2 * len(names) + 2 * continuous
    flat = replace(model, linear=replace(model.linear, coef=0 * model.linear.coef))
    assert count_parameters(flat, X, blanked=False)["fitted_terms"] == 1


def test_the_table_holds_the_criteria_for_those_whose_outcome_is_known():
    cohort = make_cohort(300, unseen=0.2)
    table = of_model(MODEL, cohort, quick_settings(truncate=1.0))
    known = int(cohort.outcome.observed.sum())
    assert set(table["n"]) == {known}
    assert set(table["n_events"]) == {cohort.n_events}
    weight = cohort_weights(cohort, quick_settings(truncate=1.0))
    assert table["n_effective"].iloc[0] == pytest.approx(weight.sum() ** 2 / (weight @ weight))
    assert known - 30 < table["n_effective"].iloc[0] < known
    by = table.set_index(["counted", "criterion"])
    row = by.loc[("predictors", "shrinkage")]
    assert row["events_per_parameter"] == pytest.approx(cohort.n_events / len(MODEL.parents))
    prevalence = cohort.n_events / known  # weights without covariates would keep it
    size = riley_sample_size(len(MODEL.parents), prevalence)
    assert row["needed"] == pytest.approx(size.shrinkage, rel=0.05)
    assert row["met"] == (known >= row["needed"])
    assert by.loc[("fitted_terms", "overall_risk"), "met"] == (known >= size.overall_risk)


def test_patients_are_counted_not_their_copies():
    once = of_model(MODEL, make_cohort(60, event=np.arange(60) < 25), quick_settings())
    cohort = make_cohort(600, per_patient=10, event=np.arange(600) < 250)
    copies = of_model(MODEL, cohort, quick_settings())
    counted = ["n", "n_events", "events_per_parameter", "met", "n_parameters"]
    assert copies[counted].equals(once[counted])
    assert set(copies["n"]) == {60}
    assert copies["n_effective"].iloc[0] == pytest.approx(60)


def test_a_criterion_beyond_its_formula_says_why():
    table = of_model(MODEL, make_cohort(300), quick_settings())
    lost = table[table["needed"].isna()]
    assert set(lost["counted"]) == {"candidate_terms"}
    assert set(lost["criterion"]) == {"prediction_error"}
    assert lost["met"].isna().all()
    assert set(lost["reason"]) == {"its formula holds for up to 30 parameters"}
    assert set(table[table["needed"].notna()]["reason"]) == {""}
