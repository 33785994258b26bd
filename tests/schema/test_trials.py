from __future__ import annotations

import re

import pytest
import yaml

from vfprog.config import config_root
from vfprog.errors import ConfigError
from vfprog.schema.trials import load_trials

SOUND = {
    "name": "MINE", "label": "Mine", "citation": "Nobody 2020",
    "design": {"type": "sham", "n_vertebroplasty": 2, "n_control": 3},
    "inclusion": [{"predictor": "age_years", "at_least": 50, "words": "age 50 years or more"}],
    "finding": "Nothing.",
}  # fmt: skip


def write(folder, content, name="MINE"):
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_the_shipped_trials_sham_controlled_first() -> None:
    trials = load_trials()
    names = [trial.name for trial in trials]
    assert names == [
        "BUCHBINDER",
        "KALLMES",
        "VAPOUR",
        "VERTOS_IV",
        "BLASCO",
        "VERTOS",
        "VERTOS_II",
    ]
    assert [trial.design.type for trial in trials] == ["sham"] * 4 + ["open-label"] * 3
    sizes = {t.name: t.design.n_vertebroplasty + t.design.n_control for t in trials}
    assert sizes == {"BUCHBINDER": 78, "KALLMES": 131, "VAPOUR": 120, "VERTOS_IV": 180,
                     "BLASCO": 125, "VERTOS": 34, "VERTOS_II": 202}  # fmt: skip


def test_every_file_is_a_trial() -> None:
    files = {path.stem for path in (config_root() / "trials").iterdir()}
    assert files == {trial.name for trial in load_trials()}


def test_the_words_of_a_criterion_hold_its_numbers() -> None:
    """Words beside numbers go stale; weeks stand for days."""
    for trial in load_trials():
        for criterion in trial.inclusion:
            limits = [criterion.at_least, criterion.at_most]
            said = {float(number) for number in re.findall(r"-?\d+\.?\d*", criterion.words)}
            weeks = 7 if criterion.predictor == "fracture_age_days" else 1
            numbers = {limit / weeks for limit in limits if isinstance(limit, float)}
            assert numbers <= said, criterion.words


def test_a_finding_is_one_sentence_and_no_advice() -> None:
    for trial in load_trials():
        assert trial.finding.endswith(".")
        assert len(re.findall(r"\.(?=\s|$)", trial.finding)) == 1
        assert not re.search(r"should|recommend|consider|offer", trial.finding)


def test_what_the_simulator_keeps_there_is_let_through(tmp_path) -> None:
    more = {"simulation": {"sham": {"relief": [1, 2]}}, "published": {"pain": 0.4}}
    (trial,) = load_trials(write(tmp_path, SOUND | more))
    assert trial.simulation == more["simulation"]
    assert trial.published == more["published"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"finding": ""}, r"MINE.yaml: finding: String should have at least 1"),
        ({"inclusion": []}, r"MINE.yaml: inclusion: Tuple should have at least 1 item"),
        ({"power": 3}, r"MINE.yaml: power: Extra inputs"),
        ({"name": "mine"}, r"MINE.yaml: name: String should match"),
        ({"name": "YOURS"}, r"MINE.yaml: the trial in it is named YOURS"),
        ({"design": {"type": "single-arm"}}, r"MINE.yaml: design.type: Input should be"),
        ({"inclusion": [{"predictor": "pain", "at_least": 5, "words": "pain"}]},
         r"MINE.yaml: pain is not in the dictionary"),
        ({"inclusion": [{"predictor": "age_years", "words": "adults"}]},
         r"age_years: a comparison is needed"),
        ({"inclusion": [{"predictor": "mri_oedema", "at_least": 1, "words": "oedema"}]},
         r"MINE.yaml: mri_oedema is binary: at_least 1.0 says nothing"),
    ],
)  # fmt: skip
def test_a_malformed_trial_is_named(tmp_path, change, message) -> None:
    with pytest.raises(ConfigError, match=message):
        load_trials(write(tmp_path, SOUND | change))
