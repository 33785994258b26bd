from __future__ import annotations

import pytest

from vfprog.data.proposing.vocabulary import fold, load_vocabulary, tokens
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.registry import REGISTRY


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Höhe_WK", "hoehe wk"), ("œdème IRM", "oedeme irm"), ("vasPain-30d", "vas pain 30d"),
        ("perte de hauteur (%)", "perte de hauteur %"), ("SVA", "sva"), ("n° dossier", "n dossier"),
        ("  ", ""),
    ],
)  # fmt: skip
def test_words_without_case_accents_and_signs(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_the_shipped_words_speak_of_columns_that_exist() -> None:
    words = load_vocabulary()
    ours = {c.name for columns in REGISTRY.values() for c in columns}
    ours |= {p.name for p in load_dictionary().predictors}
    assert set(words.columns) == ours
    assert set(words.tables) == set(REGISTRY)


def test_each_name_stands_for_one_column_of_a_table() -> None:
    """A name of two predictors would make both doubtful; visits repeat those of the baseline."""
    words = load_vocabulary()
    repeated = {"vas", "rmdq", "day"}
    names = [("".join(tokens(w)), ours) for ours, all_ in words.columns.items()
             if ours not in repeated for w in {*all_, ours}]  # fmt: skip
    seen: dict[str, str] = {}
    clashes = {(name, ours, seen[name]) for name, ours in names
               if seen.setdefault(name, ours) != ours}  # fmt: skip
    assert clashes == set()


def test_none_is_a_word_and_no_missing_value() -> None:
    words = load_vocabulary()
    assert not words.stands_for_missing("None")
    assert [w for w in ("NA", "n/a", "unknown", ".", "-", "unbekannt", "#N/A")
            if not words.stands_for_missing(w)] == []  # fmt: skip
    assert words.truth()["ja"] is True
    assert words.truth()["nee"] is False
    assert words.levels("sex")["weiblich"] == "female"
    assert words.levels("age_years") == {}


def test_a_file_of_another_form_is_refused(tmp_path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("columns: {}\nwrong: 1\n")
    with pytest.raises(ConfigError, match="wrong: Extra inputs"):
        load_vocabulary(path)
