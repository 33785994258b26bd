from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfprog.data.proposing.names import Namer, Occasion, _edits
from vfprog.data.proposing.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def namer() -> Namer:
    return Namer(load_vocabulary())


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Alter", "age_years"), ("AGE (years)", "age_years"),
        ("pelvic_tilt numeric", "pelvic_tilt_deg"),
        ("Pelvic incidnce", "pelvic_incidence_deg"), ("vas_0d", "vas_baseline"),
        ("SVA_cm", "sva_mm"), ("frakturalter_wochen", "fracture_age_days"),
        ("mFI-5", "frailty_mfi5"),
        ("score ASA", "asa_class"),
    ],
)  # fmt: skip
def test_names_of_a_column(namer: Namer, name: str, ours: str) -> None:
    assert namer.score(name, ours) >= 0.84


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("height", "height_loss_pct"), ("weight", "height_loss_pct"), ("fracscore", "of_type"),
        ("priorfrac", "age_years"), ("raterisk", "t_score"), ("Surgeon", "sva_mm"),
    ],
)  # fmt: skip
def test_names_of_something_else(namer: Namer, name: str, ours: str) -> None:
    assert namer.score(name, ours) < 0.6


@pytest.mark.parametrize(
    ("name", "day", "unit", "level", "stem"),
    [
        ("vas_30d", 30, "days", None, ("vas",)), ("VAS_12M", 365, "months", None, ("vas",)),
        ("Pain at 1 month", 30, "months", None, ("pain", "at")),
        ("EVA J30", 30, "days", None, ("eva",)), ("vas_w6", 42, "weeks", None, ("vas",)),
        ("height_l1_365d", 365, "days", "L1", ("height",)),
        ("loss_T12", None, None, "T12", ("loss",)), ("age", None, None, None, ("age",)),
        ("vitamin_d", None, None, None, ("vitamin", "d")),
        ("height_l9_0d", 0, "days", None, ("height", "l9")),
    ],
)  # fmt: skip
def test_days_and_levels(namer: Namer, name, day, unit, level, stem) -> None:
    found = namer.occasion(name)
    assert (found.day, found.unit, found.level, found.stem) == (day, unit, level, stem)


def test_a_name_without_a_day_has_none(namer: Namer) -> None:
    assert namer.occasion("bmi") == Occasion(("bmi",))


@pytest.mark.parametrize(
    ("name", "unit"),
    [("sva_cm", "cm"), ("Vitamin D (ng/ml)", "ng/ml"), ("Dauer Wochen", "weeks"), ("cm", None),
     ("perte (%)", "%"), ("age", None)],
)  # fmt: skip
def test_units(namer: Namer, name: str, unit: str | None) -> None:
    assert namer.unit_of(name)[1] == unit


def test_what_is_known_later(namer: Namer) -> None:
    assert namer.is_later("bone_med_fu")
    assert namer.is_later("VAS follow-up")
    assert not namer.is_later("bonemed")


@pytest.mark.parametrize(
    ("a", "b", "n"), [("kitten", "sitting", 3), ("ab", "ba", 1), ("", "abc", 3), ("x", "x", 0)]
)
def test_edits_by_hand(a: str, b: str, n: int) -> None:
    assert _edits(a, b) == n


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_edits_are_symmetric_and_bounded(a: str, b: str) -> None:
    assert _edits(a, b) == _edits(b, a)
    assert abs(len(a) - len(b)) <= _edits(a, b) <= max(len(a), len(b))
    assert (_edits(a, b) == 0) == (a == b)


@given(st.text(max_size=30))
def test_any_name_has_a_score(name: str) -> None:
    namer = Namer(load_vocabulary())
    assert 0 <= namer.score(name, "vas_baseline") <= 1
