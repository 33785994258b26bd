from __future__ import annotations

import pytest
from pydantic import ValidationError

from vfprog.errors import ConfigError
from vfprog.schema.conditions import Condition, Named
from vfprog.schema.dictionary import load_dictionary

DICTIONARY = load_dictionary()


@pytest.mark.parametrize(
    "content",
    [
        {"predictor": "age_years", "at_least": 50},
        {"predictor": "fracture_age_days", "at_least": 42, "at_most": 182},
        {"predictor": "mri_oedema", "is": True},
        {"predictor": "sex", "is": "female"},
        {"predictor": "level", "at_least": "T5"},
        {"predictor": "asa_class", "above": "3"},
        {"predictor": "pelvic_incidence_deg", "outside": [44, 62]},
        {"predictor": "n_index_vertebrae", "at_most": 2},
        {"predictor": "t_score"},
    ],
)
def test_a_comparison_that_suits_its_predictor(content) -> None:
    Condition.model_validate(content).check(DICTIONARY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"predictor": "age", "at_least": 50}, "age is not in the dictionary"),
        ({"predictor": "age_years", "is": True}, "age_years is continuous: equals True says"),
        ({"predictor": "age_years", "at_least": "T5"}, "at_least 'T5' says nothing"),
        ({"predictor": "inpatient", "at_least": 1}, "inpatient is binary: at_least 1.0 says"),
        ({"predictor": "inpatient", "is": "yes"}, "inpatient is binary: equals 'yes' says"),
        ({"predictor": "sex", "is": "woman"}, "sex is nominal: equals 'woman' says nothing"),
        ({"predictor": "sex", "above": "female"}, "sex is nominal: above 'female' says nothing"),
        ({"predictor": "level", "at_least": "T3"}, "level is ordinal: at_least 'T3' says"),
        ({"predictor": "level", "outside": [1, 2]}, "level is ordinal: outside"),
        ({"predictor": "n_index_vertebrae", "is": True}, "n_index_vertebrae is count: equals"),
    ],
)
def test_one_that_does_not_is_refused(content, message) -> None:
    with pytest.raises(ConfigError, match=message):
        Condition.model_validate(content).check(DICTIONARY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"at_least": 50, "below": 60}, "give one comparison, or at_least with at_most, got"),
        ({"at_least": 60, "at_most": 50}, "nothing lies between 60 and 50"),
        ({"outside": [62, 44]}, "nothing lies between 62 and 44"),
        ({"atleast": 50}, "Extra inputs are not permitted"),
    ],
)
def test_comparisons_that_contradict_each_other(content, message) -> None:
    with pytest.raises(ValidationError, match=message):
        Condition.model_validate({"predictor": "age_years"} | content)


def test_what_has_a_name_asks_something() -> None:
    with pytest.raises(ValidationError, match="sva: a comparison is needed"):
        Named.model_validate({"name": "sva", "label": "SVA", "predictor": "sva_mm"})
