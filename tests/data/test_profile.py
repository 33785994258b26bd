from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
from vfprog.data.profile import histograms, profile, profile_columns
from vfprog.data.readers import read_for_screening
from vfprog.errors import Failure


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    tables = registry_tables(40)
    episodes = tables["episodes"]
    episodes["age_years"] = [70.0, 80.0, 90.0, 60.0, np.nan] * 8
    episodes["sex"] = ["female"] * 30 + ["male"] * 6 + [None] * 4
    episodes.loc[0, "vas_baseline"] = 55
    return read_for_screening(write_registry(tmp_path_factory.mktemp("p") / "r", tables))


@pytest.fixture(scope="module")
def columns(read):
    found = profile_columns(read, read.failures)
    return found.set_index(["table", "column"])


def test_numbers_by_hand(columns):
    age = columns.loc["episodes", "age_years"]
    assert age[["rows", "n", "missing", "distinct"]].tolist() == [40, 32, 8, 4]
    assert age["missing_share"] == 0.2
    statistics = ["min", "q1", "median", "q3", "max", "mean"]
    assert age[statistics].tolist() == [60, 67.5, 75, 82.5, 90, 75]
    # 8 each of 60, 70, 80, 90: sum of squares 8 * 2 * (225 + 25), 31 degrees of freedom
    assert age["sd"] == pytest.approx((4000 / 31) ** 0.5)
    assert (age["kind"], age["unit"], age["levels"]) == ("continuous", "years", "")


def test_levels_dates_and_identifiers(columns):
    sex = columns.loc["episodes", "sex"]
    assert (sex["levels"], sex["n"], sex["distinct"]) == ("female 30, male 6", 36, 2)
    assert np.isnan(sex["mean"])
    date = columns.loc["episodes", "index_date"]
    assert date["first"] <= date["last"]
    assert len(date["first"]) == len("2020-01-31")
    ids = columns.loc["episodes", "episode_id"]
    assert (ids["levels"], ids["distinct"]) == ("", 40)


def test_a_value_in_error_is_missing_and_counted(columns):
    pain = columns.loc["episodes", "vas_baseline"]
    assert (pain["missing"], pain["n_errors"], pain["n_warnings"]) == (1, 1, 0)
    assert columns.loc["episodes", "age_years"]["n_errors"] == 0


def test_only_columns_of_the_source_have_a_line(columns, read):
    assert set(columns.loc["episodes"].index) == set(read.translated.tables["episodes"].columns)
    assert ("episodes", "sva_mm") not in columns.index


def test_failures_of_several_whole_columns_count_for_each(read):
    found = [
        Failure("episodes", None, name, None, "missing_by_site", "differs", "warning")
        for name in ("age_years", "sex", "vas_baseline", "t_score", "bmi_kg_m2")
    ]
    table = profile_columns(read, found).set_index(["table", "column"])["n_warnings"]
    assert table["episodes", "age_years"] == table["episodes", "sex"] == 1
    assert table.groupby(level="column").sum()["patient_id"] == 0


def test_histograms_hold_every_value_once(read, columns):
    table = histograms(read)
    sums = table.groupby(["table", "column"])["count"].sum()
    for key, n in sums.items():
        assert n == columns.loc[key]["n"], key
    assert ("episodes", "patient_id") not in sums.index
    age = table[(table["table"] == "episodes") & (table["column"] == "age_years")]
    assert age["lower"].iloc[0] == 60
    assert age["upper"].iloc[-1] == 90
    assert len(age) == 20


def test_few_whole_numbers_have_a_bin_each(read):
    frame = pd.DataFrame({"n_prevalent_fractures": [0, 0, 2, 3]}, dtype="float64")
    frame["episode_id"] = list("abcd")
    translated = replace(read.translated, tables={"episodes": frame})
    typed = {**read.typed, "episodes": frame}
    table = histograms(replace(read, translated=translated, typed=typed))
    assert table["label"].tolist() == ["0", "1", "2", "3"]
    assert table["count"].tolist() == [2, 0, 1, 1]


def test_ordered_levels_keep_their_order(read):
    levels = histograms(read).query("table == 'vertebrae' and column == 'level'")["label"].tolist()
    order = read.translated.dictionary["level"].levels
    places = [order.index(level) for level in levels]
    assert places == sorted(places)


def test_missingness_by_site_and_by_outcome(read):
    episodes = read.typed["episodes"]
    event = pd.Series(np.arange(40) % 2, index=episodes["episode_id"], dtype="float64")
    found = profile(read, events={"response": event})
    assert set(found.missing_by) == {"site", "response"}
    by = found.missing_by["response"].set_index(["group", "column"])["missing_share"]
    # ages are missing in every fifth episode: 4, 9, 14, ...; 4 of 20 in either group
    assert by[0.0, "age_years"] == by[1.0, "age_years"] == 0.2
    assert "episodes" in found.patterns
    pattern = found.patterns["episodes"]
    assert pattern.groupby("pattern")["n"].first().sum() == 40


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_date_of_any_year_has_a_bin(tmp_path, day):
    tables = registry_tables(20)
    tables["episodes"]["index_date"] = day
    read = read_for_screening(write_registry(tmp_path / "r", tables))
    line = profile_columns(read).set_index("column").loc["index_date"]
    assert (line["first"], line["last"]) == (day, day)
    found = histograms(read)
    dates = found[found["column"] == "index_date"]
    assert dates["count"].tolist() == [20]
    assert day in dates["label"].item()
