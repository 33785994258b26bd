from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bundles import hand_parts
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.endpoints import load_endpoint
from vfprog.scoring.bundle import load_bundle, write_bundle
from vfprog.scoring.choice import applicable, assignments, known_after_procedure
from vfprog.scoring.patient import read_patients

DICTIONARY = load_dictionary()


def arrays(*records):
    return read_patients(records, DICTIONARY).arrays


@pytest.mark.parametrize(
    ("finding", "after"),
    [
        ({"treated": True}, True),
        ({"treated": False}, True),
        ({"cement_volume_ml": 0}, True),
        ({"cement_leakage": "none"}, True),
        ({"cement_leakage": None, "treated": float("nan")}, False),
        ({"height_loss_pct": 20}, False),
    ],
)
def test_any_procedure_value_means_after_the_procedure(finding, after):
    given = arrays(
        {"age_years": 70, "vertebrae": [{"level": "L1"}, finding]}, {"age_years": 70}
    )  # fmt: skip
    assert known_after_procedure(given, DICTIONARY).tolist() == [after, False]


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


def test_the_only_model_of_an_endpoint_answers_whatever_is_known(tmp_path):
    parts = hand_parts(members=False)
    only = {"response_postprocedure": parts.models["response_postprocedure"]}
    bundle = load_bundle(write_bundle(replace(parts, models=only), tmp_path / "b"))
    ((name, rows),) = assignments(bundle, arrays({"age_years": 70}))
    assert (name, rows.tolist()) == ("response_postprocedure", [True])
