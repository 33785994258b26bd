from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd

from vfprog.data.proposing.fits import Fitter
from vfprog.data.proposing.matching import Matcher
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.proposal import Proposal
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.schema.dictionary import load_dictionary

N = 200


def match(baseline: bool = True, **columns: object) -> dict[str, Proposal]:
    words = load_vocabulary()
    namer = Namer(words)
    frame = pd.DataFrame(columns).astype("str")
    seen = [sketch(name, frame[name], words) for name in frame]
    slots = slots_of("episodes", load_dictionary(), tuple(words.units), is_flat=True)
    found = Matcher(namer, Fitter(words, namer)).match(seen, slots, baseline=baseline)
    return {p.column: p for p in found}


def numbers(low: float, high: float) -> np.ndarray:
    return np.round(np.linspace(low, high, N), 1)


def test_each_column_and_each_of_ours_is_used_once() -> None:
    found = match(age=numbers(50, 95), Alter=numbers(50, 95), patient_age=numbers(50, 95))
    assert [p.ours for p in found.values()] == ["age_years"]
    assert found.popitem()[1].confidence == "medium"  # two others could be it as well


def test_the_order_of_the_columns_does_not_count() -> None:
    columns = {"bmi": numbers(18, 35), "age": numbers(50, 95), "pain": numbers(3, 10)}
    expected = {"bmi": "bmi_kg_m2", "age": "age_years", "pain": "vas_baseline"}
    for order in permutations(columns):
        found = match(**{name: columns[name] for name in order})
        assert {name: p.ours for name, p in found.items()} == expected


def test_values_that_cannot_be_outweigh_a_name() -> None:
    found = match(height=numbers(150, 190), age=["old", "young"] * (N // 2))
    assert found == {} or all(p.confidence == "low" for p in found.values())


def test_values_that_tell_themselves_need_no_name() -> None:
    found = match(q7=["L1", "T12", "L2", "L4"] * (N // 4), q8=["w", "m"] * (N // 2))
    assert {name: p.ours for name, p in found.items()} == {"q7": "level", "q8": "sex"}
    assert {p.confidence for p in found.values()} <= {"medium", "low"}
    assert found["q7"].evidence[0] == "by its values"


def test_what_is_measured_later_is_no_baseline() -> None:
    assert "vas_fu" not in match(vas_fu=numbers(0, 9))
    assert match(baseline=False, vas_fu=numbers(1, 9))["vas_fu"].ours == "vas_baseline"


def test_confidence() -> None:
    assert match(age=numbers(50, 95))["age"].confidence == "high"
    assert match(gender=["1", "2"] * (N // 2))["gender"].confidence == "medium"
