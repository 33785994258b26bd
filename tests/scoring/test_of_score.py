from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from vfprog.features.arrays import EpisodeArrays
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.of_score import alignment_flags, of_score

NAN = float("nan")
DICTIONARY = load_dictionary()
# The lowest and the highest of everything; OF types and ASA classes as places.
MILD = {"t_score": -3.0, "deformity_progression": 0.0, "vas_baseline": 4.9,
        "neurological_signs": 0.0, "mobilised_under_analgesia": 1.0, "asa_class": 2.0,
        "frailty_mfi5": 2.0, "anticoagulation": 0.0}  # fmt: skip
SEVERE = {"t_score": -3.1, "deformity_progression": 1.0, "vas_baseline": 5.0,
          "neurological_signs": 1.0, "mobilised_under_analgesia": 0.0, "asa_class": 3.0,
          "frailty_mfi5": 3.0, "anticoagulation": 1.0}  # fmt: skip
NOTHING = dict.fromkeys(MILD, NAN)


def arrays_of(patient, of_types=(2.0,)) -> EpisodeArrays:
    return EpisodeArrays(
        1, {name: np.array([value]) for name, value in patient.items()},
        {"of_type": np.array(of_types, dtype=float)}, np.zeros(len(of_types), dtype=np.intp),
    )  # fmt: skip


def scored(patient, of_types=(2.0,)):
    found = of_score(arrays_of(patient, of_types), DICTIONARY)
    parts = {name: int(points[0]) for name, points in found.parts.items()}
    unknown = {name for name, where in found.unknown.items() if where[0]}
    return int(found.score[0]), parts, unknown, (int(found.lowest[0]), int(found.highest[0]))


# Worked by hand from the published points.
TABLE = [
    # OF3 6, T-score 0, progression -1, pain -1, neurology 0, mobilised -1, health 0
    (MILD, (2.0,), 3),
    # OF3 6, 1, 1, 1, 2, 1, health three times -1 but not below -2
    (SEVERE, (2.0,), 10),
    (SEVERE, (4.0,), 14),
    (MILD, (0.0,), -1),
    (MILD | {"t_score": -3.1}, (2.0,), 4),
    (MILD | {"deformity_progression": 1.0}, (2.0,), 5),
    (MILD | {"vas_baseline": 5.0}, (2.0,), 5),
    (MILD | {"neurological_signs": 1.0}, (2.0,), 5),
    (MILD | {"mobilised_under_analgesia": 0.0}, (2.0,), 5),
    (MILD | {"asa_class": 3.0}, (2.0,), 2),
    (MILD | {"frailty_mfi5": 3.0}, (2.0,), 2),
    (MILD | {"anticoagulation": 1.0}, (2.0,), 2),
    (MILD | {"anticoagulation": 1.0, "asa_class": 4.0}, (2.0,), 1),
    (NOTHING, (1.0,), 4),
    (NOTHING, (NAN,), 0),
    (NOTHING, (), 0),
    (MILD, (0.0, 3.0), 5),  # the worst of two
]


@pytest.mark.parametrize(("patient", "of_types", "expected"), TABLE)
def test_the_score_by_hand(patient, of_types, expected) -> None:
    score, parts, _, _ = scored(patient, of_types)
    assert score == expected == sum(parts.values())


def test_the_parts_by_hand() -> None:
    _, parts, unknown, bounds = scored(SEVERE)
    assert parts == {"fracture_type": 6, "bone_density": 1, "deformity_progression": 1, "pain": 1,
                     "neurological_symptoms": 2, "mobilisation": 1, "health": -2}  # fmt: skip
    assert unknown == set()
    assert bounds == (10, 10)


def test_an_unknown_item_counts_nothing_and_is_named() -> None:
    score, parts, unknown, bounds = scored(MILD | {"vas_baseline": NAN, "asa_class": NAN})
    assert (score, parts["pain"], parts["health"]) == (4, 0, 0)
    assert unknown == {"pain", "asa_class"}
    # Pain -1 or 1 instead of 0, ASA 0 or -1.
    assert bounds == (2, 5)


def test_a_vertebra_of_unknown_type_leaves_the_type_unknown() -> None:
    score, parts, unknown, bounds = scored(MILD, (1.0, NAN))
    assert (score, parts["fracture_type"], unknown) == (1, 4, {"fracture_type"})
    assert bounds == (1, 7)  # OF2 at least, OF5 at most
    *_, unknown, bounds = scored(MILD, ())
    assert (unknown, bounds) == ({"fracture_type"}, (-1, 7))  # OF1 to OF5


def test_the_bounds_are_those_of_every_completion() -> None:
    names = ["t_score", "vas_baseline", "asa_class", "frailty_mfi5", "anticoagulation"]
    for missing in product([False, True], repeat=len(names)):
        gone = [name for name, out in zip(names, missing, strict=True) if out]
        worlds = [
            scored(MILD | dict(zip(gone, values, strict=True)))[0]
            for values in product(*[(MILD[name], SEVERE[name]) for name in gone])
        ]
        *_, bounds = scored(MILD | dict.fromkeys(gone, NAN))
        assert bounds == (min(worlds), max(worlds))


def test_many_at_once_and_absent_columns() -> None:
    arrays = EpisodeArrays(3, {"t_score": np.array([-4.0, -2.0, NAN])}, {}, np.zeros(0, np.intp))
    found = of_score(arrays, DICTIONARY)
    assert found.score.tolist() == [1, 0, 0]
    assert found.unknown["bone_density"].tolist() == [False, False, True]
    assert found.unknown["fracture_type"].all()


def flagged(**angles):
    arrays = EpisodeArrays(
        1, {name: np.array([value]) for name, value in angles.items()}, {}, np.zeros(0, np.intp)
    )
    found = alignment_flags(arrays, DICTIONARY)
    assert found.count[0] == sum(flag[0] == 1 for flag in found.flags.values())
    assert found.n_unknown[0] == sum(flag[0] == 0 for flag in found.flags.values())
    return {name: int(flag[0]) for name, flag in found.flags.items()}


@pytest.mark.parametrize(
    ("angles", "expected"),
    [
        ({"sva_mm": 50.0}, (1, 0, 0)),
        ({"sva_mm": 49.9}, (-1, 0, 0)),
        ({"pelvic_incidence_deg": 44.0}, (0, -1, 0)),
        ({"pelvic_incidence_deg": 43.9}, (0, 1, 0)),
        ({"pelvic_incidence_deg": 62.0}, (0, -1, 0)),
        ({"pelvic_incidence_deg": 62.1}, (0, 1, 0)),
        ({"pelvic_tilt_deg": 27.0}, (0, 0, 1)),
        ({"pelvic_tilt_deg": 26.9}, (0, 0, -1)),
        # Two angles give the third: incidence 65, tilt 30.
        ({"pelvic_tilt_deg": 30.0, "sacral_slope_deg": 35.0}, (0, 1, 1)),
        ({"pelvic_incidence_deg": 50.0, "sacral_slope_deg": 20.0}, (0, -1, 1)),
        ({"sva_mm": 80.0, "pelvic_incidence_deg": 70.0, "pelvic_tilt_deg": 30.0}, (1, 1, 1)),
    ],
)
def test_the_alignment_flags_by_hand(angles, expected) -> None:
    assert tuple(flagged(**angles).values()) == expected
