from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
from vfprog.data.described import Described, describe_columns
from vfprog.data.readers import read_for_screening


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    folder = write_registry(tmp_path_factory.mktemp("d") / "r", registry_tables(30))
    read = read_for_screening(folder)
    return {(column.table, column.name): column for column in describe_columns(read)}


def _column(kind, levels, values, name="x"):
    return Described("episodes", name, "X", kind, "", levels, pd.Series(values))


def test_predictors_are_described_by_the_dictionary(columns):
    age = columns["episodes", "age_years"]
    assert (age.label, age.kind, age.unit, age.is_numeric) == ("Age", "continuous", "years", True)
    bed = columns["episodes", "inpatient"]
    assert (bed.levels, bed.is_numeric) == (("no", "yes"), False)


def test_structure_is_described_by_the_registry(columns):
    day = columns["visits", "day"]
    assert (day.label, day.kind, day.unit) == ("Day", "continuous", "days")
    assert columns["events", "level"].levels[0] == "T4"
    assert columns["episodes", "patient_id"].kind == "id"
    assert columns["episodes", "index_date"].kind == "date"


def test_columns_the_source_lacks_are_left_out(columns):
    assert ("heights", "day") not in columns
    assert ("visits", "rmdq") not in columns


def test_levels_are_counted_most_frequent_first_unless_they_have_an_order():
    nominal = _column("nominal", ("a", "b", "c"), [2.0, 2.0, 0.0, np.nan])
    assert nominal.counts().to_dict() == {"c": 2, "a": 1}
    assert list(nominal.counts().index) == ["c", "a"]
    ordinal = _column("ordinal", ("T4", "T5", "T6", "T7"), [2.0, 2.0, 0.0, np.nan])
    assert list(ordinal.counts().items()) == [("T4", 1), ("T5", 0), ("T6", 2)]
    assert len(_column("ordinal", ("T4", "T5"), [np.nan]).counts()) == 0


def test_identifiers_are_not_counted_but_sites_are():
    assert len(_column("id", (), ["p1", "p2"], "patient_id").counts()) == 0
    assert _column("id", (), ["s1", "s2", "s1"], "site_id").counts().to_dict() == {"s1": 2, "s2": 1}
