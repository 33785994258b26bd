import pytest
from pydantic import ValidationError

from vfprog.errors import ConfigError
from vfprog.models.settings import TrainingSettings, load_settings


def test_the_file_holds_the_defaults():
    assert load_settings() == TrainingSettings()


def test_changes_replace_the_file():
    settings = load_settings(copies=0, rounds=[5, 7], trees={"max_depth": 2})
    assert (settings.copies, settings.rounds, settings.trees.max_depth) == (0, (5, 7), 2)
    assert settings.inner_folds == load_settings().inner_folds


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("inner_folds: 3\n", encoding="utf-8")
    assert load_settings(path).inner_folds == 3
    assert load_settings(path, inner_folds=4).inner_folds == 4
    path.write_text("inner_fold: 3\ncopies: -1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml: .*(copies: .*; inner_fold: |inner_fold: )"):
        load_settings(path)


@pytest.mark.parametrize("place", ["top", "trees"])
def test_an_unknown_key_is_refused(place):
    change = {"copys": 3} if place == "top" else {"trees": {"depth": 3}}
    name = "copys" if place == "top" else r"trees\.depth"
    with pytest.raises(ConfigError, match=rf"training: {name}: .*not permitted"):
        load_settings(**change)


@pytest.mark.parametrize("name", ["penalties", "rounds"])
@pytest.mark.parametrize("values", [(), (2, 1), (1, 1), (0, 1), (-1, 2)])
def test_paths_are_positive_and_ascend(name, values):
    with pytest.raises(ConfigError, match=f"{name}: .*positive and ascending"):
        load_settings(**{name: values})


@pytest.mark.parametrize(
    "change",
    [{"inner_folds": 1}, {"max_blank": 1.0}, {"truncate": 0.5}, {"outer_repeats": 0},
     {"trees": {"max_depth": 4}}, {"trees": {"min_child_weight": 0}}],
)  # fmt: skip
def test_values_outside_their_range_are_refused(change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        load_settings(**change)


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().copies = 3
