"""Checks on tables: every rule breaks once, all at once, and nothing else does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vfprog.data.checks import capped, check_table, check_tables
from vfprog.data.columns import encode_series
from vfprog.data.rows import RowNames
from vfprog.data.words import as_words
from vfprog.errors import Failure
from vfprog.schema.dictionary import load_dictionary
from vfprog.schema.rules import encode_column

DICTIONARY = load_dictionary()


def episodes(n: int = 2, **columns: object) -> pd.DataFrame:
    keys = [f"e{i}" for i in range(1, n + 1)]
    base = {"episode_id": keys, "patient_id": keys, "site_id": "s", "treatment": "vertebroplasty"}
    frame = pd.DataFrame({**base, **columns})
    frame.index = pd.RangeIndex(2, 2 + n)
    return frame


def table(**columns: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return frame


def found(**tables: pd.DataFrame) -> list[tuple[str, object, str, str, str]]:
    _, failures = check_tables({"episodes": episodes(), **tables}, DICTIONARY)
    return [(f.table, f.row, f.column, f.rule, f.severity) for f in failures]


def test_a_clean_registry_has_no_failures():
    vertebrae = table(episode_id=["e1", "e1", "e2"], level=["L1", "L2", "L1"], treated=[1, 0, 1],
                      cement_volume_ml=[4, None, 3],
                      cement_leakage=["disc", "none", None])  # fmt: skip
    events = table(episode_id=["e1", "e1"], day=[100, 200], event=["new_fracture", "death"])
    visits = table(episode_id=["e1", "e2"], day=[200, 0], vas=[0, 10])
    frame = episodes(follow_up_end_day=[200, 30], pelvic_incidence_deg=[50, 50],
                     pelvic_tilt_deg=[20, 10], sacral_slope_deg=[20, None])  # fmt: skip
    assert found(episodes=frame, vertebrae=vertebrae, events=events, visits=visits) == []


def test_all_failures_come_at_once():
    frame = episodes(3, age_years=["17", "x", "99"], sex=["female", "w", None],
                     n_prevalent_fractures=[1.5, 2, 3],
                     index_date=["2020-02-30", None, "1970-01-01"],
                     treatment=["surgery", "sham", None])  # fmt: skip
    frame.loc[4, "patient_id"] = None
    expected = {
        ("e1", "age_years", "hard_range"), ("e2", "age_years", "number"),
        ("e3", "age_years", "usual_range"), ("e2", "sex", "level"),
        ("e1", "n_prevalent_fractures", "count"), ("e1", "index_date", "date"),
        ("e3", "index_date", "early_date"), ("e1", "treatment", "level"),
        ("e3", "treatment", "required"), ("e3", "patient_id", "required"),
    }  # fmt: skip
    failures = found(episodes=frame)
    assert {(row, column, rule) for _, row, column, rule, _ in failures} == expected
    assert len(failures) == len(expected)
    milder = {(row, column, how) for _, row, column, _, how in failures if how != "error"}
    assert milder == {("e3", "age_years", "note"), ("e3", "index_date", "warning")}


def test_a_failure_names_the_line_of_a_spreadsheet_beside_the_episode():
    visits = table(episode_id=["e1", "e1", None], day=[1, 2, 3], vas=[5, 50, 60])
    _, failures = check_tables({"episodes": episodes(), "visits": visits}, DICTIONARY)
    named = {(f.row, f.line) for f in failures if f.column == "vas"}
    assert named == {("e1", 3), (4, 4)}


def test_a_date_to_come_is_a_warning():
    typed, failures = check_tables(
        {"episodes": episodes(index_date=["2999-01-01", "2020-01-01"])}, DICTIONARY
    )
    assert [(f.row, f.rule, f.severity) for f in failures] == [("e1", "future_date", "warning")]
    assert typed["episodes"]["index_date"].notna().all()


def test_values_in_error_are_missing_and_the_rest_is_kept():
    typed, _ = check_tables({"episodes": episodes(age_years=["17", "71"])}, DICTIONARY)
    np.testing.assert_array_equal(typed["episodes"]["age_years"], [np.nan, 71])


@pytest.mark.parametrize(
    ("name", "frame", "expected"),
    [
        ("episodes", episodes(episode_id=["a", "a"]), ("a", "episode_id", "duplicate_id", "error")),
        ("episodes", episodes(episode_id=["a", None]), (3, "episode_id", "required", "error")),
        ("episodes", episodes(site_id=["s", None]), ("e2", "site_id", "no_site_id", "warning")),
        ("episodes", episodes(age_yaers=[70, 71]),
         (None, "age_yaers", "unknown_column", "warning")),
        ("episodes", episodes(pelvic_incidence_deg=[50, 60], pelvic_tilt_deg=[10, 10],
                              sacral_slope_deg=[40, 39.9]),
         ("e2", "pelvic_incidence_deg", "pelvic_identity", "warning")),
        ("vertebrae", table(episode_id=["e1", "e1"], level=["L1", "l1"]),
         ("e1", "level", "duplicate_level", "error")),
        ("vertebrae", table(episode_id=["e9"], level=["L1"]),
         ("e9", "episode_id", "broken_key", "error")),
        ("vertebrae", table(episode_id=["e1"], treated=["no"], cement_volume_ml=[3]),
         ("e1", "cement_volume_ml", "untreated_cement", "warning")),
        ("vertebrae", table(episode_id=["e1"], treated=["no"], cement_leakage=["vein"]),
         ("e1", "cement_leakage", "untreated_cement", "warning")),
        ("visits", table(episode_id=["e1"], day=[-1]), ("e1", "day", "before_index", "warning")),
        ("visits", table(episode_id=["e1"], vas=[1]), (None, "day", "missing_column", "error")),
        ("visits", table(episode_id=["e1"], day=[1], vas=[10.5]),
         ("e1", "vas", "hard_range", "error")),
        ("heights", table(episode_id=["e1"], day=[1], level=[None]),
         ("e1", "level", "required", "error")),
        ("events", table(episode_id=["e1"], day=[1], event=["fall"]),
         ("e1", "event", "level", "error")),
        ("events", table(episode_id=["e1"], day=[-1], event=["death"]),
         ("e1", "day", "hard_range", "error")),
        ("events", table(episode_id=["e1", "e1"], day=[5, 5], event=["death", "death"]),
         ("e1", "event", "duplicate_death", "error")),
        ("events", table(episode_id=["e1", "e1"], day=[5, 6], event=["death", "crossover"]),
         ("e1", "day", "after_death", "error")),
    ],
)  # fmt: skip
def test_each_rule_by_itself(name, frame, expected):
    assert found(**{name: frame}) == [(name, *expected)]


def test_days_against_follow_up_and_death_of_the_right_episode():
    frame = episodes(follow_up_end_day=[100, 300])
    visits = table(episode_id=["e1", "e2", "e2"], day=[150, 150, 301], vas=[1, 1, 1])
    assert found(episodes=frame, visits=visits) == [
        ("visits", "e1", "day", "after_follow_up", "warning"),
        ("visits", "e2", "day", "after_follow_up", "warning"),
    ]
    events = table(episode_id=["e2"], day=[149], event=["death"])
    late = [f for f in found(visits=visits, events=events) if f[3] == "after_death"]
    assert late == [("visits", "e2", "day", "after_death", "error")] * 2


def test_treated_vertebra_in_a_control_arm():
    vertebrae = table(episode_id=["e1", "e2"], level=["L1", "L1"], treated=[1, 1])
    frame = episodes(treatment=["sham", "vertebroplasty"])
    assert found(episodes=frame, vertebrae=vertebrae) == [
        ("vertebrae", "e1", "treated", "treatment_conflict", "warning")
    ]


def test_unknown_column_names_its_neighbour():
    _, failures = check_table("episodes", episodes(age_yaers=[70, 71]), DICTIONARY)
    assert "did you mean 'age_years'?" in failures[0].message


def test_many_failures_of_one_rule_are_counted():
    frame = episodes(1500, age_years=[5] * 1500, t_score=[-20] * 1000 + [0] * 500)
    _, failures = check_tables({"episodes": frame}, DICTIONARY)
    age = [f for f in failures if f.column == "age_years"]
    assert len(age) == 1001
    assert (age[-1].row, age[-1].value, age[-1].severity) == (None, 1500, "error")
    assert "1500 rows" in age[-1].message
    # exactly the limit needs no summary
    assert len(failures) == 1001 + 1000


def test_capped_counts_each_column_and_rule():
    def failure(column, rule):
        return Failure("visits", 1, column, 0, rule, "", "warning")

    kept = capped([failure("vas", "a")] * 3 + [failure("vas", "b")] + [failure("day", "a")] * 2, 2)
    assert [(f.column, f.rule, f.row) for f in kept] == [
        ("vas", "a", 1), ("vas", "a", 1), ("vas", "b", 1), ("day", "a", 1), ("day", "a", 1),
        ("vas", "a", None),
    ]  # fmt: skip


def _values(kind: str) -> list[object]:
    numbers = [
        "70",
        " 71.5 ",
        "",
        "nan",
        "1_0",
        "x",
        "1e2",
        "-3",
        "inf",
        "7,5",
        None,
        "0x1F",
        "\uff17\uff11",
        "105",
    ]
    words = [
        "true",
        "No",
        "1.0",
        "maybe",
        None,
        "",
        " female",
        "MALE",
        "2",
        "2.0",
        "L1",
        "none",
        "7",
    ]
    return numbers if kind in {"continuous", "count"} else words


@pytest.mark.parametrize("predictor", DICTIONARY.predictors, ids=lambda p: p.name)
@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_long_columns_obey_the_rules_of_the_patient_form(predictor, dtype):
    values = _values(predictor.kind) * 2
    labels = [f"r{i}" for i in range(len(values))]
    one_by_one = encode_column(predictor, values, table="episodes", rows=labels)
    series = pd.Series(values, dtype=dtype)
    rows = RowNames(list(labels), list(range(len(values))))
    codes, failures = encode_series(predictor, series, table="episodes", rows=rows)
    np.testing.assert_array_equal(codes, one_by_one.codes)
    milder = {"error": "error", "warning": "note"}
    assert [(f.row, f.rule, f.severity, f.message) for f in failures] == [
        (f.row, f.rule, milder[f.severity], f.message) for f in one_by_one.failures
    ]


def test_lists_where_words_belong_are_failures():
    series = pd.Series([["L1"], {"level": "L1"}, "L1"], dtype=object)
    codes, failures = encode_series(
        DICTIONARY["level"], series, table="v", rows=RowNames([2, 3, 4], [2, 3, 4])
    )
    np.testing.assert_array_equal(codes, [np.nan, np.nan, 9])
    assert [(f.row, f.rule) for f in failures] == [(2, "level"), (3, "level")]


def test_words_as_a_person_would_write_them():
    mixed = pd.Series([7, 7.0, 7.5, " a ", True, None, ""], dtype=object)
    assert as_words(mixed).fillna("-").tolist() == ["7", "7", "7.5", "a", "true", "-", "-"]


@pytest.mark.parametrize("scoring", [True, False])
def test_a_table_without_rows_is_an_error(scoring):
    frame = pd.DataFrame({"episode_id": [], "age_years": []}, dtype=object)
    _, failures = check_tables({"episodes": frame}, DICTIONARY, scoring=scoring)
    found = [(f.column, f.rule) for f in failures if f.severity == "error"]
    assert ("*", "empty") in found


@pytest.mark.slow
def test_two_hundred_thousand_clean_episodes_are_read_whole():
    n = 200_000
    rng = np.random.default_rng(1)
    numbers = {p.name: pd.Series(rng.uniform(*p.usual_range, n).round(2).astype(str))
               for p in DICTIONARY.of_table("episodes")
               if p.kind == "continuous" and p.usual_range}  # fmt: skip
    words = {p.name: pd.Series(rng.choice(p.levels or ("yes", "no"), n))
             for p in DICTIONARY.of_table("episodes")
             if p.kind in {"binary", "ordinal", "nominal"}}  # fmt: skip
    keys = pd.Series(np.arange(n)).astype(str)
    frame = pd.DataFrame({"episode_id": keys, "patient_id": keys, "site_id": "s",
                          "treatment": "vertebroplasty", **numbers, **words})  # fmt: skip
    typed, failures = check_tables({"episodes": frame}, DICTIONARY)
    assert len(typed["episodes"]) == n
    assert {f.rule for f in failures if f.severity != "note"} == {"pelvic_identity"}
