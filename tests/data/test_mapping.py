"""Mappings: what they may say, what they make of foreign tables, what they must refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml

from vfprog.config import list_configs
from vfprog.data.mapping import Mapping, load_mapping
from vfprog.data.readers import read_for_screening, read_registry, require_clean
from vfprog.data.screening.screen import screen
from vfprog.errors import ConfigError, Failure
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate, write
from vfprog.workflows.quarantine import quarantine

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.data.registry import Registry

KEYS = {"episode_id": "id", "patient_id": "id", "site_id": {"constant": "s"},
        "treatment": {"constant": "vertebroplasty"}}  # fmt: skip


def read(
    tmp_path: Path, text: str, columns: dict[str, Any] | None = None, **options: Any
) -> tuple[Registry, tuple[Failure, ...]]:
    path = tmp_path / "foreign.csv"
    path.write_text(text, encoding="utf-8")
    mapping = Mapping.model_validate({"columns": {**KEYS, **(columns or {})}, **options})
    return read_registry(path, mapping=mapping)


def test_all_shipped_mappings_load():
    names = [n for n in list_configs() if n.startswith("mappings/")]
    assert "mappings/glow" in names
    for name in names:
        assert load_mapping(name).population_note


def test_constants_and_renames(tmp_path):
    registry, failures = read(tmp_path, "id,Alter\n7,70\n", {"age_years": "Alter"})
    assert failures == ()
    row = registry.episodes.iloc[0]
    assert row["episode_id"] == row["patient_id"] == "7"
    assert row["site_id"] == "s"
    assert row["treatment"] == "vertebroplasty"
    assert row["age_years"] == 70


@pytest.mark.parametrize(
    ("ours", "unit", "theirs", "expected"),
    [
        ("fracture_age_days", "weeks", 3, 21),
        ("fracture_age_days", "months", 2, 60.875),
        ("fracture_age_days", "days", 9, 9),
        ("age_years", "months", 840, 70),
        ("sva_mm", "cm", 5.5, 55),
        ("height_loss_pct", "percent_0_1", 0.25, 25),
        ("vas_baseline", "vas_0_100", 85, 8.5),
        ("vitamin_d_nmol_l", "ng/ml", 20, 49.92),
        ("t_score", {"multiply": -0.1, "add": 1}, 30, -2),
        ("follow_up_end_day", "years", 2, 730.5),
    ],
)
def test_units(tmp_path, ours, unit, theirs, expected):
    registry, failures = read(
        tmp_path, f"id,x\na,{theirs}\n", {ours: {"column": "x", "unit": unit}}
    )
    require_clean(failures)
    table = registry.vertebrae if ours == "height_loss_pct" else registry.episodes
    assert table[ours][0] == pytest.approx(expected)


@pytest.mark.parametrize(("ours", "unit"), [("age_years", "weeks"), ("rmdq_baseline", "vas_0_100")])
def test_a_unit_that_does_not_fit_is_refused(tmp_path, ours, unit):
    with pytest.raises(ConfigError, match=f"no way from '{unit}'"):
        read(tmp_path, "id,x\na,1\n", {ours: {"column": "x", "unit": unit}})


def test_words_where_a_unit_wants_numbers_are_failures(tmp_path):
    spec = {"column": "x", "unit": "weeks"}
    registry, failures = read(tmp_path, "id,x\na,2\nb,lang\nc,\n", {"fracture_age_days": spec})
    np.testing.assert_array_equal(registry.episodes["fracture_age_days"], [14, np.nan, np.nan])
    (failure,) = failures
    assert (failure.row, failure.rule, failure.value) == ("b", "number", "lang")
    assert "(column 'x' of the source)" in failure.message


def test_recode_and_one_failure_for_each_row_nobody_declared(tmp_path):
    text = "id,g\na,1\nb,2\nc,3\nd,3\ne,\nf,unknown\n"
    spec = {"column": "g", "recode": {1: "male", 2: "female"}, "missing": ["unknown"]}
    registry, failures = read(tmp_path, text, {"sex": spec})
    np.testing.assert_array_equal(registry.episodes["sex"], [1, 0, *[np.nan] * 4])
    assert [(f.row, f.line, f.value, f.rule) for f in failures] == [
        ("c", 4, "3", "level"), ("d", 5, "3", "level"),
    ]  # fmt: skip
    assert failures[0].message == (
        "'3' is not declared (declared: '1', '2') (column 'g' of the source)"
    )


@pytest.mark.parametrize(
    ("ours", "recode", "value"),
    [
        ("treatment", {"VP": "vertebroplasty"}, "sham"),
        ("patient_id", {"1": "one"}, "one"),
        ("smoker", {"Yes": True, "No": False}, "1"),
        ("age_years", {"old": 90}, "70"),
        ("index_date", {"then": "2020-01-02"}, "2020-01-02"),
        ("follow_up_end_day", {"year": 365}, "30,5"),
        ("cement_leakage", {"nil": "none"}, "none"),
    ],
)
def test_an_undeclared_word_is_one_error_even_where_it_is_ours(tmp_path, ours, recode, value):
    lines = ["id,x", *(f"e{i},{next(iter(recode))}" for i in range(3)), f'b,"{value}"']
    spec = {"column": "x", "recode": recode}
    _, failures = read(tmp_path, "\n".join(lines) + "\n", {ours: spec})
    errors = [f for f in failures if f.severity == "error" and f.rule != "missing_column"]
    assert [(f.column, f.line, f.value, f.rule) for f in errors] == [(ours, 5, value, "level")]


def test_undeclared_words_of_wide_columns_are_refused_row_by_row(tmp_path):
    spec = {"column": "op_{day}", "recode": {"J": True, "N": False}}
    _, failures = read(tmp_path, "id,op_30,op_90\na,J,no\nb,x,N\n",
                       follow_up={"visits": {"opioids": spec}})  # fmt: skip
    assert [(f.row, f.value, f.rule) for f in failures] == [
        ("b", "x", "level"),
        ("a", "no", "level"),
    ]
    assert "'op_90'" in failures[1].message


def test_screening_says_no_more_of_undeclared_words(tmp_path):
    path = tmp_path / "foreign.csv"
    path.write_text("id,g\n" + "".join(f"e{i},{'M' if i % 2 else 'f'}\n" for i in range(300)))
    spec = {"column": "g", "recode": {"m": "male", "f": "female"}}
    mapping = Mapping.model_validate({"columns": {**KEYS, "sex": spec}})
    found = read_for_screening(path, mapping=mapping)
    assert [f.rule for f in found.failures] == ["level"] * 150
    assert [f for f in screen(found, {}) if f.column == "sex"] == []


def test_more_undeclared_words_than_are_listed_are_counted_and_all_set_aside(tmp_path):
    rows = "".join(f"e{i},{'f' if i % 2 else 'm'},yes,s\n" for i in range(2400))
    path = tmp_path / "foreign.csv"
    path.write_text(f"id,g,frac,s\n{rows}" + "z,m,no,s\n")
    columns = {**KEYS, "sex": {"column": "g", "recode": {"m": "male"}}}
    mapping = Mapping.model_validate({"columns": columns, "ignore": ["frac", "s"]})
    _, failures = read_registry(path, mapping=mapping)
    levels = [f for f in failures if f.rule == "level"]
    assert (len(levels), levels[-1].row, levels[-1].value) == (1001, None, 1200)
    result = quarantine(path, mapping, out=tmp_path / "sex")
    assert (len(result.set_aside["episodes"]), result.remaining) == (1200, ())
    outcome = {"column": "frac", "event": ["no"], "no_event": ["nope"]}
    mapping = Mapping.model_validate({"columns": KEYS, "ignore": ["g", "s"],
                                      "outcomes": {"new_fracture": outcome}})  # fmt: skip
    _, failures = read_registry(path, mapping=mapping)
    levels = [f for f in failures if f.rule == "level"]
    assert (len(levels), levels[0].row, levels[-1].value) == (1001, "e0", 2400)
    result = quarantine(path, mapping, out=tmp_path / "outcome")
    assert (len(result.set_aside["episodes"]), result.remaining) == (2400, ())


def test_a_code_that_differs_between_files_of_a_study_is_an_error(tmp_path):
    columns = {"smoker": {"column": "smoke", "recode": {"Yes": True, "No": False}}}
    assert read(tmp_path, "id,smoke\na,Yes\nb,No\n", columns)[1] == ()
    _, failures = read(tmp_path, "id,smoke\na,yes\nb,No\n", columns)
    assert [(f.value, f.severity) for f in failures] == [("yes", "error")]


def test_missing_codes_of_the_mapping_and_of_a_column(tmp_path):
    text = "id,age,asa\n-9,70,9\nb,-9,2\nc,-9.0,9\nNA,NA,1\n"
    columns = {"age_years": "age", "asa_class": {"column": "asa", "missing": [9]}}
    registry, failures = read(tmp_path, text, columns, missing=[-9, "NA"])
    np.testing.assert_array_equal(registry.episodes["age_years"], [70, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(registry.episodes["asa_class"], [np.nan, 1, np.nan, 0])
    # a number is a missing code of measurements, never of identifiers; a word is one of both
    assert registry.episodes["episode_id"].tolist()[:3] == ["-9", "b", "c"]
    assert {(f.row, f.column, f.rule) for f in failures} == {
        (5, "episode_id", "required"), (5, "patient_id", "required"),
    }  # fmt: skip


def test_none_is_a_word(tmp_path):
    text = "id,lv,leak\na,L1,None\nb,L2,disc\n"
    columns = {"level": "lv", "cement_leakage": "leak"}
    registry, failures = read(tmp_path, text, columns)
    assert failures == ()
    np.testing.assert_array_equal(registry.vertebrae["cement_leakage"], [0, 1])
    registry, _ = read(tmp_path, text, columns, missing=["None"])
    np.testing.assert_array_equal(registry.vertebrae["cement_leakage"], [np.nan, 1])


def test_a_german_file(tmp_path):
    text = "id;Datum;Alter;VAS\na;31.12.2020;70,5;7,25\nb;2020-12-31;71;1.234,5\nc;;72.5;\n"
    registry, failures = read(
        tmp_path, text, {"index_date": "Datum", "age_years": "Alter", "vas_baseline": "VAS"},
        delimiter=";", decimal_comma=True, date_format="%d.%m.%Y",
    )  # fmt: skip
    assert str(registry.episodes["index_date"][0].date()) == "2020-12-31"
    np.testing.assert_array_equal(registry.episodes["age_years"], [70.5, 71, 72.5])
    np.testing.assert_array_equal(registry.episodes["vas_baseline"], [7.25, np.nan, np.nan])
    assert [(f.row, f.column, f.rule) for f in failures if f.severity != "note"] == [
        ("b", "index_date", "date"), ("b", "vas_baseline", "number"),
    ]  # fmt: skip


def test_columns_neither_mapped_nor_ignored_are_named_once(tmp_path):
    _, failures = read(tmp_path, "id,a,b,c,d\n1,,,,\n2,1,1,1,1\n",
                       ignore=["a"], identifiers=["b"], post_baseline=["c"])  # fmt: skip
    (failure,) = failures
    assert (failure.row, failure.column, failure.rule) == (None, "d", "unmapped_column")
    assert failure.severity == "warning"


def test_a_column_that_is_not_there_names_its_neighbours(tmp_path):
    _, failures = read(tmp_path, "id,weigth\na,70\n", {"age_years": "weight"})
    failure = next(f for f in failures if f.severity == "error")
    assert (failure.rule, failure.column) == ("missing_column", "age_years")
    assert "did you mean 'weigth'?" in failure.message


def test_a_name_we_do_not_have_names_its_neighbours(tmp_path):
    _, failures = read(tmp_path, "id,age\na,70\n", {"age_year": "age"})
    assert [(f.rule, f.severity) for f in failures] == [("unknown_name", "error")]
    assert "did you mean 'age_years'" in failures[0].message


EXTRA = {"name": "grip_kg", "label": "Grip", "kind": "continuous", "unit": "kg",
         "hard_range": [0, 90], "concept": "frailty", "column": "grip"}  # fmt: skip


def test_extra_predictor_joins_the_dictionary(tmp_path):
    text = "id,grip\na,200\nb,-1\n"
    registry, failures = read(tmp_path, text, extra_predictors=[{**EXTRA, "missing": [-1]}])
    assert registry.dictionary["grip_kg"].label == "Grip"
    np.testing.assert_array_equal(registry.arrays().episodes["grip_kg"], [np.nan, np.nan])
    assert [(f.row, f.rule) for f in failures] == [("a", "hard_range")]


def test_extra_predictor_of_vertebrae_in_their_unit(tmp_path):
    extra = {**EXTRA, "table": "vertebrae", "column": {"column": "grip", "unit": "lb"}}
    registry, failures = read(tmp_path, "id,lv,grip\na,L1,100\n", {"level": "lv"},
                              extra_predictors=[extra])  # fmt: skip
    assert failures == ()
    assert registry.vertebrae["grip_kg"][0] == pytest.approx(45.359237)


@pytest.mark.parametrize(
    ("column", "options", "rule"),
    [
        ("id", {}, "identifier"),
        ("doctor", {"identifiers": ["doctor"]}, "identifier"),
        ("later", {"post_baseline": ["later"]}, "not_yet_known"),
        ("pain", {"follow_up": {"visits": {"vas": {30: "pain"}}}}, "not_yet_known"),
        ("frac", {"outcomes": {"new_fracture": {"column": "frac", "event": [1], "no_event": [0]}}},
         "outcome"),
    ],
)  # fmt: skip
def test_what_no_predictor_may_read(tmp_path, column, options, rule):
    text = "id,doctor,later,pain,frac\n1,1,1,1,1\n"
    _, failures = read(tmp_path, text, extra_predictors=[{**EXTRA, "column": column}], **options)
    errors = [f for f in failures if f.severity == "error"]
    assert [(f.column, f.value, f.rule) for f in errors] == [("grip_kg", column, rule)]
    # the same through a predictor of the dictionary
    _, failures = read(tmp_path, text, {"n_prevalent_fractures": column}, **options)
    assert (rule, "error") in {(f.rule, f.severity) for f in failures}


def test_a_predictor_measured_later_is_refused_and_not_read(tmp_path):
    extra = {**EXTRA, "known_at": "follow_up"}
    registry, failures = read(tmp_path, "id,grip\na,20\n", extra_predictors=[extra])
    assert [(f.column, f.rule) for f in failures] == [("grip_kg", "not_yet_known")]
    assert "grip_kg" not in registry.dictionary
    assert "grip_kg" not in registry.episodes


def test_coded_outcomes(tmp_path):
    outcome = {"column": "frac", "event": ["Yes", 1], "no_event": ["No"]}
    registry, failures = read(tmp_path, "id,frac\na,Yes\nb,No\nc,\nd,1\ne,perhaps\n",
                              outcomes={"new_fracture": outcome})  # fmt: skip
    assert registry.outcomes is not None
    assert registry.outcomes.to_numpy().tolist() == [
        ["a", "new_fracture", 1.0], ["b", "new_fracture", 0.0], ["d", "new_fracture", 1.0],
    ]  # fmt: skip
    assert [(f.column, f.value, f.rule, f.severity) for f in failures] == [
        ("new_fracture", None, "missing_outcome", "warning"),
        ("new_fracture", "perhaps", "level", "error"),
    ]


def test_an_undeclared_outcome_is_called_by_its_episode_or_its_line(tmp_path):
    outcome = {"column": "frac", "event": ["Yes"], "no_event": ["No"]}
    _, failures = read(tmp_path, "id,frac\na,Yes\nb,maybe\n,maybe\n",
                       outcomes={"new_fracture": outcome})  # fmt: skip
    levels = [(f.row, f.line, f.value) for f in failures if f.rule == "level"]
    assert levels == [("b", 3, "maybe"), (4, 4, "maybe")]


def test_wide_follow_up_becomes_tidy(tmp_path):
    text = "id,v30,v365,r30,h365,lv,died\na,40,,12,25,L1,200\nb,,,,,L2,\nc,10,20,,30,T9,\n"
    follow_up = {
        "visits": {
            "vas": {30: {"column": "v30", "unit": "vas_0_100"},
                    365: {"column": "v365", "unit": "vas_0_100"}},
            "rmdq": {30: "r30"},
        },
        "heights": {"height_loss_pct": {365: "h365"}, "level": "lv"},
        "events": {"death": "died"},
    }  # fmt: skip
    registry, failures = read(tmp_path, text, follow_up=follow_up)
    visits = registry.visits[["episode_id", "day", "vas", "rmdq"]]
    np.testing.assert_array_equal(visits["episode_id"], ["a", "c", "c"])
    np.testing.assert_array_equal(visits["day"], [30, 30, 365])
    np.testing.assert_array_equal(visits["vas"], [4, 1, 2])
    np.testing.assert_array_equal(visits["rmdq"], [12, np.nan, np.nan])
    heights = registry.heights.to_numpy().tolist()
    assert heights == [["a", 9.0, 365.0, 25.0], ["c", 5.0, 365.0, 30.0]]
    assert registry.events[["episode_id", "day", "event"]].to_numpy().tolist() == [
        ["a", 200.0, "death"]
    ]
    # the film of a patient who died on day 200
    assert [(f.row, f.rule, f.severity) for f in failures] == [("a", "after_death", "warning")]
    assert "nominal one of 'h365', the visit may have been earlier" in failures[0].message


def test_wide_heights_of_one_level(tmp_path):
    follow_up = {"heights": {"height_loss_pct": {365: "h"}, "level": "L3"}}
    registry, failures = read(tmp_path, "id,h\na,25\n", follow_up=follow_up)
    assert failures == ()
    assert registry.heights.to_numpy().tolist() == [["a", 11.0, 365.0, 25.0]]


def test_five_foreign_tables(tmp_path):
    (tmp_path / "patienten.csv").write_text("Fall,Haus,Alter\n1,A,70\n2,B,80\n")
    (tmp_path / "visits.csv").write_text("Fall,Woche,Schmerz\n1,4,60\n9,4,10\n")
    (tmp_path / "vertebrae.csv").write_text("episode_id,level\n1,L1\n")
    mapping = Mapping.model_validate({
        "all_episodes": True,
        "tables": {
            "episodes": {"file": "patienten.csv", "columns": {
                "episode_id": "Fall", "patient_id": "Fall", "site_id": "Haus"}},
            "visits": {"columns": {"episode_id": "Fall",
                                   "day": {"column": "Woche", "unit": "weeks"},
                                   "vas": {"column": "Schmerz", "unit": "vas_0_100"}}},
        },
        "extra_predictors": [{**EXTRA, "column": "Alter"}],
    })  # fmt: skip
    registry, failures = read_registry(tmp_path, mapping=mapping)
    assert registry.episodes["grip_kg"].tolist() == [70, 80]
    assert registry.visits[["day", "vas"]].to_numpy().tolist() == [[28, 6], [28, 1]]
    assert registry.vertebrae["level"].tolist() == [9]
    assert [(f.table, f.row, f.rule) for f in failures] == [("visits", "9", "broken_key")]


def test_a_mapping_for_another_kind_of_source(tmp_path):
    (tmp_path / "episodes.csv").write_text("id\n1\n")
    with pytest.raises(ConfigError, match="folder of tables, but the mapping is for a flat table"):
        read_registry(tmp_path, mapping=Mapping.model_validate({"columns": KEYS}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"columns": {"age_years": "a"}, "tables": {"visits": {}}}, "a folder, not both"),
        ({"columns": {"age_years": {"column": "a", "unti": "weeks"}}}, "unti"),
        ({"columns": {"age_years": {"column": "a", "constant": 3}}}, "either column or constant"),
        ({"columns": {"age_years": "a"}, "extra_predictors": [EXTRA, EXTRA]}, "stand twice"),
        ({"columns": {"age_years": "a"}, "extra_predictors": [{**EXTRA, "name": "site_id"}]},
         "identifies a patient or centre"),
        ({"columns": {"age_years": "a"},
          "outcomes": {"y": {"column": "y", "event": [1], "no_event": ["1"]}}}, "cannot mean both"),
        ({"columns": {"age_years": "a"}, "delimiter": ""}, "delimiter"),
        ({"columns": {"age_years": "a"}, "delimiter": ";;"}, "delimiter"),
        ({"columns": {"age_years": "a"}, "date_format": "%Q"}, "no format of whole dates"),
        ({"columns": {"age_years": "a"}, "date_format": "mixed"}, "no format of whole dates"),
        ({"columns": {"index_date": {"column": "d", "date_format": "%d.%m"}}}, "whole dates"),
    ],
)  # fmt: skip
def test_contradictions_are_configuration_errors(tmp_path, content, message):
    path = tmp_path / "m.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigError, match=message):
        load_mapping(path)


def test_yes_and_no_in_a_file_stay_words(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("columns:\n  smoker: {column: s, recode: {Yes: true, No: false, 1: true}}\n")
    assert load_mapping(path).columns["smoker"].recode == {"Yes": True, "No": False, "1": True}


# --- reading options alone


def test_a_mapping_of_options_alone_reads_a_flat_file_by_our_names(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "episode_id;patient_id;age_years;level;note;index_date\n"
        "1;p;70,5;L1;a;03.02.2020\n2;q;-9;;b;\n"
    )
    mapping = Mapping.model_validate({
        "delimiter": ";", "decimal_comma": True, "date_format": "%d.%m.%Y", "missing": [-9],
        "ignore": ["note"], "all_episodes": True,
    })  # fmt: skip
    registry, failures = read_registry(path, mapping=mapping)
    assert [f.rule for f in failures if f.severity != "note"] == ["no_site_id"]
    np.testing.assert_array_equal(registry.episodes["age_years"], [70.5, np.nan])
    assert str(registry.episodes["index_date"][0].date()) == "2020-02-03"
    assert registry.vertebrae[["episode_id", "level"]].to_numpy().tolist() == [["1", 9]]


def test_a_mapping_of_options_alone_reads_a_folder(tmp_path):
    (tmp_path / "episodes.csv").write_text(
        "episode_id,patient_id,site_id,treatment,vas_baseline,opioids,junk\n"
        "1,p,s,vertebroplasty,999,1,x\n2,q,s,vertebroplasty,7,0,x\n"
    )
    (tmp_path / "visits.csv").write_text("episode_id,day,vas,opioids,junk\n1,30,999,1,x\n")
    options = {"missing": ["999"], "post_baseline": ["opioids"]}
    registry, failures = read_registry(tmp_path, mapping=Mapping.model_validate(options))
    assert [(f.table, f.column, f.rule) for f in failures] == [
        ("episodes", "junk", "unknown_column"), ("visits", "junk", "unknown_column"),
    ]  # fmt: skip
    np.testing.assert_array_equal(registry.episodes["vas_baseline"], [np.nan, 7])
    assert "opioids" not in registry.episodes
    assert registry.visits["vas"].isna().tolist() == [True]
    assert registry.visits["opioids"].tolist() == [1]
    options = {"ignore": ["junk"]}
    assert read_registry(tmp_path, mapping=Mapping.model_validate(options))[1][0].value == 999


def test_options_alone_change_nothing_of_a_registry_in_our_names(tmp_path):
    sim = simulate(60, seed=3)
    write(sim, tmp_path / "sim")
    plain, before = read_registry(tmp_path / "sim")
    again, after = read_registry(tmp_path / "sim", mapping=Mapping())
    assert [f.as_dict() for f in before] == [f.as_dict() for f in after]
    for name in REGISTRY:
        pd.testing.assert_frame_equal(getattr(plain, name), getattr(again, name))


def test_own_predictors_and_outcomes_join_a_file_in_our_names(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("episode_id,patient_id,site_id,age_years,grip,y\n1,p,s,70,20,1\n")
    registry, failures = read_registry(path, mapping=Mapping.model_validate({
        "all_episodes": True, "extra_predictors": [EXTRA],
        "outcomes": {"new_fracture": {"column": "y", "event": [1], "no_event": [0]}},
    }))  # fmt: skip
    assert failures == ()
    assert registry.episodes[["age_years", "grip_kg"]].to_numpy().tolist() == [[70, 20]]
    assert registry.outcomes is not None
