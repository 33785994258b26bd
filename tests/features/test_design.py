import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.strategies import NAN, random_arrays
from vfprog.errors import InputError
from vfprog.features import (
    EpisodeArrays,
    all_features,
    derive_features,
    feature_matrix,
    guard,
    usable_features,
)
from vfprog.schema.dictionary import Predictor, load_dictionary

SHIPPED = load_dictionary()
# A registry's own predictors, of every kind, so that the generic rules are exercised too.
OWN = SHIPPED.extended(
    Predictor(name=f"own_{table[0]}_{kind}", label=kind, table=table, kind=kind, concept="own",
              **({"hard_range": (0, 9)} if kind in {"continuous", "count"} else {}),
              **({"levels": ("a", "b", "c")} if kind in {"ordinal", "nominal"} else {}))
    for table in ("episodes", "vertebrae")
    for kind in ("continuous", "count", "binary", "ordinal", "nominal")
)  # fmt: skip
SEEDS = st.integers(0, 100_000)


def matrix(arrays, dictionary=OWN):
    return feature_matrix(all_features(dictionary), derive_features(arrays, dictionary), arrays.n)


@given(SEEDS)
def test_every_feature_and_no_other_is_derived(seed):
    arrays = random_arrays(OWN, 4, np.random.default_rng(seed))
    derived = derive_features(arrays, OWN)
    assert set(derived) == {f.name for f in all_features(OWN)}
    assert all(column.shape == (4,) for column in derived.values())
    for feature in all_features(OWN):
        if feature.kind == "binary":
            column = derived[feature.name]
            assert set(column[~np.isnan(column)]) <= {0.0, 1.0}


@given(SEEDS)
def test_the_order_of_vertebrae_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    arrays = random_arrays(OWN, 5, rng)
    order = rng.permutation(len(arrays.owner))
    shuffled = EpisodeArrays(
        arrays.n,
        arrays.episodes,
        {name: values[order] for name, values in arrays.vertebrae.items()},
        arrays.owner[order],
    )
    np.testing.assert_allclose(matrix(shuffled), matrix(arrays), rtol=1e-12)


@given(SEEDS)
def test_an_episode_alone_is_the_episode_among_others(seed):
    arrays = random_arrays(OWN, 5, np.random.default_rng(seed))
    together = matrix(arrays)
    for row in range(5):
        alone = matrix(arrays.take(np.array([row])))
        np.testing.assert_array_equal(alone[0], together[row])


@given(SEEDS)
def test_absent_is_the_same_as_missing(seed):
    rng = np.random.default_rng(seed)
    arrays = random_arrays(OWN, 4, rng)
    gone = [p.name for p in OWN.predictors if rng.random() < 0.4]
    blank = arrays.blanked({name: np.ones(4, dtype=bool) for name in gone})
    absent = EpisodeArrays(
        4,
        {k: v for k, v in arrays.episodes.items() if k not in gone},
        {k: v for k, v in arrays.vertebrae.items() if k not in gone},
        arrays.owner,
    )
    np.testing.assert_array_equal(matrix(absent), matrix(blank))


def test_nothing_known_gives_missing_values_throughout():
    empty = EpisodeArrays(2, {}, {}, np.zeros(0, dtype=np.intp))
    assert np.isnan(matrix(empty)).all()
    assert matrix(empty).shape == (2, len(all_features(OWN)))


def test_generic_features_by_hand():
    arrays = EpisodeArrays(
        3,
        {"own_e_nominal": np.array([0.0, 2.0, NAN]), "own_e_ordinal": np.array([2.0, NAN, 0.0])},
        {
            "own_v_continuous": np.array([3.0, 5.0, NAN, 7.0]),
            "own_v_ordinal": np.array([0.0, 2.0, NAN, NAN]),
            "own_v_binary": np.array([0.0, 1.0, 0.0, NAN]),
            "own_v_nominal": np.array([1.0, 0.0, 2.0, NAN]),
        },
        np.array([0, 0, 1, 1]),
    )
    derived = derive_features(arrays, OWN)
    expected = {
        "own_e_nominal=b": [0, 0, NAN],
        "own_e_nominal=c": [0, 1, NAN],
        "own_e_ordinal": [2, NAN, 0],
        "own_v_continuous_max": [5, 7, NAN],
        "own_v_continuous_mean": [4, 7, NAN],
        "own_v_ordinal_max": [2, NAN, NAN],
        "own_v_binary_any": [1, NAN, NAN],
        "own_v_nominal_any=b": [1, NAN, NAN],
        "own_v_nominal_any=c": [0, 1, NAN],
    }
    for name, column in expected.items():
        np.testing.assert_array_equal(derived[name], column, err_msg=name)


