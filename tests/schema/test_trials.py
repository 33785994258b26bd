from __future__ import annotations

import re

import pytest
import yaml

from vfprog.config import config_root
from vfprog.errors import ConfigError
from vfprog.schema.trials import load_trials, read_trials

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


def test_the_citation_names_every_paper_an_outcome_was_taken_from() -> None:
    for trial in load_trials():
        for name, figure in trial.published.items():
            papers = re.findall(r"\d+:\w+", figure["source"])
            if figure.get("role") != "input":
                papers += re.findall(r"^[A-Z]\w+(?= \d{4})", figure["source"])
            missing = [paper for paper in papers if paper not in trial.citation]
            assert not missing, f"{trial.name}: {name}: {figure['source']}"


def test_what_the_simulator_keeps_there_is_let_through(tmp_path) -> None:
    more = {"simulation": {"sham": {"relief": [1, 2]}}, "published": {"pain": 0.4}}
    (trial,) = load_trials(write(tmp_path, SOUND | more))
    assert trial.simulation == more["simulation"]
    assert trial.published == more["published"]


def test_without_what_the_simulator_keeps_there_the_rest_is_the_same(tmp_path) -> None:
    more = {"simulation": {"sham": {"relief": [1, 2]}}, "published": {"pain": 0.4}}
    text = yaml.safe_dump(SOUND, sort_keys=False) + yaml.safe_dump(more, sort_keys=False)
    (tmp_path / "MINE.yaml").write_text(text)
    (whole,), (head,) = load_trials(tmp_path), load_trials(tmp_path, simulation=False)
    assert (head.simulation, head.published) == ({}, {})
    assert head == whole.model_copy(update={"simulation": {}, "published": {}})


def test_the_shipped_files_end_with_what_the_simulator_reads() -> None:
    for whole, head in zip(load_trials(), load_trials(simulation=False), strict=True):
        assert head == whole.model_copy(update={"simulation": {}, "published": {}})


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


def test_a_broken_file_is_named_with_its_line_and_does_not_take_the_others_along(tmp_path) -> None:
    write(tmp_path, SOUND)
    (tmp_path / "OTHER.yaml").write_text("name: OTHER\nlabel: [a, b\ncitation: c\n")
    (tmp_path / "THIRD.yaml").write_text("name: THIRD\n")
    found = read_trials(tmp_path)
    assert [trial.name for trial in found.trials] == ["MINE"]
    assert list(found.broken) == ["OTHER", "THIRD"]
    assert re.search(r"OTHER\.yaml: line 3: did not find expected", found.broken["OTHER"])
    assert "unicode string" not in found.broken["OTHER"]
    with pytest.raises(ConfigError, match=r"OTHER\.yaml: line 3.*; THIRD\.yaml: label: Field"):
        load_trials(tmp_path)
