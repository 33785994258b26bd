"""The five tables: structural columns, and no clash with the dictionary."""

from __future__ import annotations

from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.registry import EVENTS, REGISTRY, TREATMENTS


def names(table: str) -> list[str]:
    return [column.name for column in REGISTRY[table]]


def test_the_five_tables_have_the_columns_of_the_design():
    assert names("episodes") == ["episode_id", "patient_id", "site_id", "index_date", "treatment",
                                 "follow_up_end_day"]  # fmt: skip
    assert names("vertebrae") == ["episode_id"]
    assert names("visits") == ["episode_id", "day", "vas", "rmdq", "opioids"]
    assert names("heights") == ["episode_id", "level", "day", "height_loss_pct"]
    assert names("events") == ["episode_id", "day", "event", "level"]


def test_words_are_those_of_the_design():
    assert TREATMENTS == ("vertebroplasty", "conservative", "sham")
    assert EVENTS == ("new_fracture", "death", "lost_to_follow_up", "crossover", "repeat_procedure")


def test_every_table_is_keyed_by_a_required_episode_id():
    for columns in REGISTRY.values():
        assert columns[0].name == "episode_id"
        assert columns[0].required
        assert columns[0].type == "id"


def test_no_structural_column_is_a_predictor_of_its_table():
    dictionary = load_dictionary()
    for table in ("episodes", "vertebrae"):
        predictors = {p.name for p in dictionary.of_table(table)}
        assert predictors.isdisjoint(names(table))


def test_words_and_only_they_list_words():
    for columns in REGISTRY.values():
        for column in columns:
            assert (column.type == "word") == bool(column.words)
