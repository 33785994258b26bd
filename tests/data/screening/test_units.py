from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import found, number, screened, tables_of
from tests.data.screening.plants import at_site, planted
from vfprog.data.screening.unit_candidates import candidates
from vfprog.data.screening.units import check_units
from vfprog.data.values import _FACTORS

PLANTS = [
    ("episodes", "vas_baseline", lambda x: x * 10, "vas_0_100"),
    ("visits", "vas", lambda x: x * 10, "vas_0_100"),
    ("episodes", "rmdq_baseline", lambda x: x / 24 * 100, "{multiply: 0.24}"),
    ("episodes", "fracture_age_days", lambda x: (x / 7).round(), "weeks"),
    ("episodes", "fracture_age_days", lambda x: (x / 30.4).round(1), "months"),
    ("episodes", "fracture_age_days", lambda x: x * 24, "hours"),
    ("episodes", "age_years", lambda x: x * 12, "months"),
    ("episodes", "age_years", lambda x: x * 365.25, "days"),
    ("episodes", "bmi_kg_m2", lambda x: x * 10, "{multiply: 0.1}"),
    ("episodes", "t_score", lambda x: x * 10, "{multiply: 0.1}"),
    ("episodes", "t_score", lambda x: -x, "{multiply: -1}"),
    ("episodes", "vitamin_d_nmol_l", lambda x: x / 2.496, "ng/ml"),
    ("episodes", "sva_mm", lambda x: x / 10, "cm"),
    ("episodes", "pelvic_incidence_deg", np.deg2rad, "{multiply: 57.29578}"),
    ("episodes", "regional_kyphosis_deg", np.deg2rad, "{multiply: 57.29578}"),
    ("vertebrae", "cement_volume_ml", lambda x: x * 10, "{multiply: 0.1}"),
    ("vertebrae", "cement_volume_ml", lambda x: x / 1000, "{multiply: 1000}"),
    ("vertebrae", "height_loss_pct", lambda x: x / 100, "percent_0_1"),
    ("heights", "height_loss_pct", lambda x: x / 100, "percent_0_1"),
    ("visits", "day", lambda x: (x / 7).round(), "weeks"),
    ("visits", "day", lambda x: (x / 30.4).round(), "months"),
    ("visits", "day", lambda x: x * 24, "hours"),
    ("heights", "day", lambda x: x / 7, "weeks"),
    ("events", "day", lambda x: (x / 7).round(), "weeks"),
    ("episodes", "follow_up_end_day", lambda x: (x / 30.4).round(), "months"),
]


@pytest.mark.parametrize(("table", "column", "change", "setting"), PLANTS)
def test_a_column_in_another_unit_is_named_with_the_unit(table, column, change, setting):
    view = planted(table, column, change)
    [failure] = found(check_units(view), "unit_suspect")
    assert (failure.table, failure.column, failure.row) == (table, column, None)
    assert failure.severity == "warning"
    assert failure.message.endswith(f"set unit: {setting} in the mapping")
    assert failure.value == pytest.approx(pd.to_numeric(view.raw[table][column]).median())


@pytest.mark.parametrize(("table", "column", "change"), [
    ("episodes", "vas_baseline", lambda x: x * 10),
    ("episodes", "fracture_age_days", lambda x: x / 7),
    ("episodes", "vitamin_d_nmol_l", lambda x: x / 2.496),
    ("episodes", "sva_mm", lambda x: x / 10),
    ("episodes", "t_score", lambda x: -x),
    ("vertebrae", "height_loss_pct", lambda x: x / 100),
    ("visits", "day", lambda x: (x / 7).round()),
])  # fmt: skip
def test_one_site_in_another_unit_is_named(table, column, change):
    view = planted(table, column, change, n=1500, where=at_site(table, "S02"))
    [failure] = check_units(view)
    assert (failure.table, failure.column, failure.row) == (table, column, None)
    assert "at site 'S02' seems to be in" in failure.message


@pytest.mark.parametrize("n", [60, 300, 1500])
def test_clean_registries_raise_nothing(n):
    for seed in range(3):
        assert check_units(screened(tables_of(n, seed=seed), events={})) == []


def test_part_of_a_column_in_another_unit_is_counted():
    view = planted("episodes", "vas_baseline", lambda x: x * 10,
                   where=lambda tables: np.arange(len(tables["episodes"])) % 4 == 0)  # fmt: skip
    [failure] = check_units(view)
    assert "seem to be in points of 100" in failure.message
    lost = int((pd.to_numeric(view.raw["episodes"]["vas_baseline"]) > 10).sum())
    assert failure.message.startswith(f"{lost} of ")


def test_a_code_over_and_over_is_no_unit():
    view = planted("episodes", "vas_baseline", lambda x: x * 0 + 99,
                   where=lambda tables: np.arange(len(tables["episodes"])) % 4 == 0)  # fmt: skip
    assert check_units(view) == []


