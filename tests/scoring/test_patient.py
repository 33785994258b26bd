from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.models import random_patient
from vfprog.errors import InputError
from vfprog.schema.dictionary import LEVELS, load_dictionary
from vfprog.scoring.patient import read_patients

DICTIONARY = load_dictionary()


def failures(*records):
    with pytest.raises(InputError) as caught:
        read_patients(records, DICTIONARY)
    return caught.value.failures


def warned(*records):
    return [(f.row, f.column, f.rule) for f in read_patients(records, DICTIONARY).warnings]


def test_a_patient_becomes_arrays():
    first = {
        "age_years": 79, "sex": "male", "asa_class": 3, "bed_rest": True,
        "vertebrae": [{"level": "L1", "height_loss_pct": 35.5}, {"level": "T12"}],
    }  # fmt: skip
    second = {"age_years": 60.5, "vertebrae": [{"level": "L5", "cement_leakage": "none"}]}
    arrays = read_patients([first, second], DICTIONARY).arrays
    assert arrays.n == 2
    assert arrays.owner.tolist() == [0, 0, 1]
    assert arrays.episodes["age_years"].tolist() == [79, 60.5]
    assert arrays.episodes["sex"] == pytest.approx([1, np.nan], nan_ok=True)
    assert arrays.episodes["asa_class"] == pytest.approx([2, np.nan], nan_ok=True)
    assert arrays.episodes["bed_rest"] == pytest.approx([1, np.nan], nan_ok=True)
    places = [LEVELS.index(level) for level in ("L1", "T12", "L5")]
    assert arrays.vertebrae["level"].tolist() == places
    assert arrays.vertebrae["cement_leakage"] == pytest.approx([np.nan, np.nan, 0], nan_ok=True)
    assert "bmi_kg_m2" not in arrays.episodes


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"vas_baseline": 70}, "vas_baseline", "hard_range"),
        ({"vas_baseline": float("inf")}, "vas_baseline", "number"),
        ({"age_years": [79]}, "age_years", "number"),
        ({"age_years": {"value": 79}}, "age_years", "number"),
        ({"age_years": True}, "age_years", "number"),
        ({"age_years": np.array([79, 80])}, "age_years", "number"),
        ({"age_years": "old"}, "age_years", "number"),
        ({"n_prevalent_fractures": 1.5}, "n_prevalent_fractures", "count"),
        ({"bed_rest": 2}, "bed_rest", "binary"),
        ({"bed_rest": ["yes"]}, "bed_rest", "binary"),
        ({"sex": "f"}, "sex", "level"),
        ({"sex": True}, "sex", "level"),
        ({"sex": {"code": "female"}}, "sex", "level"),
        ({"vertebrae": {"level": "L1"}}, "vertebrae", "list"),
        ({"vertebrae": ["L1"]}, "vertebrae", "list"),
        ({"vertebrae": [None]}, "vertebrae", "list"),
        ({"vertebrae": 5}, "vertebrae", "list"),
        ({"vertebrae": True}, "vertebrae", "list"),
        ({"vertebrae": "L1"}, "vertebrae", "list"),
        ({"vertebrae": np.array(5)}, "vertebrae", "list"),
        ({"vertebrae": np.zeros((2, 2))}, "vertebrae", "list"),
        ({"vertebrae": pd.DataFrame({"level": ["L1"]})}, "vertebrae", "list"),
        ({"vertebrae": [{"level": "L1"}, {"level": "l1"}]}, "level", "repeated"),
        ({"vertebrae": [{"level": "C3"}]}, "level", "level"),
        ({"vertebrae": [{"cement_volume_ml": 400}]}, "cement_volume_ml", "hard_range"),
    ],
)
def test_one_wrong_thing_is_one_failure(change, column, rule):
    (failure,) = failures({"bmi_kg_m2": 25} | change)
    assert (failure.column, failure.rule, failure.severity) == (column, rule, "error")


def test_the_message_of_a_wrong_unit_says_what_is_right():
    (failure,) = failures({"vas_baseline": 70})
    assert str(failure) == (
        "patient[0].vas_baseline: must lie between 0 and 10 in points, got 70"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "row", "message"),
    [
        ({"age": 79}, 0, r"^is no predictor of this model; did you mean age_years\?$"),
        ({"vas_baselin": 7}, 0, r"did you mean vas_baseline\?"),
        ({"cement_volume_ml": 5}, 0, r"it belongs inside 'vertebrae'"),
        ({"zzz": 5}, 0, r"^is no predictor of this model$"),
        ({3: 5}, 0, r"^is no predictor of this model$"),
        ({"vertebrae": [{}, {"age_years": 5}]}, "0].vertebrae[1", r"it belongs to the patient"),
        ({"vertebrae": [{"levels": "L1"}]}, "0].vertebrae[0", r"did you mean level\?"),
    ],
)
def test_an_unknown_key_is_refused_with_a_hint(record, row, message):
    (failure,) = failures({"bmi_kg_m2": 25} | record)
    assert (failure.rule, failure.row) == ("unknown_key", row)
    assert re.search(message, failure.message)


@pytest.mark.parametrize("record", [{}, {"age_years": None}, {"vertebrae": [{}]}, {"site_id": "A"}])
def test_a_patient_without_any_predictor_is_refused(record):
    (failure,) = failures({"age_years": 70}, record)
    assert (failure.row, failure.rule) == (1, "empty")


@pytest.mark.parametrize("record", [None, 5, "age_years", ["age_years"]])
def test_what_is_no_object_is_refused(record):
    (failure,) = failures(record)
    assert (failure.rule, failure.row) == ("object", 0)


