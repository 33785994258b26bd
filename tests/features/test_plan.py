import pytest

from vfprog.errors import ConfigError
from vfprog.features.plan import feature_plan
from vfprog.schema.dictionary import Dictionary, Predictor, load_dictionary


def own(name, kind, **fields):
    fields = {"concept": "bone", "label": name.title()} | fields
    if kind in {"continuous", "count"}:
        fields["hard_range"] = (0, 10)
    return Predictor(name=name, kind=kind, **fields)


def small(*predictors):
    return Dictionary(
        version="1",
        concepts={"bone": "Bone", "fracture": "Fracture", "alignment": "Alignment"},
        predictors=predictors,
    )


def features_of(*predictors):
    return {f.name: f for f in feature_plan(small(*predictors)).features}


@pytest.mark.parametrize(
    ("table", "kind", "levels", "expected"),
    [
        ("episodes", "continuous", (), {"p": "continuous"}),
        ("episodes", "count", (), {"p": "continuous"}),
        ("episodes", "ordinal", ("a", "b", "c"), {"p": "continuous"}),
        ("episodes", "binary", (), {"p": "binary"}),
        ("episodes", "nominal", ("a", "b", "c"), {"p=b": "binary", "p=c": "binary"}),
        ("vertebrae", "continuous", (), {"p_max": "continuous", "p_mean": "continuous"}),
        ("vertebrae", "count", (), {"p_max": "continuous", "p_mean": "continuous"}),
        ("vertebrae", "ordinal", ("a", "b"), {"p_max": "continuous"}),
        ("vertebrae", "binary", (), {"p_any": "binary"}),
        ("vertebrae", "nominal", ("a", "b", "c"), {"p_any=b": "binary", "p_any=c": "binary"}),
    ],
)
def test_features_of_a_kind(table, kind, levels, expected):
    features = features_of(own("p", kind, table=table, levels=levels))
    assert {name: f.kind for name, f in features.items()} == expected
    assert all(f.parents == ("p",) and f.concept == "bone" for f in features.values())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"role": "evidence_only"}, 0),
        ({"known_at": "follow_up"}, 0),
        ({"known_at": "procedure"}, 1),
    ],
)
def test_what_models_must_not_use_gives_no_feature(fields, expected):
    assert len(features_of(own("p", "binary", **fields))) == expected


def test_a_feature_is_known_when_its_parent_is():
    features = features_of(own("p", "binary", known_at="procedure"), own("q", "binary"))
    assert {name: f.known_at for name, f in features.items()} == {
        "p": "procedure",
        "q": "preprocedure",
    }


@pytest.mark.parametrize(
    ("table", "kind", "levels", "sign"),
    [
        ("episodes", "continuous", (), -1),
        ("vertebrae", "continuous", (), -1),
        ("vertebrae", "binary", (), -1),
        ("episodes", "nominal", ("a", "b"), -1),
        ("episodes", "nominal", ("a", "b", "c"), None),  # no order, no sign
    ],
)
def test_the_sign_is_inherited(table, kind, levels, sign):
    predictor = own("p", kind, table=table, levels=levels, monotone={"response": -1})
    for feature in features_of(predictor).values():
        assert feature.monotone == (() if sign is None else (("response", sign),))


def test_a_derivation_that_falls_with_its_parent_turns_the_sign():
    age = own("fracture_age_days", "continuous", concept="fracture", monotone={"response": -1})
    features = features_of(age)
    assert "fracture_age_days" not in features
    assert features["log_fracture_age"].monotone == (("response", -1),)
    assert features["fracture_age_within_6_weeks"].monotone == (("response", 1),)


def test_a_feature_of_two_parents_inherits_no_sign():
    angles = [
        own(name, "continuous", concept="alignment", monotone={"response": 1})
        for name in ("pelvic_incidence_deg", "lumbar_lordosis_deg")
    ]
    features = features_of(*angles)
    assert features["pi_ll_mismatch_deg"].monotone == ()
    assert features["pelvic_incidence_deg"].monotone == (("response", 1),)
    assert "pt_pi_ratio" not in features  # no pelvic tilt in this dictionary


def test_signs_of_the_shipped_dictionary():
    features = feature_plan(load_dictionary()).features
    signed = {f.name: f.monotone for f in features if f.monotone}
    assert signed == {
        "age_years": (("new_fracture", 1),),
        "n_prevalent_fractures": (("new_fracture", 1),),
        "glucocorticoids": (("new_fracture", 1),),
        "intravertebral_cleft_any": (("height_loss", 1),),
    }


def test_names_are_unique_and_raw_fracture_age_is_not_among_them():
    names = [f.name for f in feature_plan(load_dictionary()).features]
    assert len(names) == len(set(names))
    assert {"fracture_age_days", "level", "treated", "cement_volume_ml"}.isdisjoint(names)


def test_a_predictor_named_like_a_derived_feature_is_refused():
    dictionary = load_dictionary().extended([own("pt_pi_ratio", "continuous")])
    with pytest.raises(ConfigError, match=r"rename them: \['pt_pi_ratio'\]"):
        feature_plan(dictionary)


def test_the_plan_is_worked_out_once_per_dictionary():
    dictionary = load_dictionary()
    assert feature_plan(dictionary) is feature_plan(dictionary)
    assert feature_plan(dictionary.extended([own("p", "binary")])).names - {"p"} == (
        feature_plan(dictionary).names
    )


def test_a_feature_is_known_when_the_last_of_its_parents_is():
    early = own("pelvic_incidence_deg", "continuous", concept="alignment")
    late = own("lumbar_lordosis_deg", "continuous", concept="alignment", known_at="procedure")
    assert features_of(early, late)["pi_ll_mismatch_deg"].known_at == "procedure"
