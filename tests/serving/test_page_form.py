"""The form: made of the dictionary alone, grouped as clinicians think."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import bundles
from tests.bundles import hand_bundle, hand_parts
from vfprog.schema.dictionary import Predictor
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.serving.page_form import form_groups, page_data
from vfprog.serving.page_texts import load_texts

OWN = (
    Predictor(name="grip_kg", label="Grip", kind="continuous", unit="kg", hard_range=(0, 90),
              concept="strength"),
    Predictor(name="planned_ml", label="Volume planned", kind="continuous", unit="ml",
              hard_range=(0, 20), concept="procedure"),
    Predictor(name="later", label="Seen later", kind="binary", known_at="follow_up",
              concept="strength"),
    Predictor(name="endplate", label="Endplate", kind="nominal", levels=("upper", "lower", "both"),
              table="vertebrae", concept="shape"),
)  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(hand_bundle(tmp_path_factory.mktemp("form") / "bundle"))


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a bundle of a registry with predictors of its own."""
    parts = hand_parts()
    own = replace(parts, dictionary=parts.dictionary.extended(OWN))
    return load_bundle(write_bundle(own, tmp_path_factory.mktemp("own") / "bundle"))


def test_groups_stand_as_clinicians_think_with_the_procedure_last(bundle: Bundle) -> None:
    groups = form_groups(bundle, load_texts())
    names = ["patient", "fracture", "pain", "alignment", "procedure"]
    assert [group.name for group in groups] == names
    fields = {group.name: [f.name for f in group.vertebra] for group in groups}
    assert fields["procedure"] == ["treated", "cement_volume_ml", "cement_leakage"]
    assert fields["fracture"][:2] == ["level", "height_loss_pct"]


def test_each_predictor_of_the_dictionary_is_asked_for_once(extended: Bundle) -> None:
    groups = form_groups(extended, load_texts())
    asked = [field.name for group in groups for field in (*group.episode, *group.vertebra)]
    assert sorted(asked) == sorted(
        p.name for p in extended.dictionary.predictors if p.name != "later"
    )


def test_a_registry_s_own_concepts_are_groups_before_the_procedure(extended: Bundle) -> None:
    groups = {group.name: group for group in form_groups(extended, load_texts())}
    assert list(groups)[-4:] == ["strength", "before_procedure", "shape", "procedure"]
    assert groups["strength"].title == "Strength"
    assert groups["shape"].vertebra[0].levels == (
        ("upper", "Upper"), ("lower", "Lower"), ("both", "Both"),
    )  # fmt: skip


def test_the_kind_decides_how_an_input_is_asked_for(bundle: Bundle) -> None:
    groups = form_groups(bundle, load_texts())
    fields = {field.name: field for group in groups for field in (*group.episode, *group.vertebra)}
    controls = {name: fields[name].control for name in ("age_years", "sex", "bed_rest", "level")}
    assert controls == {
        "age_years": "number", "sex": "radio", "bed_rest": "radio", "level": "list",
    }  # fmt: skip
    assert fields["bed_rest"].levels == (("true", "Yes"), ("false", "No"))
    assert (fields["bmi_kg_m2"].unit, fields["sva_mm"].unit) == ("kg/m²", "mm")


def test_what_no_model_uses_is_told_from_what_counts(bundle: Bundle) -> None:
    groups = form_groups(bundle, load_texts())
    used = {f.name: f.used for group in groups for f in (*group.episode, *group.vertebra)}
    assert used["vas_baseline"]
    assert used["level"]  # names its vertebra, used or not
    assert used["sacral_slope_deg"]  # with the tilt it gives the incidence, which is used
    assert not used["smoker"]
    assert not used["neurological_signs"]


@pytest.fixture
def spineless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bundle:
    """Return a bundle of a registry that recorded no vertebra."""
    kept = {"age_years", "vas_baseline", "bed_rest"}
    monkeypatch.setattr(bundles, "LINEAR", {n: v for n, v in bundles.LINEAR.items() if n in kept})
    monkeypatch.setattr(bundles, "PROCEDURE", {})
    return load_bundle(hand_bundle(tmp_path / "bundle"))


def test_where_no_model_uses_a_vertebra_its_level_does_not_count(spineless: Bundle) -> None:
    groups = form_groups(spineless, load_texts())
    used = {f.name for group in groups for f in (*group.episode, *group.vertebra) if f.used}
    assert used == {"age_years", "vas_baseline", "bed_rest"}


def test_words_of_the_message_file_replace_those_of_the_dictionary(bundle: Bundle) -> None:
    german = {
        **load_texts(), "words.sex": "Geschlecht", "levels.female": "weiblich",
        "units.years": "Jahre", "words.response": "Linderung",
        "words.pi_ll_mismatch_deg": "PI minus LL",
    }  # fmt: skip
    data = page_data(bundle, german)
    assert data["predictors"]["sex"]["label"] == "Geschlecht"
    assert data["predictors"]["sex"]["levels"][0] == ("female", "Weiblich")
    assert data["predictors"]["age_years"]["unit"] == "Jahre"
    assert data["endpoints"]["response"] == "Linderung"
    assert data["features"]["pi_ll_mismatch_deg"]["label"] == "PI minus LL"


def test_the_data_of_the_page_are_json_and_hold_rules_and_words(bundle: Bundle) -> None:
    data = page_data(bundle, load_texts())
    assert json.loads(json.dumps(data))["predictors"]["age_years"]["hard_range"] == [18, 110]
    assert data["predictors"]["cement_volume_ml"]["procedure"]
    assert data["features"]["pi_ll_mismatch_deg"] == {"label": "PI-LL mismatch", "unit": "°"}
    assert data["model"] == {"version": "1", "sha256": bundle.identity.sha256}
    assert data["simulated"] is True


@pytest.mark.parametrize(
    ("quantiles", "slider"),
    [
        ([[0.01, 54.8], [0.5, 75.2], [0.99, 94.7]], [55, 95, 1]),
        ([[0.01, 3.96], [0.99, 9.02]], [4.0, 9.0, 0.1]),
        ([[0.01, 70.0], [0.99, 70.0]], None),  # nobody differed: nothing to slide along
        ([], [50, 97, 1]),  # no reference: the usual range
    ],
)
def test_a_slider_runs_where_the_development_patients_lie(
    tmp_path: Path, quantiles: list[list[float]], slider: list[float] | None
) -> None:
    reference = {"age_years": {"n": 90, "missing": 0.0, "quantiles": quantiles, "shares": []}}
    parts = replace(hand_parts(), reference=reference)
    data = page_data(load_bundle(write_bundle(parts, tmp_path / "bundle")), load_texts())
    assert data["predictors"]["age_years"]["slider"] == slider
    assert data["predictors"]["sex"]["slider"] is None
