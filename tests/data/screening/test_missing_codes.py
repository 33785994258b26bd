from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import flag, found, number, screened, tables_of
from vfprog.data.screening.missing_codes import check_missing_codes
from vfprog.data.screening.piles import is_pile


def filled(table, column, code, *, n=300, rows=slice(3, None, 12)):
    """Return a clean registry with a code in each twelfth row, and the lines that hold it."""
    tables = tables_of(n)
    values = tables[table][column].astype(object)
    values.iloc[rows] = code
    if not isinstance(code, str):
        values = pd.to_numeric(values)
    tables[table] = tables[table].assign(**{column: values})
    hit = (values.astype(object) == code).to_numpy()
    return screened(tables, events={}), tables[table].index[hit].tolist()


@pytest.mark.parametrize(("table", "column", "code"), [
    ("episodes", "age_years", 0), ("episodes", "age_years", 999),
    ("episodes", "vas_baseline", 0), ("episodes", "vas_baseline", 99),
    ("episodes", "bmi_kg_m2", -9), ("episodes", "t_score", -9), ("episodes", "t_score", 9),
    ("episodes", "fracture_age_days", 999), ("episodes", "vitamin_d_nmol_l", 0),
    ("episodes", "vitamin_d_nmol_l", 99), ("episodes", "pelvic_tilt_deg", 0),
    ("episodes", "sva_mm", 0), ("episodes", "sva_mm", 99), ("episodes", "sva_mm", -999),
    ("episodes", "rmdq_baseline", 0), ("episodes", "frailty_mfi5", 9),
    ("episodes", "n_prevalent_fractures", 99), ("episodes", "follow_up_end_day", 9999),
    ("vertebrae", "height_loss_pct", 99), ("vertebrae", "cement_volume_ml", 99),
    ("visits", "vas", 99), ("visits", "day", 9999), ("heights", "height_loss_pct", 999),
    ("episodes", "asa_class", "9"), ("episodes", "sex", "unknown"), ("episodes", "sex", "9"),
    ("episodes", "smoker", "-1"), ("episodes", "smoker", "NA"), ("episodes", "bmi_kg_m2", "."),
    ("vertebrae", "of_type", "n/a"), ("vertebrae", "cement_leakage", "-"),
    ("episodes", "patient_id", "unknown"), ("episodes", "index_date", "1900-01-01"),
])  # fmt: skip
def test_a_code_is_found_with_its_rows(table, column, code):
    view, lines = filled(table, column, code)
    failures = check_missing_codes(view)
    assert {(f.table, f.column, f.rule) for f in failures} == {(table, column, "disguised_missing")}
    assert {str(f.value) for f in failures} == {str(code).lower()}
    [whole] = [f for f in failures if f.row is None]
    assert f"in {len(lines)} of {len(view.raw[table])} rows" in whole.message
    assert [f.line for f in failures if f is not whole] == lines


@pytest.mark.parametrize(("column", "code", "partner"), [
    ("n_prevalent_fractures", 0, "bmi_kg_m2"), ("fracture_age_days", 0, "opioids"),
    ("frailty_mfi5", 0, "sva_mm"), ("vas_baseline", 9, "smoker"),
])  # fmt: skip
def test_a_value_just_where_another_column_is_blank_is_found(column, code, partner):
    tables = tables_of(300)
    episodes = tables["episodes"]
    blank = np.arange(len(episodes)) % 30 == 4
    values = episodes[column].where(episodes[column] != code, code + 1).where(~blank, code)
    episodes = episodes.assign(**{column: values, partner: episodes[partner].mask(blank)})
    episodes[partner] = episodes[partner].where(
        blank | episodes[partner].notna(), episodes[partner].dropna().iloc[0]
    )
    failures = check_missing_codes(screened(tables | {"episodes": episodes}, events={}))
    assert f"stands where {partner} is blank" in failures[0].message
    assert [f.line for f in failures[1:]] == episodes.index[blank].tolist()


@pytest.mark.parametrize("n", [60, 300, 1500])
def test_clean_registries_raise_nothing(n):
    for seed in range(3):
        assert check_missing_codes(screened(tables_of(n, seed=seed), events={})) == []


@pytest.mark.parametrize(("table", "column"), [
    ("episodes", "n_prevalent_fractures"), ("episodes", "frailty_mfi5"),
    ("vertebrae", "height_loss_pct"), ("heights", "height_loss_pct"), ("visits", "vas"),
    ("visits", "rmdq"), ("visits", "day"), ("episodes", "fracture_age_days"),
])  # fmt: skip
def test_a_zero_that_may_be_is_let_alone(table, column):
    view, _ = filled(table, column, 0, rows=slice(0, None, 3))
    assert check_missing_codes(view) == []


def test_values_rounded_to_tens_are_no_pile():
    tables = tables_of(600)
    sva = tables["episodes"]["sva_mm"]
    rounded = (sva / 10).round() * 10
    odd = np.arange(len(sva)) % 3 == 0
    tables["episodes"]["sva_mm"] = rounded.where(~odd, sva)
    assert check_missing_codes(screened(tables, events={})) == []


def test_a_column_in_another_unit_holds_no_codes():
    tables = tables_of(600)
    tables["episodes"]["vas_baseline"] = tables["episodes"]["vas_baseline"] * 11
    failures = check_missing_codes(screened(tables, events={}))
    assert found(failures, "disguised_missing", "vas_baseline") == []


def test_access_writes_yes_as_minus_one():
    tables = tables_of(100)
    tables["episodes"]["smoker"] = tables["episodes"]["smoker"].map({True: "-1", False: "0"})
    assert check_missing_codes(screened(tables, events={})) == []


def test_more_than_a_thousand_rows_are_counted():
    view, lines = filled("visits", "vas", 99, n=600, rows=slice(0, 1500))
    failures = check_missing_codes(view)
    assert len(lines) == 1500
    assert len(failures) == 1000
    assert "in 1500 of" in failures[0].message
    assert "the first 999 are listed" in failures[0].message


def test_predictors_of_the_registrys_own_are_looked_at():
    tables = tables_of(300)
    n = len(tables["episodes"])
    tables["episodes"]["grip_kg"] = np.where(np.arange(n) % 9, 20.0 + np.arange(n) % 17, 999)
    tables["episodes"]["falls"] = ["88" if i % 9 == 0 else "yes" for i in range(n)]
    view = screened(tables, extra=[number("grip_kg"), flag("falls")], events={})
    whole = [f for f in check_missing_codes(view) if f.row is None]
    assert {(f.column, f.value) for f in whole} == {("grip_kg", "999"), ("falls", "88")}


@pytest.mark.parametrize(("value", "count", "piles"), [
    # 30 to 60 by ones, 4 of each: the median is 45, the reach 15.
    (99, 5, True), (99, 4, False),  # far away: five are enough
    (52.5, 20, True), (52.5, 19, False),  # within: five times the neighbours
    (63, 20, True), (63, 8, False),  # near: as within
])  # fmt: skip
def test_a_pile(value, count, piles):
    others = np.repeat(np.arange(30.0, 61.0), 4)
    assert is_pile(others, value, count) is piles


def test_the_end_of_a_scale_is_no_pile_until_it_is_one_in_a_hundred():
    # 4,000 values from 20.0 to 60 by hundredths; .2 beyond is beside them.
    others = np.arange(2000, 6000) / 100
    assert not is_pile(others, 60.2, 39)
    assert is_pile(others, 60.2, 40)