def test_another_population_is_not_another_unit():
    # Patients of 30 to 40 years: unusual here, and neither months nor days.
    assert check_units(planted("episodes", "age_years", lambda x: x - 38)) == []


@pytest.mark.parametrize("last", [12, 34, 45, 130])
def test_a_registry_of_early_visits_is_not_in_months(last):
    tables = tables_of(300)
    tables["visits"] = tables["visits"][tables["visits"]["day"] < last]
    assert check_units(screened(tables, events={})) == []


def test_nineteen_values_say_nothing():
    def first(count):
        return planted("episodes", "vas_baseline", lambda x: (x * 10).where(
            x.notna().cumsum() <= count))  # fmt: skip

    assert check_units(first(19)) == []
    assert len(check_units(first(20))) == 1


def test_a_predictor_of_the_registrys_own_is_judged_by_its_usual_range():
    tables = tables_of(300)
    pounds = np.random.default_rng(1).normal(150, 20, len(tables["episodes"]))
    tables["episodes"]["weight_kg"] = pounds
    weight = number("weight_kg", unit="kg", hard_range=(25, 250), usual_range=(38, 130))
    [failure] = check_units(screened(tables, extra=[weight], events={}))
    assert "set unit: lb in the mapping" in failure.message
    tables["episodes"]["weight_kg"] = pounds * 0.45359237
    assert check_units(screened(tables, extra=[weight], events={})) == []


def test_units_named_are_units_a_mapping_knows():
    for unit in {ours for ours, _ in _FACTORS}:
        for candidate in candidates(unit, (0, 10), counted=False):
            if not candidate.setting.startswith("{"):
                assert _FACTORS[unit, candidate.setting] == pytest.approx(candidate.factor)


def test_counts_lose_no_decimal_point():
    assert candidates("fractures", (0, 17), counted=True) == []
    assert len(candidates("fractures", (0, 17), counted=False)) == 4


@pytest.mark.parametrize(("impossible", "count"), [(5, 1), (6, 0)])
def test_nineteen_of_twenty_values_must_be_possible_in_the_other_unit(impossible, count):
    # 100 ages in months; of some, 1,400 months are 117 years.
    tables = tables_of(200)
    age = pd.Series(900.0, index=tables["episodes"].index)
    age.iloc[:impossible] = 1400
    age.iloc[100:] = np.nan
    tables["episodes"] = tables["episodes"].assign(age_years=age)
    assert len(check_units(screened(tables, events={}))) == count


@pytest.mark.parametrize(("table", "column"), [
    ("episodes", "lumbar_lordosis_deg"),
    ("episodes", "thoracic_kyphosis_deg"),
    ("vertebrae", "height_loss_pct"),
])  # fmt: skip
def test_a_turned_sign_is_named(table, column):
    [failure] = check_units(planted(table, column, lambda x: -x))
    assert (failure.table, failure.column, failure.rule) == (table, column, "unit_suspect")
    assert failure.severity == "warning"
    assert failure.message.startswith("the sign seems to be turned: median -")
    assert failure.message.endswith("set unit: {multiply: -1} in the mapping")


@pytest.mark.parametrize(("table", "column", "total"), [
    ("episodes", "vas_baseline", 10),
    ("vertebrae", "height_loss_pct", 100),
])  # fmt: skip
def test_a_scale_counted_from_the_other_end_is_named(table, column, total):
    [failure] = check_units(planted(table, column, lambda x: total - x))
    assert (failure.table, failure.column, failure.rule) == (table, column, "unit_suspect")
    assert failure.severity == "warning"
    assert failure.message.startswith("may be counted from the other end: median ")
    assert failure.message.endswith(f"set unit: {{multiply: -1, add: {total}}} in the mapping")


def test_nothing_is_turned_among_nineteen_values():
    def first(count):
        return planted("episodes", "vas_baseline", lambda x: (10 - x).where(
            x.notna().cumsum() <= count))  # fmt: skip

    assert check_units(first(19)) == []


def test_mild_pain_within_a_narrow_part_of_the_scale_is_not_turned():
    assert check_units(planted("episodes", "vas_baseline", lambda x: x * 0 + 3)) == []


def test_a_column_without_a_usual_median_is_not_turned():
    tables = tables_of(300)
    tables["episodes"]["score"] = -np.random.default_rng(1).uniform(0, 10, len(tables["episodes"]))
    own = number("score", unit="points", hard_range=(-10, 10), usual_range=(2, 9))
    assert check_units(screened(tables, extra=[own], events={})) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["1e308", "-1e308", "1e400"])
@pytest.mark.parametrize("share", [1, 3])
def test_numbers_too_large_to_multiply_are_left_out(text, share):
    view = planted("episodes", "bmi_kg_m2", lambda x: x * 0 + float(text),
                   where=lambda t: np.arange(len(t["episodes"])) % 3 < share)  # fmt: skip
    assert check_units(view) == []
