from __future__ import annotations

import pytest

from vfprog.features.design import derive_features
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.model import Line
from vfprog.scoring.patient import read_patients
from vfprog.scoring.values import PatientValues, decode

DICTIONARY = load_dictionary()


def values(*records):
    arrays = read_patients(records, DICTIONARY).arrays
    derived = derive_features(arrays, DICTIONARY)
    return [PatientValues(arrays, row, DICTIONARY, derived) for row in range(arrays.n)]


def shown(patient, name):
    return patient[Line(name, "any", (name,))]


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [
        ("age_years", 79.0, 79),
        ("age_years", 79.5, 79.5),
        ("bed_rest", 1.0, True),
        ("bed_rest", 0.0, False),
        ("sex", 1.0, "male"),
        ("level", 13.0, "L5"),
        ("asa_class", 0.0, "1"),
        ("sva_mm", float("nan"), None),
    ],
)
def test_codes_are_decoded(name, code, value):
    decoded = decode(DICTIONARY[name], code)
    assert decoded == value
    assert type(decoded) is type(value)


def test_values_are_shown_as_given():
    record = {
        "age_years": 79, "bed_rest": False, "sex": "male", "pelvic_incidence_deg": 60,
        "lumbar_lordosis_deg": 40, "sva_mm": None,
        "vertebrae": [{"level": "L1", "height_loss_pct": 12.5}, {"level": "T12"}],
    }  # fmt: skip
    first, second = values(record, {"age_years": 60, "vertebrae": [{"level": "T4"}]})
    names = ("age_years", "bed_rest", "sex", "level", "height_loss_pct", "sva_mm", "bmi_kg_m2")
    assert [shown(first, name) for name in names] == [
        79, False, "male", ["L1", "T12"], [12.5, None], None, None,
    ]  # fmt: skip
    assert [shown(second, name) for name in names] == [60, None, None, ["T4"], None, None, None]
    assert shown(first, "pi_ll_mismatch_deg") == 20
    assert shown(second, "pi_ll_mismatch_deg") is None


@pytest.mark.parametrize("given", [{}, {"pelvic_incidence_deg": None}])
def test_the_third_pelvic_angle_is_shown_as_derived_however_it_is_absent(given):
    other = {"pelvic_incidence_deg": 50}
    two = {"pelvic_tilt_deg": 20, "sacral_slope_deg": 35.5} | given
    for patient in (values(two)[0], values(two, other)[0]):
        assert shown(patient, "pelvic_incidence_deg") == 55.5
        assert patient.missing({"pelvic_incidence_deg", "sva_mm"}) == ("sva_mm",)


def test_missing_names_stand_in_the_order_of_the_dictionary():
    (patient,) = values({"age_years": 70, "vertebrae": [{"level": "L1"}]})
    assert patient.missing({"sva_mm", "level", "sex", "height_loss_pct", "age_years"}) == (
        "sex", "sva_mm", "height_loss_pct",
    )  # fmt: skip