def test_the_completed_pelvis_is_what_models_see():
    arrays = EpisodeArrays(
        1,
        {"pelvic_incidence_deg": np.array([55.0]), "sacral_slope_deg": np.array([35.0])},
        {},
        np.zeros(0, dtype=np.intp),
    )
    assert derive_features(arrays, SHIPPED)["pelvic_tilt_deg"].tolist() == [20]


def test_a_dictionary_without_the_pelvis_gets_no_pelvis():
    kept = tuple(p for p in SHIPPED.predictors if p.concept != "alignment")
    lean = SHIPPED.model_copy(update={"predictors": kept})
    derived = derive_features(random_arrays(SHIPPED, 2, np.random.default_rng(1)), lean)
    assert set(derived) == {f.name for f in all_features(lean)}
    assert not any("pelvic" in name or "pi_" in name for name in derived)


def test_matrix_has_a_missing_column_for_an_unknown_name():
    features = all_features(SHIPPED)[:2]
    X = feature_matrix(features, {features[1].name: np.array([4.0, 5.0])}, 2)
    np.testing.assert_array_equal(X, [[NAN, 4], [NAN, 5]])


def names(prediction_time, *available):
    return [f.name for f in usable_features(SHIPPED, prediction_time, available)]


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (["age_years", "sex"], ["age_years", "sex=male"]),
        (["pelvic_incidence_deg"], ["pelvic_incidence_deg"]),
        (
            ["lumbar_lordosis_deg", "pelvic_incidence_deg"],
            ["pelvic_incidence_deg", "lumbar_lordosis_deg", "pi_ll_mismatch_deg"],
        ),
        (
            ["sacral_slope_deg", "pelvic_tilt_deg"],
            ["pelvic_tilt_deg", "sacral_slope_deg", "pt_pi_ratio"],
        ),
        (["neurological_signs", "patient_id", "nonsense"], []),
        (["cement_volume_ml", "treated", "cement_leakage"], []),
    ],
)
def test_usable_before_the_procedure(available, expected):
    assert names("preprocedure", *available) == expected


def test_usable_after_the_procedure():
    assert names("postprocedure", "cement_volume_ml") == ["cement_total_ml", "cement_per_level_ml"]
    assert names("postprocedure", "treated") == ["n_levels_treated", "level_left"]
    everything = [p.name for p in SHIPPED.predictors]
    before, after = names("preprocedure", *everything), names("postprocedure", *everything)
    assert after == [f.name for f in all_features(SHIPPED)]
    late = {f.name for f in all_features(SHIPPED) if f.known_at == "procedure"}
    assert set(after) - set(before) == late
    assert len(late) == 8


FOLLOW_UP = SHIPPED.extended(
    [
        Predictor(
            name="vas_later", label="Later", kind="binary", concept="pain", known_at="follow_up"
        )
    ]
)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("age_years", None, None),
        ("height_loss_pct", None, None),
        ("cement_volume_ml", "not_yet_known", None),
        ("cement_leakage", "not_yet_known", None),
        ("vas_later", "not_yet_known", "not_yet_known"),
        ("neurological_signs", "evidence_only", "evidence_only"),
        ("patient_id", "identifier", "identifier"),
        ("site_id", "identifier", "identifier"),
        ("favourite_colour", "unknown_predictor", "unknown_predictor"),
        ("log_fracture_age", "unknown_predictor", "unknown_predictor"),  # a feature, no predictor
    ],
)
def test_guard(name, before, after):
    for prediction_time, rule in (("preprocedure", before), ("postprocedure", after)):
        if rule is None:
            guard([name], FOLLOW_UP, prediction_time)
            continue
        with pytest.raises(InputError) as caught:
            guard([name], FOLLOW_UP, prediction_time)
        assert [(f.column, f.rule) for f in caught.value.failures] == [(name, rule)]


def test_guard_lists_all_faults_once():
    asked = ["age_years", "treated", "patient_id", "treated", "anticoagulation", "x"]
    with pytest.raises(InputError, match="too late for a preprocedure model") as caught:
        guard(asked, SHIPPED, "preprocedure")
    assert [(f.table, f.column) for f in caught.value.failures] == [
        ("vertebrae", "treated"),
        ("predictors", "patient_id"),
        ("episodes", "anticoagulation"),
        ("predictors", "x"),
    ]
