"""The dictionary: complete, consistent, extensible, and silent about no contradiction."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml
from pydantic import ValidationError

from vfprog.config import find_config
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import IDENTIFIERS, LEVELS, Dictionary, Predictor, load_dictionary

# The list of the design document, written out by hand.
EPISODE_PREDICTORS = {
    "age_years", "sex", "bmi_kg_m2", "t_score", "fracture_age_days", "vas_baseline",
    "rmdq_baseline", "inpatient", "bed_rest", "opioids", "n_prevalent_fractures",
    "glucocorticoids", "vitamin_d_nmol_l", "anti_osteoporosis_treatment", "smoker", "asa_class",
    "frailty_mfi5", "pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg",
    "lumbar_lordosis_deg", "thoracic_kyphosis_deg", "regional_kyphosis_deg", "sva_mm",
}  # fmt: skip
VERTEBRA_PREDICTORS = {
    "level", "height_loss_pct", "mri_oedema", "intravertebral_cleft", "adjacent_oedema", "of_type",
    "treated", "cement_volume_ml", "cement_leakage",
}  # fmt: skip
EVIDENCE_ONLY = {"neurological_signs", "deformity_progression", "anticoagulation",
                 "mobilised_under_analgesia"}  # fmt: skip
PROCEDURE = {"treated", "cement_volume_ml", "cement_leakage"}
GRIP = {"name": "grip_kg", "label": "Grip", "kind": "continuous", "hard_range": [0, 90],
        "concept": "strength"}  # fmt: skip


def test_the_shipped_dictionary_holds_what_the_design_lists():
    dictionary = load_dictionary()
    names = {p.name for p in dictionary.of_table("episodes")}
    assert names == EPISODE_PREDICTORS | EVIDENCE_ONLY
    assert {p.name for p in dictionary.of_table("vertebrae")} == VERTEBRA_PREDICTORS
    assert dictionary["level"].levels == LEVELS


def test_usual_ranges_lie_within_hard_ranges():
    for predictor in load_dictionary().predictors:
        if predictor.usual_range and predictor.hard_range:
            assert predictor.hard_range[0] <= predictor.usual_range[0], predictor.name
            assert predictor.usual_range[1] <= predictor.hard_range[1], predictor.name


def test_models_use_only_what_is_known_in_time():
    dictionary = load_dictionary()
    before = {p.name for p in dictionary.usable_at("preprocedure")}
    after = {p.name for p in dictionary.usable_at("postprocedure")}
    assert after - before == PROCEDURE
    assert before == (EPISODE_PREDICTORS | VERTEBRA_PREDICTORS) - PROCEDURE


def test_what_is_measured_at_follow_up_is_never_usable():
    late = Predictor.model_validate({**GRIP, "known_at": "follow_up"})
    dictionary = load_dictionary().extended([late])
    assert "grip_kg" in dictionary
    for time in ("preprocedure", "postprocedure"):
        assert "grip_kg" not in {p.name for p in dictionary.usable_at(time)}


def test_extending_adds_the_predictor_and_its_concept():
    base = load_dictionary()
    longer = base.extended([Predictor.model_validate(GRIP)])
    assert longer.predictors[:-1] == base.predictors
    assert longer["grip_kg"].label == "Grip"
    assert longer.concepts["strength"] == "strength"
    assert "grip_kg" not in base
    assert longer.digest() != base.digest()


def test_a_name_already_taken_is_refused():
    taken = Predictor.model_validate({**GRIP, "name": "age_years"})
    with pytest.raises(ConfigError, match=r"stand twice: \['age_years'\]"):
        load_dictionary().extended([taken])


def test_digest_follows_every_field():
    content = load_dictionary().model_dump()
    same = Dictionary.model_validate(content)
    assert same.digest() == load_dictionary().digest()
    content["predictors"][0]["usual_range"] = (51, 97)
    assert Dictionary.model_validate(content).digest() != same.digest()


@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
def test_identifiers_are_no_predictors(name):
    with pytest.raises(ValidationError, match="identifies a patient or centre"):
        Predictor.model_validate({**GRIP, "name": name})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "ordinal"}, "list levels"),
        ({"levels": ["a", "b"]}, "list levels"),
        ({"hard_range": None}, "needs a hard_range"),
        ({"hard_range": [90, 0]}, "is empty"),
        ({"usual_range": [5, 5]}, "is empty"),
        ({"usual_rang": [1, 5]}, "Extra inputs"),
        ({"name": "Grip"}, "pattern"),
        ({"kind": "number"}, "kind"),
        ({"monotone": {"response": 2}}, "monotone"),
        ({"known_at": "later"}, "known_at"),
    ],
)
def test_contradictions_of_one_predictor(change, message):
    with pytest.raises(ValidationError, match=message):
        Predictor.model_validate({**GRIP, **change})


def test_levels_stand_once():
    ordinal = {**GRIP, "kind": "ordinal", "hard_range": None}
    with pytest.raises(ValidationError, match="stand twice"):
        Predictor.model_validate({**ordinal, "levels": ["a", "b", "A"]})


def test_faults_of_a_file_name_the_file(tmp_path):
    content = yaml.safe_load(find_config("dictionary").read_text())
    content["predictors"][0]["concept"] = "nothing"
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=r"mine\.yaml: .*concepts without a label"):
        load_dictionary(path)


def test_an_unknown_name_is_a_key_error():
    dictionary = load_dictionary()
    assert "colour" not in dictionary
    with pytest.raises(KeyError, match="colour"):
        dictionary["colour"]


def test_a_dictionary_from_before_the_usual_median_keeps_its_digest():
    content = {"version": "1", "concepts": {"strength": "Strength"}, "predictors": [GRIP]}
    new = Dictionary.model_validate(content)
    written = new.model_dump(mode="json")
    del written["predictors"][0]["usual_median"]
    text = json.dumps(written, sort_keys=True)
    assert new.digest() == hashlib.sha256(text.encode()).hexdigest()
    assert Dictionary.model_validate(written) == new


def test_an_empty_usual_median_is_refused():
    with pytest.raises(ValidationError, match=r"range .* is empty"):
        Predictor.model_validate({**GRIP, "usual_median": (30, 20)})


def test_usual_medians_lie_within_what_may_be():
    for p in load_dictionary().predictors:
        if p.usual_median is not None:
            low, high = p.usual_range or p.hard_range
            assert low <= p.usual_median[0] < p.usual_median[1] <= high, p.name