def test_all_failures_come_at_once():
    found = failures(
        {"vas_baseline": 70, "agee_years": 5, "bed_rest": "maybe"},
        {"vertebrae": [{"level": "L1", "cement_volume_ml": 400}, {"level": "L1", "zz": 1}]},
        "nonsense",
    )
    assert sorted((str(f.row), f.column, f.rule) for f in found) == [
        ("0", "agee_years", "unknown_key"),
        ("0", "bed_rest", "binary"),
        ("0", "vas_baseline", "hard_range"),
        ("1", "level", "repeated"),
        ("1].vertebrae[0", "cement_volume_ml", "hard_range"),
        ("1].vertebrae[1", "zz", "unknown_key"),
        ("2", "*", "object"),
    ]


# --- nothing of one field leaks into the failure of another

SENTINELS = {
    "episode_id": "EPISODE-31337", "patient_id": "PATIENT-31337", "age_years": 71.731,
    "bmi_kg_m2": 27.727, "t_score": -2.729, "vas_baseline": 6.673, "rmdq_baseline": 14.641,
    "fracture_age_days": 37.73, "vitamin_d_nmol_l": 57.571, "pelvic_incidence_deg": 53.531,
    "pelvic_tilt_deg": 21.211, "sacral_slope_deg": 32.32, "sva_mm": 61.613,
    "frailty_mfi5": 3, "sex": "female",
}  # fmt: skip
VERTEBRA = {"level": "T11", "height_loss_pct": 43.437, "cement_volume_ml": 5.153}


@pytest.mark.parametrize("wrong", [9e9, "nonsense", [1], {"a": 1}])
@pytest.mark.parametrize(
    "field", [p.name for p in DICTIONARY.of_table("episodes")] + ["no_such_key", "vertebrae"]
)
def test_a_failure_never_holds_the_value_of_another_field(field, wrong):
    record = SENTINELS | {"vertebrae": [VERTEBRA]} | {field: wrong}
    others = [value for name, value in SENTINELS.items() if name not in {field, "sex"}]
    words = [str(v) for v in others if not isinstance(v, int)]
    words += [] if field == "vertebrae" else ["43.437", "5.153"]
    with pytest.raises(InputError) as caught:
        read_patients([record], DICTIONARY)
    text = str(caught.value) + repr([f.as_dict() for f in caught.value.failures])
    assert {f.column for f in caught.value.failures} == {field}
    assert [word for word in words if word in text] == []


def test_each_of_many_failures_holds_its_own_value_only():
    record = {p.name: f"wrong-{p.name}-value" for p in DICTIONARY.of_table("episodes")}
    found = failures(record)
    assert len(found) == len(record)
    for failure in found:
        named = {name for name in record if f"wrong-{name}-value" in repr(failure.as_dict())}
        assert named <= {failure.column}


# --- warnings


def test_values_out_of_the_usual_are_warned_about():
    assert warned({"age_years": 101, "vertebrae": [{"level": "L1", "cement_volume_ml": 14}]}) == [
        (0, "age_years", "usual_range"), ("0].vertebrae[0", "cement_volume_ml", "usual_range"),
    ]  # fmt: skip
    assert warned({"age_years": 97}) == []


@pytest.mark.parametrize(
    ("incidence", "tilt", "slope", "doubtful"),
    [(50, 20, 40, False), (50, 20, 40.1, True), (70, 20, 40, False), (71, 20, 40, True)],
)
def test_pelvic_angles_that_contradict_are_warned_about(incidence, tilt, slope, doubtful):
    record = {
        "pelvic_incidence_deg": incidence, "pelvic_tilt_deg": tilt, "sacral_slope_deg": slope
    }  # fmt: skip
    expected = [(1, "pelvic_incidence_deg", "pelvic_identity")] if doubtful else []
    assert warned({"age_years": 70}, record) == expected
    assert warned({**record, "sacral_slope_deg": None}) == []


def test_cement_in_a_vertebra_not_treated_is_warned_about():
    no = {"level": "L1", "treated": False, "cement_volume_ml": 5, "cement_leakage": "disc"}
    yes = {**no, "level": "L2", "treated": True}
    none = {**no, "level": "L3", "cement_volume_ml": None, "cement_leakage": "none"}
    place = "1].vertebrae[1"
    assert warned({"age_years": 70}, {"vertebrae": [yes, no, none]}) == [
        (place, "cement_volume_ml", "untreated_cement"),
        (place, "cement_leakage", "untreated_cement"),
    ]


@given(st.integers(0, 2**32 - 1))
def test_legal_patients_are_accepted(seed):
    rng = np.random.default_rng(seed)
    records = [random_patient(rng) for _ in range(3)]
    arrays = read_patients(records, DICTIONARY).arrays
    assert arrays.n == 3
    assert np.bincount(arrays.owner, minlength=3).tolist() == [len(r["vertebrae"]) for r in records]


def test_there_are_no_more_vertebrae_than_levels():
    many = {"age_years": 79, "vertebrae": [{"height_loss_pct": 20}] * (len(LEVELS) + 1)}
    with pytest.raises(InputError, match="holds 15 vertebrae, at most 14") as caught:
        read_patients([many], load_dictionary())
    (failure,) = caught.value.failures
    assert (failure.column, failure.rule) == ("vertebrae", "too_many")
    read_patients([{"vertebrae": many["vertebrae"][:-1]}], load_dictionary())


def test_of_very_many_unknown_keys_each_is_named_and_the_first_get_hints():
    record = {"age_yeers": 79, **{f"nothing_{n}": 1 for n in range(500)}, "vas_baselin": 8}
    with pytest.raises(InputError) as caught:
        read_patients([record], load_dictionary())
    first, *_, last = (f.message for f in caught.value.failures if f.rule == "unknown_key")
    assert len(caught.value.failures) == 502
    assert "did you mean age_years?" in first
    assert last == "is no predictor of this model"
