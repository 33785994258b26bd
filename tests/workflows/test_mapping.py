from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from vfprog.data.mapping import load_mapping
from vfprog.data.readers import read_registry
from vfprog.errors import ConfigError, InputError
from vfprog.workflows.mapping import propose_mapping

CLINIC = "Fallnummer;Alter;Geschlecht;Foo\n" + "".join(
    f"f{i};{60 + i},5;{'wm'[i % 2]};{'ab'[i % 2]}\n" for i in range(30)
)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.csv"
    path.write_text(CLINIC)
    return path


def test_the_file_loads_and_the_registry_is_read_by_it(clinic: Path, tmp_path: Path) -> None:
    made = propose_mapping(clinic, out=tmp_path / "new" / "m.yaml")
    assert load_mapping(made.path) == made.mapping
    assert "vfprog check clinic.csv --mapping m.yaml" in made.path.read_text()
    registry, failures = read_registry(clinic, mapping=made.path)
    assert registry.episodes["age_years"].tolist() == [60.5 + i for i in range(30)]
    assert registry.episodes["sex"].tolist() == [i % 2 for i in range(30)]
    assert ("unmapped_column", "Foo") in {(f.rule, f.column) for f in failures}
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["m.yaml"]


def test_nothing_is_overwritten(clinic: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.yaml"
    out.write_text("mine")
    with pytest.raises(ConfigError, match="--force"):
        propose_mapping(clinic, out=out)
    assert out.read_text() == "mine"
    assert propose_mapping(clinic, out=out, force=True).path == out


def test_a_mapping_is_yaml(clinic: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"written as \.yaml"):
        propose_mapping(clinic, out=tmp_path / "m.json")


def test_a_source_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        propose_mapping(tmp_path / "none.csv", out=tmp_path / "m.yaml")
    assert not (tmp_path / "m.yaml").exists()


def test_own_words(clinic: Path, tmp_path: Path) -> None:
    """A user who edits the words has them used."""
    from vfprog.config import find_config

    words = tmp_path / "words.yaml"
    text = find_config("synonyms").read_text()
    words.write_text(text.replace("[smoke, smoking,", "[foo, smoke, smoking,"))
    frame = pd.read_csv(clinic, sep=";").replace({"Foo": {"a": "ja", "b": "nein"}})
    frame.to_csv(tmp_path / "b.csv", index=False)
    made = propose_mapping(tmp_path / "b.csv", out=tmp_path / "m.yaml", synonyms=words)
    assert made.mapping.columns["smoker"].recode == {"ja": True, "nein": False}


def test_the_source_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "c.yaml"
    source.write_text(CLINIC)
    with pytest.raises(ConfigError, match="is the source"):
        propose_mapping(source, out=source, force=True)
    assert source.read_text() == CLINIC
