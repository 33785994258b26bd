from __future__ import annotations

import numpy as np
import pytest

from vfprog.features.arrays import EpisodeArrays
from vfprog.features.conditions import any_vertebra, compare, holds
from vfprog.features.vertebrae import group_vertebrae
from vfprog.schema.conditions import Condition
from vfprog.schema.dictionary import load_dictionary

NAN = float("nan")
DICTIONARY = load_dictionary()


def condition(**content) -> Condition:
    return Condition.model_validate(content)


@pytest.mark.parametrize(
    ("content", "values", "expected"),
    [
        ({"predictor": "age_years", "at_least": 50}, [49.9, 50, NAN], [-1, 1, 0]),
        ({"predictor": "age_years", "at_most": 50}, [50, 50.1, NAN], [1, -1, 0]),
        ({"predictor": "t_score", "below": -3}, [-3.1, -3, NAN], [1, -1, 0]),
        ({"predictor": "frailty_mfi5", "above": 2}, [2, 3, NAN], [-1, 1, 0]),
        ({"predictor": "pelvic_incidence_deg", "outside": [44, 62]},
         [43.9, 44, 62, 62.1, NAN], [1, -1, -1, 1, 0]),
        ({"predictor": "fracture_age_days", "at_least": 42, "at_most": 182},
         [41, 42, 182, 183, NAN], [-1, 1, 1, -1, 0]),
        ({"predictor": "mri_oedema", "is": True}, [1, 0, NAN], [1, -1, 0]),
        ({"predictor": "inpatient", "is": False}, [1, 0, NAN], [-1, 1, 0]),
        ({"predictor": "sex", "is": "male"}, [0, 1, NAN], [-1, 1, 0]),
        ({"predictor": "asa_class", "above": "3"}, [2, 3, NAN], [-1, 1, 0]),
        ({"predictor": "level", "at_least": "T5"}, [0, 1, 13, NAN], [-1, 1, 1, 0]),
        ({"predictor": "t_score"}, [0, NAN], [1, 0]),
    ],
)  # fmt: skip
def test_each_comparison_by_hand(content, values, expected) -> None:
    assert compare(condition(**content), np.array(values), DICTIONARY).tolist() == expected


def test_or_over_the_vertebrae_is_the_largest_and_none_is_unknown() -> None:
    # Episodes: yes and no; no and unknown; no and no; none at all.
    status = np.array([1, -1, -1, 0, -1, -1], dtype=np.int8)
    groups = group_vertebrae(np.array([0, 0, 1, 1, 2, 2]), 4)
    assert any_vertebra(status, groups).tolist() == [1, 0, -1, 0]


def test_of_episodes_vertebrae_and_their_number() -> None:
    arrays = EpisodeArrays(
        3, {"age_years": np.array([70.0, NAN, 40.0])},
        {"level": np.array([0.0, 9.0, NAN]), "mri_oedema": np.array([0.0, NAN, 1.0])},
        np.array([0, 0, 1]),
    )  # fmt: skip
    groups = group_vertebrae(arrays.owner, arrays.n)

    def held(**content) -> list[int]:
        return holds(condition(**content), arrays, groups, DICTIONARY).tolist()

    assert held(predictor="age_years", at_least=50) == [1, 0, -1]
    assert held(predictor="t_score", below=-3) == [0, 0, 0]
    assert held(**{"predictor": "mri_oedema", "is": True}) == [0, 1, 0]
    assert held(predictor="level", at_least="T5") == [1, 0, 0]
    # Two, one of a level nobody knows (so the number is not known either), none listed.
    assert held(predictor="n_index_vertebrae", at_most=1) == [-1, 0, 0]
