from __future__ import annotations

import pytest

from tests.cohorts import quick_settings
from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows.plan_studies import Study, alignment_p_value, model_study

RESPONSE = load_endpoint("response")


def study(n=400, world=(), seed=1, **settings):
    return Study(n, seed, RESPONSE, "preprocedure", quick_settings(**settings), tuple(world), 1500)


@pytest.mark.slow
def test_a_study_is_trained_cross_validated_and_judged_on_fresh_patients() -> None:
    row = model_study(study())
    assert row["failure"] == ""
    assert 200 < row["n"] < 400
    assert 0.55 < row["c_statistic"] < 0.85
    assert abs(row["c_statistic"] - row["c_cross_validated"]) > 1e-6  # not the same patients
    assert 0.02 < row["c_interval_width"] < 0.3
    assert row["slope_interval_width"] > row["c_interval_width"]
    assert row == model_study(study())


@pytest.mark.slow
def test_a_study_that_cannot_be_trained_says_why() -> None:
    row = model_study(study(60, min_class=50))
    assert "50" in row["failure"]
    assert "c_statistic" not in row


@pytest.mark.slow
@pytest.mark.parametrize("question", ["prognosis", "benefit"])
def test_a_large_effect_on_the_outcome_is_seen_in_prognosis_and_none_is_not(question) -> None:
    large = alignment_p_value(study(2500, [("alignment_effect", 4.0)]), question)
    none = alignment_p_value(study(2500, [("alignment_effect", 0.0)]), question)
    assert large["question"] == question
    assert none["p_value"] > 0.001
    if question == "prognosis":
        assert large["p_value"] < 1e-4
    else:
        assert large["n"] > alignment_p_value(study(2500), "prognosis")["n"]


@pytest.mark.slow
def test_a_test_of_few_patients_says_that_it_is_undefined() -> None:
    assert alignment_p_value(study(50, [("treated_fraction", 0.2)]), "prognosis")["failure"]


@pytest.mark.slow
def test_without_an_effect_large_studies_reject_no_more_than_chance_would() -> None:
    """What goes with alignment and bears on the outcome must be adjusted for."""
    none = [("alignment_effect", 0.0)]
    p = [
        alignment_p_value(study(20_000, none, seed), "prognosis")["p_value"]
        for seed in range(700, 712)
    ]
    # Not adjusted for the place of the fracture 9 of these 12 are below .05; chance gives 4 or
    # more once in 500 times.
    assert sum(value < 0.05 for value in p) <= 3
