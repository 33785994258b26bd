from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.cohorts import make_arrays, make_cohort
from vfprog.schema.dictionary import Dictionary
from vfprog.schema.evidence import load_evidence
from vfprog.scoring.of_score import of_score
from vfprog.validation.published import SPEAKS_OF, published_comparators


def by_name(cohort):
    return {c.name: c for c in published_comparators(cohort)}


@pytest.fixture(scope="module")
def arrays():
    made = make_arrays(200, seed=3)
    made.episodes["sex"] = (np.arange(200) % 4 == 0).astype(float)  # male: the second level
    made.episodes["anti_osteoporosis_treatment"] = (np.arange(200) % 2).astype(float)
    made.vertebrae["of_type"] = (np.arange(len(made.owner)) % 5).astype(float)
    return made


def test_every_published_model_has_an_endpoint():
    assert {model.name for model in load_evidence().linear_predictors} == set(SPEAKS_OF)


def test_the_linear_predictor_by_hand(arrays):
    cohort = make_cohort(200, arrays=arrays, endpoint="new_fracture")
    made = by_name(cohort)["published_world_neurosurg_2024"]
    assert not made.reason
    assert made.coefficients == (1.919, -0.740, 2.782, -1.355)
    x = arrays.episodes
    female = np.where(np.isnan(x["sex"]), np.nan, x["sex"] == 0)
    prior = np.where(np.isnan(x["n_prevalent_fractures"]), np.nan, x["n_prevalent_fractures"] >= 1)
    expected = np.column_stack([female, x["t_score"], prior, x["anti_osteoporosis_treatment"]])
    np.testing.assert_array_equal(made.columns, expected)
    assert "the intercept is learned anew" in made.made_for


def test_a_model_is_compared_on_the_endpoint_it_speaks_of(arrays):
    response = by_name(make_cohort(200, arrays=arrays))
    assert set(response) == {"of_score", "alignment_flags", "published_li_2021"}
    assert response["published_li_2021"].coefficients == (-1.332,)  # of residual pain, not relief
    fracture = by_name(make_cohort(200, arrays=arrays, endpoint="new_fracture"))
    assert "published_li_2021" not in fracture


def test_what_is_lacking_is_named(arrays):
    li = by_name(make_cohort(200, arrays=arrays))["published_li_2021"]
    assert li.reason == "not recorded: posterior fascia oedema, muscle degeneration, blocky cement"
    bare = make_cohort(200, endpoint="new_fracture")
    world = by_name(bare)["published_world_neurosurg_2024"]
    assert world.reason == "not recorded: sex, anti_osteoporosis_treatment"
    flags = by_name(bare)["alignment_flags"]
    assert flags.reason == "none of its items is recorded"


def test_the_score_is_a_ranking_and_says_what_it_was_made_for(arrays):
    cohort = make_cohort(200, arrays=arrays)
    score = by_name(cohort)["of_score"]
    expected = of_score(cohort.arrays, cohort.dictionary).score
    assert (score.ranking == expected).all()
    assert (score.columns[:, 0] == expected).all()
    assert "no probability" in score.made_for
    assert score.note.startswith("counted as 0, for they are not recorded: ")
    assert "neurological symptoms" in score.note
    assert "bone density" not in score.note


def test_a_score_equal_for_all_is_refused(arrays):
    few = make_arrays(50, names=("inpatient",))
    few.vertebrae["of_type"] = np.zeros(len(few.owner))
    score = by_name(replace(make_cohort(50, arrays=few)))["of_score"]
    assert score.reason == "it is the same for everybody"


def with_predictors(cohort, change):
    content = cohort.dictionary.model_dump()
    content["predictors"] = [found for p in content["predictors"] if (found := change(p))]
    return replace(cohort, dictionary=Dictionary.model_validate(content))


def test_a_dictionary_that_lacks_predictors_leaves_them_unknown(arrays):
    gone = {"asa_class", "of_type", "sva_mm", "sex"}
    bare = make_cohort(200, endpoint="new_fracture")
    smaller = with_predictors(bare, lambda p: None if p["name"] in gone else p)
    assert [(c.name, c.reason) for c in published_comparators(smaller)] == [
        (c.name, c.reason) for c in published_comparators(bare)
    ]


def test_a_dictionary_that_codes_otherwise_says_why_nothing_is_compared():
    def renamed(predictor):
        levels = ("I", "II", "III", "IV")
        return predictor | ({"levels": levels} if predictor["name"] == "asa_class" else {})

    cohort = with_predictors(make_cohort(50, endpoint="new_fracture"), renamed)
    found = published_comparators(cohort)
    assert [c.name for c in found] == [
        c.name for c in published_comparators(make_cohort(50, endpoint="new_fracture"))
    ]
    assert all("asa_class is ordinal: above '3' says nothing" in c.reason for c in found)
