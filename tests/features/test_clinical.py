import numpy as np
import pytest

from tests.features.strategies import NAN
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.clinical import DERIVATIONS, REPLACED, clinical_columns
from vfprog.features.vertebrae import group_vertebrae
from vfprog.schema.dictionary import LEVELS, load_dictionary

NAMES = [derivation.name for derivation in DERIVATIONS]
EPISODE = {
    "fracture_age_days": 20.0,
    "pelvic_incidence_deg": 60.0,
    "pelvic_tilt_deg": 24.0,
    "lumbar_lordosis_deg": 45.0,
}
SPINE = {
    "level": [LEVELS.index("T12"), LEVELS.index("L2")],
    "treated": [1, 1],
    "cement_volume_ml": [5, 7],
}
EXPECTED = {
    "log_fracture_age": np.log(21),
    "fracture_age_within_3_weeks": 1,
    "fracture_age_within_6_weeks": 1,
    "fracture_age_within_9_weeks": 1,
    "pi_ll_mismatch_deg": 15,
    "pt_pi_ratio": 0.4,
    "n_index_vertebrae": 2,
    "mean_level": 9,  # L1
    "thoracolumbar_any": 1,
    "sandwich_vertebra": 1,
    "fracture_cascade": 0,
    "n_levels_treated": 2,
    "level_left": 0,
    "cement_total_ml": 12,
    "cement_per_level_ml": 6,
}


def columns_of(episode, spine):
    arrays = EpisodeArrays(
        1,
        {name: np.array([value], dtype=float) for name, value in episode.items()},
        {name: np.array(values, dtype=float) for name, values in spine.items()},
        np.zeros(2, dtype=np.intp),
    )
    return clinical_columns(arrays, group_vertebrae(arrays.owner, 1))


def test_one_patient_worked_by_hand():
    columns = columns_of(EPISODE, SPINE)
    assert {name: columns[name].item() for name in NAMES} == pytest.approx(EXPECTED)
    assert columns["sacral_slope_deg"].item() == 36


@pytest.mark.parametrize(
    ("absent", "lost"),
    [
        (
            "fracture_age_days",
            {"log_fracture_age", *(f"fracture_age_within_{w}_weeks" for w in (3, 6, 9))},
        ),
        ("pelvic_incidence_deg", {"pi_ll_mismatch_deg", "pt_pi_ratio"}),
        ("pelvic_tilt_deg", {"pt_pi_ratio"}),
        ("lumbar_lordosis_deg", {"pi_ll_mismatch_deg"}),
        (
            "level",
            {"n_index_vertebrae", "mean_level", "thoracolumbar_any", "sandwich_vertebra",
             "fracture_cascade"},
        ),
        ("treated", {"n_levels_treated", "level_left"}),
        ("cement_volume_ml", {"cement_total_ml", "cement_per_level_ml"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["absent", "missing"])
def test_what_an_absent_input_costs(absent, lost, how):
    episode, spine = dict(EPISODE), dict(SPINE)
    for table in (episode, spine):
        if absent in table and how == "absent":
            del table[absent]
        elif absent in table:
            table[absent] = np.multiply(table[absent], NAN)
    columns = columns_of(episode, spine)
    expected = {name: NAN if name in lost else EXPECTED[name] for name in NAMES}
    found = {name: columns[name].item() for name in NAMES}
    assert found == pytest.approx(expected, nan_ok=True)


def test_slope_stands_in_for_a_missing_angle():
    episode = {"pelvic_tilt_deg": 24, "sacral_slope_deg": 36, "lumbar_lordosis_deg": 45}
    columns = columns_of(episode, {})
    assert columns["pelvic_incidence_deg"].item() == 60
    assert columns["pi_ll_mismatch_deg"].item() == 15
    assert columns["pt_pi_ratio"].item() == 0.4


def test_without_any_input_every_derivation_is_missing():
    columns = columns_of({}, {})
    assert set(columns) == set(NAMES)
    assert all(np.isnan(column).all() and column.shape == (1,) for column in columns.values())


def test_the_derivations_name_predictors_of_the_dictionary():
    dictionary = load_dictionary()
    named = set(REPLACED).union(*(d.parents for d in DERIVATIONS))
    named = named.union(*(choice for d in DERIVATIONS for choice in d.inputs))
    assert all(name in dictionary for name in named)
    assert {name for d in DERIVATIONS for name in d.parents} >= REPLACED


def test_computable_from_alternative_inputs():
    mismatch = next(d for d in DERIVATIONS if d.name == "pi_ll_mismatch_deg")
    assert mismatch.computable({"pelvic_tilt_deg", "sacral_slope_deg", "lumbar_lordosis_deg"})
    assert mismatch.computable(["lumbar_lordosis_deg", "pelvic_incidence_deg"])
    assert not mismatch.computable({"pelvic_tilt_deg", "lumbar_lordosis_deg"})
    assert not mismatch.computable(set())


def test_every_derivation_says_how_it_is_computed_by_hand():
    assert [derivation.name for derivation in DERIVATIONS if not derivation.formula] == []
