from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.bundles import PATIENT, hand_parts
from tests.cohorts import make_arrays
from vfprog.batch.score import score_arrays
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.design import derive_features
from vfprog.schema.dictionary import LEVELS, load_dictionary
from vfprog.scoring.applicability import far_outside
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.patient import read_patients
from vfprog.scoring.predict import predict
from vfprog.scoring.typicality_learn import learn_typicality


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle that remembers 600 patients of seven inputs, one to three vertebrae each."""
    rng = np.random.default_rng(1)
    made = make_arrays(600, seed=1, missing=0.05)
    number = rng.choice([1, 2, 3], 600, p=[0.7, 0.2, 0.1])
    owner = np.repeat(np.arange(600), number)
    level = np.concatenate([rng.choice(14, k, replace=False) for k in number]).astype(float)
    days = rng.lognormal(3.5, 0.8, 600)
    arrays = EpisodeArrays(
        600, made.episodes | {"fracture_age_days": days}, {"level": level}, owner
    )
    learned = learn_typicality(arrays, load_dictionary())
    assert learned is not None
    parts = replace(hand_parts(), typicality=learned.as_dict())
    return load_bundle(write_bundle(parts, tmp_path_factory.mktemp("typical") / "bundle"))


def warned(prediction):
    return [(w.code, w.predictor) for w in prediction.warnings if w.code.startswith("outside")]


def test_a_usual_patient(bundle) -> None:
    answer = predict(bundle, {"age_years": 76, "t_score": -2.6, "vas_baseline": 7})
    found = answer.applicability
    assert found.share_less_typical > 0.8
    assert found.n_inputs_used == 3
    assert found.outside_usual == ()
    assert found.note.endswith("of 100 development patients were less typical; judged on 3 inputs")
    assert "unusual" not in found.note
    assert warned(answer) == []


def test_a_strange_patient_is_called_unusual(bundle) -> None:
    found = predict(bundle, {"age_years": 30, "t_score": 2}).applicability
    assert found.share_less_typical < 0.01
    assert found.outside_usual == ("age_years", "t_score")
    assert found.note == (
        "unusual: fewer than 1 of 100 development patients were less typical; judged on 2 inputs"
    )


def test_many_patients_are_told_from_the_far_ones_as_one_is(bundle) -> None:
    records = [{"age_years": 30, "t_score": 2}, {"age_years": 76}, {"vas_baseline": 7}]
    arrays = read_patients(records, bundle.dictionary).arrays
    derived = derive_features(arrays, bundle.dictionary)
    found = far_outside(bundle.typicality, derived, 3)
    assert found == ["age_years, t_score", "", ""]
    scores = score_arrays(bundle, arrays)
    assert scores["outside_development"].fillna("").tolist() == found


def test_a_usual_range_is_warned_of_once(bundle) -> None:
    answer = predict(bundle, {"age_years": 20, "vas_baseline": 7})
    assert warned(answer) == [("outside_usual_range", "age_years")]
    assert answer.applicability.outside_usual == ("age_years",)


def test_what_the_dictionary_allows_and_development_never_saw(bundle) -> None:
    # The usual range of a T-score ends at 2; of age it begins at 50, six deviations away.
    answer = predict(bundle, {"age_years": 76, "fracture_age_days": 1400})
    assert ("outside_usual_range", "fracture_age_days") in warned(answer)
    answer = predict(bundle, {"age_years": 76, "n_prevalent_fractures": 8})
    assert warned(answer) == [("outside_development", "n_prevalent_fractures")]
    message = next(w.message for w in answer.warnings if w.code == "outside_development")
    assert message == (
        "Earlier vertebral fractures lies far outside the data the model was developed on"
    )


def test_fourteen_fractures_are_warned_of_though_each_level_is_legal(bundle) -> None:
    answer = predict(bundle, {"age_years": 76, "vertebrae": [{"level": name} for name in LEVELS]})
    assert warned(answer) == [("outside_development", "level")]
    message = next(w.message for w in answer.warnings if w.code == "outside_development")
    assert message.startswith("Number of index fractures lies far outside")
    assert answer.applicability.share_less_typical < 0.01


def test_each_patient_of_a_list_alone(bundle) -> None:
    patients = [{"age_years": 30, "t_score": 2}, PATIENT, {"age_years": 76}]
    together = predict(bundle, patients)
    for patient, answer in zip(patients, together, strict=True):
        assert answer.applicability == predict(bundle, patient).applicability


def test_nothing_to_compare_by_and_nothing_to_compare_with(bundle, hand) -> None:
    found = predict(bundle, {"bmi_kg_m2": 27}).applicability
    assert (found.share_less_typical, found.n_inputs_used) == (None, 0)
    assert found.note.startswith("nothing is given by which")
    assert predict(hand, PATIENT).applicability is None
