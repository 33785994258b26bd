"""Tables that are there and hold nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.data.screening.exports import screened, tables_of
from vfprog.data.readers import read_for_screening
from vfprog.data.screening.emptiness import check_emptiness
from vfprog.data.screening.screen import screen

OTHERS = ("vertebrae", "visits", "heights", "events")


@pytest.mark.parametrize("table", OTHERS)
def test_a_table_without_rows_is_named(table):
    tables = tables_of(60)
    tables[table] = tables[table].iloc[:0]
    (failure,) = check_emptiness(screened(tables, events={}))
    assert (failure.table, failure.row, failure.column) == (table, None, "*")
    assert (failure.rule, failure.severity) == ("empty", "warning")


@pytest.mark.parametrize("table", OTHERS)
def test_a_table_that_is_not_there_is_not_named(table):
    tables = tables_of(60)
    del tables[table]
    assert check_emptiness(screened(tables, events={})) == []


def test_a_table_made_of_the_columns_of_another_is_not_named():
    tables = tables_of(60)
    tables["vertebrae"] = tables["vertebrae"].iloc[:0]
    flat = replace(screened(tables, events={}), source={"episodes": tables["episodes"]})
    assert check_emptiness(flat) == []


def test_a_registry_without_episodes_is_an_error_of_another_check():
    tables = tables_of(60)
    assert check_emptiness(screened({"episodes": tables["episodes"].iloc[:0]}, events={})) == []


def test_a_file_that_holds_only_its_names(tmp_path):
    for name, table in tables_of(60).items():
        kept = table.iloc[:0] if name == "heights" else table
        kept.to_csv(tmp_path / f"{name}.csv", index=False)
    failures = screen(read_for_screening(tmp_path), {})
    assert [f.table for f in failures if f.rule == "empty"] == ["heights"]


@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(seed):
    assert check_emptiness(screened(tables_of(60, seed=seed), events={})) == []
