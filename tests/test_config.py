"""Configurations: found by name or path, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfprog.config import config_root, find_config, list_configs, load_config, load_yaml
from vfprog.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_list_what_the_folder_holds():
    names = list_configs()
    assert names == sorted(names)
    assert {"dictionary", "endpoints/response", "mappings/glow"} <= set(names)
    for name in names:
        assert (config_root() / f"{name}.yaml").is_file()


def test_every_configuration_can_be_read():
    for name in list_configs():
        assert load_config(name)


@pytest.mark.parametrize("name", ["response", "endpoints/response"])
def test_a_name_is_found_with_and_without_its_folder(name):
    expected = config_root() / "endpoints" / "response.yaml"
    assert find_config(name) == expected
    assert find_config(name, folder="endpoints") == expected


def test_a_path_wins(tmp_path):
    path = write(tmp_path, "a: 1")
    assert find_config(path) == path
    assert load_config(str(path)) == {"a": 1}


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ConfigError, match=r"no configuration named 'respons'.*endpoints/response"):
        find_config("respons", folder="endpoints")


def test_an_absent_path_is_named():
    with pytest.raises(ConfigError, match=r"nothing\.yaml' does not exist"):
        find_config("nothing.yaml")


def test_a_name_that_stands_in_two_folders_is_not_guessed(tmp_path, monkeypatch):
    for folder in ("endpoints", "mappings"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.yaml").write_text("a: 1")
    monkeypatch.setattr("vfprog.config.config_root", lambda: tmp_path)
    with pytest.raises(ConfigError, match="endpoints/same, mappings/same"):
        find_config("same")
    assert find_config("same", folder="mappings") == tmp_path / "mappings" / "same.yaml"


@pytest.mark.parametrize("word", ["Yes", "No", "yes", "no", "On", "Off", "y", "n", "None"])
def test_only_true_and_false_are_truth_values(tmp_path, word):
    content = load_yaml(write(tmp_path, f"{word}: {word}\nt: true\nf: False"))
    assert content == {word: word, "t": True, "f": False}


def test_other_scalars_are_read_as_yaml_reads_them(tmp_path):
    content = load_yaml(write(tmp_path, "a: 1\nb: 1.5\nc: ''\nd: null\ne: 2020-01-02\nf: [no, 9]"))
    assert (content["a"], content["b"], content["c"], content["d"]) == (1, 1.5, "", None)
    assert content["f"] == ["no", 9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", r"key \['a'\] stands twice in the block at line 1"),
        ("x:\n  a: 1\n  b: 1\n  a: 2", r"key \['a'\] stands twice in the block at line 2"),
        ("- a\n- b", "expected names and values at the top"),
        ("", "expected names and values at the top"),
        ("a: [1", r"c\.yaml"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_yaml(write(tmp_path, text))


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_yaml(path)


def test_merge_keys_do_not_count_as_repeated(tmp_path):
    content = load_yaml(write(tmp_path, "base: &b {a: 1}\nmore: {<<: *b, c: 2}"))
    assert content["more"] == {"a": 1, "c": 2}
