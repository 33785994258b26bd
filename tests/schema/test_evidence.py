from __future__ import annotations

import pytest
import yaml

from vfprog.config import load_config
from vfprog.errors import ConfigError
from vfprog.schema.evidence import load_evidence


def changed(tmp_path, change):
    content = load_config("evidence")
    change(content)
    path = tmp_path / "evidence.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_the_points_as_published() -> None:
    score = load_evidence().of_score
    assert score.fracture_type == {"OF1": 2, "OF2": 4, "OF3": 6, "OF4": 8, "OF5": 10}
    points = {item.name: (item.points, item.otherwise) for item in score.items}
    assert points == {"bone_density": (1, 0), "deformity_progression": (1, -1), "pain": (1, -1),
                      "neurological_symptoms": (2, 0), "mobilisation": (-1, 1)}  # fmt: skip
    assert [item.points for item in score.health.items] == [-1, -1, -1]
    assert score.health.floor == -2
    assert "no probability" in score.made_for


@pytest.mark.parametrize(
    ("score", "words"),
    [(-3, "conservative"), (5, "conservative"), (6, "either"), (7, "surgery"), (15, "surgery")],
)
def test_the_reading_as_published(score, words) -> None:
    assert load_evidence().of_score.read(score) == words


def test_every_published_model_says_what_it_is_for_and_what_it_lacks() -> None:
    models = {model.name: model for model in load_evidence().linear_predictors}
    assert models["world_neurosurg_2024"].not_recorded == {}
    assert set(models["li_2021"].not_recorded) == {
        "posterior_fascia_oedema", "muscle_degeneration", "blocky_cement",
    }  # fmt: skip
    assert all(model.made_for and model.citation for model in models.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e["of_score"]["items"][0].update(predictor="bmd"), "bmd is not in the dictiona"),
        (lambda e: e["of_score"]["items"][0].update(name="Bone"), r"of_score.items.0.name: "),
        (lambda e: e["of_score"]["items"][1].pop("is"), "a comparison is needed"),
        (lambda e: e["of_score"]["health"]["items"][0].update(above="6"), "above '6' says nothing"),
        (lambda e: e["of_score"]["fracture_type"].pop("OF3"), "of_type has other levels than OF1"),
        (lambda e: e["of_score"]["fracture_type"].update(OF5=1), "a worse type cannot have fewer"),
        (lambda e: e["of_score"]["reading"].pop(), "only the last range has none"),
        (lambda e: e["linear_predictors"][0]["terms"][0].update({"is": "woman"}), "'woman' says"),
        (lambda e: e.update(nomogram={}), "nomogram: Extra inputs"),
    ],
)
def test_malformed_evidence_is_named(tmp_path, change, message) -> None:
    with pytest.raises(ConfigError, match=message):
        load_evidence(changed(tmp_path, change))
