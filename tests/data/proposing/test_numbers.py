from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.data.proposing.numbers import fit_numbers, odd_codes
from vfprog.data.proposing.reading import Fit
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.schema.dictionary import load_dictionary


def seen(values):
    return sketch("x", pd.Series(values).astype("str"), load_vocabulary())


def fit(name: str, values, named: str | None = None) -> Fit:
    units = tuple(load_vocabulary().units)
    slots = slots_of("episodes", load_dictionary(), units, is_flat=True)
    return fit_numbers(seen(values), next(s for s in slots if s.name == name), named)


def around(low: float, high: float, digits: int = 1) -> np.ndarray:
    return np.round(np.linspace(low, high, 200), digits)


@pytest.mark.parametrize(
    ("name", "values", "unit", "sure"),
    [
        ("vas_baseline", around(30, 100, 0), "vas_0_100", True),
        ("vas_baseline", around(3, 10), None, True),
        ("height_loss_pct", around(0.1, 0.5, 3), "percent_0_1", True),
        ("height_loss_pct", around(10, 50), None, True),
        ("sva_mm", around(-2, 12), "cm", False),
        ("sva_mm", around(-20, 120), None, True),
        ("age_years", around(55, 92), None, True),
        ("vitamin_d_nmol_l", around(20, 90), None, True),
    ],
)
def test_units_by_values_alone(name, values, unit, sure) -> None:
    found = fit(name, values)
    assert (found.unit, found.sure) == (unit, sure)
    assert bool(found.question) is not sure


@pytest.mark.parametrize(
    ("name", "values", "named", "unit"),
    [
        ("fracture_age_days", around(1, 20), "weeks", "weeks"),
        ("fracture_age_days", around(5, 150, 0), "days", None),
        ("sva_mm", around(-2, 12), "cm", "cm"),
        ("vitamin_d_nmol_l", around(8, 40), "ng/ml", "ng/ml"),
        ("age_years", around(55, 92), "cm", None),
    ],
)
def test_units_by_name(name, values, named, unit) -> None:
    found = fit(name, values, named)
    assert (found.unit, found.sure) == (unit, True)


def test_a_name_that_contradicts_the_values_is_asked_about() -> None:
    found = fit("height_loss_pct", around(10, 50), "percent_0_1")
    assert not found.sure
    assert "percent_0_1" in found.question


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([*range(11)] * 9, []),  # 9 is a value of a scale
        ([*around(20, 40), *[-9] * 5], [-9]),
        ([*around(20, 40), *[-9] * 4], []),  # too rare to be a code
        ([*around(20, 40), *[999] * 6, *[888] * 6], [888, 999]),
        ([*around(-4.5, 0), *[-9] * 6], [-9]),  # a T-score may be -9, not six times
        ([*around(-30, 30, 0), *[-9] * 20], []),  # inside the values nobody can tell
        ([0, 1] * 50 + [9] * 7, [9]),
        ([9] * 30, []),
    ],
)
def test_codes_for_missing(values, codes) -> None:
    assert odd_codes(seen(values)) == codes


def test_codes_are_written_as_a_mapping_needs_them() -> None:
    """Missing codes are looked for before a comma becomes a point, so -9,0 must stand there."""
    plain = [str(float(v)) for v in [*around(20, 40), *[-9] * 9]]
    assert fit("bmi_kg_m2", [*plain, "-9"]).missing == ("-9",)
    comma = [word.replace(".", ",") for word in plain]
    assert fit("bmi_kg_m2", [*comma, "-9"]).missing == ("-9", "-9,0")


def test_codes_are_no_measurement() -> None:
    assert fit("bmi_kg_m2", [0, 1] * 50).agreement < 0.3
    assert fit("age_years", ["old", "young"] * 9).agreement == 0
    assert fit("age_years", around(155, 190)).agreement < 0.3
    assert fit("n_prevalent_fractures", around(0, 5)).agreement <= 0.5
