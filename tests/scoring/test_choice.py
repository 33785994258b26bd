from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bundles import hand_parts
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.choice import (
    applicable,
    assignments,
    known_after_procedure,
    procedure_not_counted,
)
from vfprog.scoring.patient import read_patients

DICTIONARY = load_dictionary()


def arrays(*records):
    return read_patients(records, DICTIONARY).arrays


@pytest.mark.parametrize(
    ("finding", "after"),
    [
        ({"treated": True}, True),
        ({"treated": False}, False),
        ({"cement_volume_ml": 0}, True),
        ({"cement_leakage": "none"}, True),
        ({"cement_leakage": None, "treated": float("nan")}, False),
        ({"height_loss_pct": 20}, False),
        ({"treated": False, "cement_leakage": "none"}, False),
        ({"treated": False, "cement_leakage": "disc", "cement_volume_ml": 5}, False),
        ({"treated": True, "cement_leakage": "none"}, True),
    ],
)
def test_any_procedure_value_means_after_the_procedure(finding, after):
    given = arrays(
        {"age_years": 70, "vertebrae": [{"level": "L1"}, finding]}, {"age_years": 70}
    )  # fmt: skip
    assert known_after_procedure(given, DICTIONARY).tolist() == [after, False]


def test_where_no_vertebra_was_cemented_nothing_of_the_procedure_counts():
    duration = load_dictionary()["cement_volume_ml"].model_copy(
        update={"name": "duration_min", "table": "episodes"}
    )
    dictionary = DICTIONARY.model_copy(update={"predictors": (*DICTIONARY.predictors, duration)})
    no, yes, unknown = {"treated": False}, {"treated": True}, {"treated": None}
    records = [{"duration_min": 5, "vertebrae": v} for v in ([no, no], [no, yes], [no, unknown])]
    given = read_patients([*records, {"duration_min": 5}, {"age_years": 70}], dictionary).arrays
    assert known_after_procedure(given, dictionary).tolist() == [False, True, True, True, False]
    assert procedure_not_counted(given, dictionary).tolist() == [True, False, False, False, False]


def test_pain_too_low_to_fall_has_no_response():
    given = arrays(*({"vas_baseline": vas, "bed_rest": True} for vas in (2.9, 3, None)))
    assert applicable(load_endpoint("response"), given).tolist() == [False, True, True]
    assert applicable(load_endpoint("new_fracture"), given).all()
    assert applicable(load_endpoint("response"), arrays({"age_years": 70})).all()


def test_each_endpoint_is_answered_by_one_model(hand):
    after = {"age_years": 70, "vertebrae": [{"level": "L1", "treated": True}]}
    given = arrays({"age_years": 70}, after, {"vas_baseline": 1}, {**after, "vas_baseline": 2})
    chosen = {name: np.flatnonzero(rows).tolist() for name, rows in assignments(hand, given)}
    assert chosen == {
        "response_preprocedure": [0],
        "response_postprocedure": [1],
        "new_fracture_preprocedure": [0, 1, 2, 3],  # it has but one model
    }


def test_a_model_without_episodes_is_left_out(hand):
    chosen = [name for name, _ in assignments(hand, arrays({"vas_baseline": 1}))]
    assert chosen == ["new_fracture_preprocedure"]


@pytest.mark.parametrize(
    ("only", "before", "after"), [("preprocedure", True, True), ("postprocedure", False, True)]
)
def test_the_only_model_of_an_endpoint_never_answers_too_early(tmp_path, only, before, after):
    parts = hand_parts(members=False)
    name = f"response_{only}"
    models = {name: parts.models[name]}
    bundle = load_bundle(write_bundle(replace(parts, models=models, boosters={}), tmp_path / "b"))
    for vertebra, expected in (({"treated": False}, before), ({"treated": True}, after)):
        found = assignments(bundle, arrays({"age_years": 70, "vertebrae": [vertebra]}))
        assert [model for model, _ in found] == [name] * expected
